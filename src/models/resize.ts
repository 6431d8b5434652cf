/** A trained model's weights in a model made for images of another size. */
import * as tf from "@tensorflow/tfjs";
import { ShapeError } from "../core/errors.js";
import { resizePositionTable } from "../functions/relative-position.js";
import { SelfAttention } from "../layers/index.js";
import { assertKnownKeys, type KeysOf } from "../core/options.js";

/** What `copyWeights` does with position tables of another span, and which layers it leaves. */
export interface CopyWeightsOptions {
  /** What becomes of a table of positions of another span: see `resizePositionTable`. Default `interpolate`. */
  readonly tables?: "interpolate" | "extend";
  /** Layers that keep their weights, by name. Default: none. */
  readonly leave?: readonly string[];
}

const keys: KeysOf<CopyWeightsOptions> = { tables: true, leave: true };

/**
 * Copies all weights from one model to another of the same layers. Position tables may differ in span: they are
 * resized, see `resizePositionTable`. Everything else must have the same names and shapes.
 *
 *     const large = create("axial-resnet-26-s", { classes: 10, size: 224 });
 *     copyWeights(small, large);                              // small was trained at 128: places lie closer together now
 *     copyWeights(small, large, { tables: "extend" });        // the same scale, only a larger view
 *
 * @throws ShapeError when a weight is missing or has another shape; nothing is copied then
 * @throws ConfigError for an option that there is not
 */
export function copyWeights(from: tf.LayersModel, to: tf.LayersModel, options: CopyWeightsOptions = {}): void {
  assertKnownKeys("copyWeights", options, keys);
  const { tables = "interpolate", leave = [] } = options;
  const sources = new Map(from.weights.map((weight) => [weight.originalName, weight]));
  const rangesOf = (model: tf.LayersModel) =>
    new Map(model.layers.flatMap((layer) => (layer instanceof SelfAttention ? [[layer.name, layer.tableRange]] : [])));
  const [before, after] = [rangesOf(from), rangesOf(to)];
  tf.tidy(() => {
    const wanted = to.weights.filter(({ originalName }) => !leave.includes(originalName.split("/")[0]));
    const copies = wanted.map((weight) => {
      const name = weight.originalName;
      const source = sources.get(name)?.read();
      const [oldRange, newRange] = [before, after].map((ranges) => ranges.get(name.split("/")[0]) ?? null);
      if (source !== undefined && oldRange !== null && newRange !== null && name.includes("/relative_"))
        return resizePositionTable(source as tf.Tensor2D, oldRange, newRange, tables);
      const shape = weight.shape as number[];
      if (source === undefined || !tf.util.arraysEqual(source.shape, shape))
        throw new ShapeError(
          `copyWeights: ${name} must be in both models with one shape, got ${source ? `[${source.shape.join(", ")}]` : "none"} ` +
            `for [${shape.join(", ")}]; build both from one configuration`,
        );
      return source;
    });
    wanted.forEach((weight, index) => void weight.write(copies[index]));
  });
}
