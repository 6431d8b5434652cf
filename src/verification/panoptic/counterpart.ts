/** Our counterpart of a published network: what it is run by, and what a model's options say of its decoders. */
import type * as tf from "@tensorflow/tfjs";
import { resizeBilinear, resizeOffsets } from "../../functions/resize.js";
import type { DecoderConfig, PanopticHead, PyramidConfig } from "../../models/config.js";
import type { Link } from "../../weights/correspondence.js";
import type { Options } from "./model-options.js";

/** Our counterpart of a case: from its inputs by name to outputs by name, and activations to compare. */
export interface Counterpart {
  readonly weights: readonly tf.LayerVariable[];
  readonly links: readonly Link[];
  readonly apply: (
    inputs: Readonly<Record<string, tf.Tensor>>,
    training: boolean,
  ) => { outputs: Record<string, tf.Tensor>; activations: Record<string, tf.Tensor> };
}

/** The pyramid of a decoder in a model's options. */
const pyramidIn = (decoder: Options): PyramidConfig => ({
  filters: decoder.number("aspp_channels"),
  rates: decoder.flag("aspp_use_only_1x1_proj_conv") ? [] : decoder.numbers("atrous_rates"),
  dropout: 0,
});

/** Our number of a stage by its name there. */
export const stageOf: Readonly<Record<string, number>> = { res2: 1, res3: 2 };
const skipsIn = (levels: readonly Options[], offset = 0) =>
  levels.map((level) => ({
    stage: stageOf[level.text("feature_key")] + offset,
    filters: level.number("channels_project"),
  }));

function semanticDecoder(options: Options, offset = 0): DecoderConfig {
  const decoder = options.one("decoder");
  return {
    pyramid: pyramidIn(decoder),
    skips: skipsIn(options.one("panoptic_deeplab").all("low_level"), offset),
    filters: decoder.number("decoder_channels"),
    headFilters: options.one("panoptic_deeplab").one("semantic_head").number("head_channels"),
  };
}

/** Decoders and heads of a model's options. `offset`: stages before the one that is called res2 there. */
export function headOf(options: Options, offset = 0): { head: PanopticHead; classes: number } {
  const instance = options.one("panoptic_deeplab").one("instance");
  const decoder = instance.one("instance_decoder_override");
  return {
    classes: options.one("panoptic_deeplab").one("semantic_head").number("output_channels"),
    head: {
      kind: "panoptic",
      semantic: semanticDecoder(options, offset),
      instance: {
        pyramid: pyramidIn(decoder),
        skips: skipsIn(instance.all("low_level_override"), offset),
        filters: decoder.number("decoder_channels"),
        headFilters: instance.one("center_head").number("head_channels"),
      },
    },
  };
}

/** Logits, heat map and offsets at the size of the image. */
export function enlarged(
  [semantic, center, offset]: readonly tf.Tensor4D[],
  size: readonly [number, number],
): Record<"semantic" | "center" | "offset", tf.Tensor4D> {
  return {
    semantic: resizeBilinear(semantic, size),
    center: resizeBilinear(center, size),
    offset: resizeOffsets(offset, size),
  };
}
