/**
 * The counterparts of the published axial classes: csrhddlam/axial-deeplab's layer, block and network, and
 * MartinGer/Stand-Alone-Axial-Attention's layer and bottleneck. Built from the constructor's arguments alone.
 */
import * as tf from "@tensorflow/tfjs";
import { ConfigError } from "../core/errors.js";
import { AxialAttention } from "../layers/index.js";
import { create, type BlockConfig, type ResNetConfig } from "../models/index.js";
import { layerAssembler } from "../models/layer-assembler.js";
import { applyBlock } from "../models/residual-block.js";
import {
  axialAttentionLinks,
  blockLinks,
  csrhddlamAxial,
  csrhddlamBlock,
  networkLinks,
  standAloneAxial,
  torchvisionBlock,
  type AxialLayout,
  type BlockLayout,
} from "../weights/families.js";
import type { ReferenceCase } from "./case.js";
import { argument, inLayout, shapesOf, toChannelsFirst, type Subject, type SubjectBuilder } from "./subject.js";

/** Channels of the case's input. */
const inputChannels = ({ layout, input }: ReferenceCase): number => input.shape[layout.indexOf("C")];

/** Python's `int(planes * (base_width / 64))`. */
const scaled = (planes: number, baseWidth: number): number => Math.trunc(planes * (baseWidth / 64));

const axialAttention: SubjectBuilder = (reference) => {
  const layer = new AxialAttention({
    name: "layer",
    axis: argument(reference, "width", "boolean") ? "width" : "height",
    filters: argument(reference, "out_planes", "number"),
    heads: argument(reference, "groups", "number"),
    maxDistance: argument(reference, "kernel_size", "number") - 1,
    stride: argument(reference, "stride", "number"),
  });
  return layerSubject(reference, layer, csrhddlamAxial);
};

const axialLayer: SubjectBuilder = (reference) => {
  const layer = new AxialAttention({
    name: "layer",
    axis: argument(reference, "height_dim", "boolean") ? "height" : "width",
    filters: argument(reference, "in_channels", "number"),
    heads: argument(reference, "num_heads", "number"),
    maxDistance: argument(reference, "kernel_size", "number") - 1,
    norms: { output: false },
  });
  return layerSubject(reference, layer, standAloneAxial);
};

function layerSubject(reference: ReferenceCase, layer: AxialAttention, layout: AxialLayout): Subject {
  tf.tidy(() => void layer.apply(tf.zeros([1, 1, 1, inputChannels(reference)])));
  return {
    weights: layer.weights,
    links: axialAttentionLinks({ foreign: "", own: "layer" }, layout, shapesOf(layer.weights)),
    apply: (input, options) => ({
      output: inLayout(reference.layout, input, (x) => layer.apply(x, options) as tf.Tensor),
      activations: {},
    }),
    attention: new Map([["", layer]]),
    dispose: () => void layer.dispose(),
  };
}

const axialBlock: SubjectBuilder = (reference) => {
  const planes = argument(reference, "planes", "number");
  const stride = argument(reference, "stride", "number") as 1 | 2;
  return blockSubject(reference, csrhddlamBlock, {
    stride,
    width: scaled(planes, argument(reference, "base_width", "number")),
    filters: 2 * planes,
    operator: {
      kind: "axial",
      heads: argument(reference, "groups", "number"),
      maxDistance: argument(reference, "kernel_size", "number") - 1,
    },
    projectShortcut: reference.args.downsample !== null,
  });
};

const bottleneck: SubjectBuilder = (reference) => {
  const planes = argument(reference, "planes", "number");
  const groups = argument(reference, "groups", "number");
  return blockSubject(reference, torchvisionBlock, {
    stride: argument(reference, "stride", "number") as 1 | 2,
    strideOn: "reduce",
    width: scaled(planes, argument(reference, "base_width", "number")) * groups,
    filters: 4 * planes,
    operator: argument(reference, "attention", "boolean")
      ? {
          kind: "axial",
          heads: argument(reference, "num_heads", "number"),
          maxDistance: argument(reference, "kernel_size", "number") - 1,
          norms: { output: false },
        }
      : { kind: "convolution" },
    projectShortcut: reference.args.downsample !== null,
  });
};

function blockSubject(reference: ReferenceCase, layout: BlockLayout, block: BlockConfig): Subject {
  const input = tf.input({ shape: [null, null, inputChannels(reference)] });
  const { tensor } = applyBlock(layerAssembler({ constants: "torch" }), "block", { tensor: input, side: 1 }, block);
  const model = tf.model({ inputs: input, outputs: tensor });
  const attention = model.layers.flatMap((layer): [string, AxialAttention][] =>
    layer instanceof AxialAttention ? [[layout.modules[layer.name.replace("block.", "")], layer]] : [],
  );
  return {
    weights: model.weights,
    links: blockLinks({ foreign: "", own: "block" }, layout, shapesOf(model.weights)),
    apply: (input, options) => ({
      output: inLayout(reference.layout, input, (x) => model.apply(x, options) as tf.Tensor),
      activations: {},
    }),
    attention: new Map(attention),
    dispose: () => void model.dispose(),
  };
}

const axialAttentionNet: SubjectBuilder = (reference) => {
  const { args, name } = reference;
  const scale = argument(reference, "s", "number");
  const perGroup = argument(reference, "width_per_group", "number");
  const blocks = args.layers;
  const dilated = args.replace_stride_with_dilation ?? [false, false, false];
  if (!Array.isArray(blocks) || blocks.length !== 4 || !Array.isArray(dilated))
    throw new ConfigError(
      `verify ${name}: args.layers must be four counts, got ${JSON.stringify(blocks)}; make the file again`,
    );
  const config: ResNetConfig = {
    name,
    stem: { kind: "convolution", filters: Math.trunc(64 * scale) },
    norm: "torch",
    stages: (blocks as number[]).map((count, stage) => {
      const planes = Math.trunc(128 * 2 ** stage * scale);
      return {
        blocks: count,
        // Dilation stands for a stride left out: the attention has nothing to dilate.
        stride: stage === 0 || dilated[stage - 1] === true ? 1 : 2,
        width: scaled(planes, perGroup),
        filters: 2 * planes,
        operator: { kind: "axial", heads: argument(reference, "groups", "number") },
      };
    }),
  };
  // The original has the spans of 224 x 224 built in, whatever the input.
  const model = create(config, { classes: argument(reference, "num_classes", "number"), size: 224, seed: 1 });
  const stages = config.stages.map(({ blocks }, stage) => [
    `layer${stage + 1}`,
    `stage${stage + 1}.block${blocks}.expand_norm`,
  ]);
  const probed = [["maxpool", "stem.pool"], ...stages];
  const outputs = probed.map(([, layer]) => model.getLayer(layer).output as tf.SymbolicTensor);
  const probe = tf.model({ inputs: model.inputs, outputs: [model.outputs[0], ...outputs] });
  return {
    weights: model.weights,
    links: networkLinks(csrhddlamBlock, shapesOf(model.weights)),
    apply: (input, options) => {
      let activations: Record<string, tf.Tensor> = {};
      const output = inLayout(reference.layout, input, (x) => {
        const [logits, ...maps] = probe.apply(x, options) as tf.Tensor[];
        activations = Object.fromEntries(probed.map(([there], index) => [there, toChannelsFirst(maps[index])]));
        return logits;
      });
      return { output, activations };
    },
    attention: new Map(),
    dispose: () => void model.dispose(),
  };
};

export const axialSubjects: Readonly<Record<string, SubjectBuilder>> = {
  "csrhddlam/axial-deeplab AxialAttention": axialAttention,
  "csrhddlam/axial-deeplab AxialBlock": axialBlock,
  "csrhddlam/axial-deeplab AxialAttentionNet": axialAttentionNet,
  "MartinGer/Stand-Alone-Axial-Attention Axial_Layer": axialLayer,
  "MartinGer/Stand-Alone-Axial-Attention Bottleneck (axial)": bottleneck,
  "MartinGer/Stand-Alone-Self-Attention-in-Vision-Models Bottleneck (SASA)": bottleneck,
};
