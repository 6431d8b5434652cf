/** What a trained model looks at: attention weights of every layer and position tables, as plain arrays. */
import * as tf from "@tensorflow/tfjs";
import {
  receptiveField,
  type LayerAttention,
  type Place,
  type PlaceAttention,
  type ReceptiveField,
} from "./attention-weights.js";
import { ConfigError, ShapeError } from "./errors.js";
import { AxialAttention, SelfAttention } from "./layers/index.js";

/** One image as a model takes it: normalised, [height, width, 3] row-major. */
export interface ModelImage {
  readonly values: ArrayLike<number>;
  readonly shape: readonly [height: number, width: number, channels: 3];
}

/** A position table: row r is the encoding of the offset (key - query) r - before. */
export interface PositionTable {
  readonly values: Float32Array;
  readonly shape: readonly [offsets: number, channels: number];
  readonly before: number;
}

/** The trained position tables of one layer; a layer may lack any of them. */
export interface LayerPositions {
  readonly layer: string;
  readonly axis: "height" | "width";
  readonly query: PositionTable | null;
  readonly key: PositionTable | null;
  readonly value: PositionTable | null;
}

export interface Inspection {
  /** What the model says of the image, [classes]. */
  readonly logits: Float32Array;
  /** Every axial attention layer, from the image on. */
  readonly attention: readonly LayerAttention[];
  /** Every other layer of self-attention, from the image on. */
  readonly places: readonly PlaceAttention[];
  /**
   * What the place (y, x) receives through a pair of layers, named by what they share: `stage2.block1` is its `.height`
   * and `.width`. See the function of the same name.
   */
  receptiveField(block: string, place: Place): ReceptiveField;
}

const axialLayers = (model: tf.LayersModel): AxialAttention[] =>
  model.layers.filter((layer): layer is AxialAttention => layer instanceof AxialAttention);

const placeLayers = (model: tf.LayersModel): SelfAttention[] =>
  model.layers.filter(
    (layer): layer is SelfAttention => layer instanceof SelfAttention && !(layer instanceof AxialAttention),
  );

/**
 * Runs the model once on one image, in inference mode, and reads the attention weights of every layer.
 *
 *     const { attention, logits } = await inspect(model, { values: image, shape: [64, 64, 3] });
 *     attention[0].axes                  // ["column", "head", "query", "key"]
 *
 * Leaves no tensors behind. Throws ShapeError for an image of another shape than it says, ConfigError for a model
 * without axial attention.
 */
export async function inspect(model: tf.LayersModel, image: ModelImage): Promise<Inspection> {
  const [height, width, channels] = image.shape;
  if (image.values.length !== height * width * channels)
    throw new ShapeError(
      `inspect: an image must hold height x width x 3 numbers, got ${image.values.length} for [${image.shape.join(", ")}]; ` +
        `give one image, not a batch`,
    );
  const axial = axialLayers(model);
  const others = placeLayers(model);
  const layers: SelfAttention[] = [...axial, ...others];
  if (layers.length === 0)
    throw new ConfigError(`inspect: the model must have attention layers, got none in ${model.name}; inspect another`);

  const inputs = layers.map((layer) => layer.input as tf.SymbolicTensor);
  const before = tf.model({ inputs: model.inputs, outputs: [...inputs, ...model.outputs] });
  const tensors = tf.tidy(() => {
    const batch = tf.tensor4d(Float32Array.from(image.values), [1, height, width, channels]);
    const outputs = before.predict(batch) as tf.Tensor[];
    const weights = layers.map((layer, i) => layer.attentionWeights(outputs[i] as tf.Tensor4D)); // axial: [1, lines, N, L, L]
    return [...weights, outputs[layers.length]];
  });
  try {
    const arrays = (await Promise.all(tensors.map((tensor) => tensor.data()))) as Float32Array[];
    const attention = axial.map((layer, i): LayerAttention => {
      const [, lines, heads, queries, keys] = tensors[i].shape as [number, number, number, number, number];
      return {
        layer: layer.name,
        axis: layer.axis,
        axes: layer.attentionAxes,
        shape: [lines, heads, queries, keys],
        weights: arrays[i],
      };
    });
    const places = others.map((layer, i) => ({
      layer: layer.name,
      axes: layer.attentionAxes,
      shape: tensors[axial.length + i].shape.slice(1),
      weights: arrays[axial.length + i],
    }));
    const named = (name: string): LayerAttention => {
      const found = attention.find((one) => one.layer === name);
      if (found) return found;
      const known = attention.map((one) => one.layer).join(", ");
      throw new ConfigError(`inspect: no attention layer of this name, got ${name}; the model has ${known}`);
    };
    return {
      logits: arrays[layers.length],
      attention,
      places,
      receptiveField: (block, place) => receptiveField(named(`${block}.height`), named(`${block}.width`), place),
    };
  } finally {
    tf.dispose(tensors);
  }
}

/** The trained position tables of every axial layer of a model, from the image on. */
export async function positionTables(model: tf.LayersModel): Promise<LayerPositions[]> {
  return Promise.all(
    axialLayers(model).map(async (layer) => {
      const { before, ...tables } = layer.positionTables();
      const plain = async (table: tf.Tensor2D | null): Promise<PositionTable | null> =>
        table && { values: Float32Array.from(await table.data()), shape: table.shape, before };
      return {
        layer: layer.name,
        axis: layer.axis,
        query: await plain(tables.query),
        key: await plain(tables.key),
        value: await plain(tables.value),
      };
    }),
  );
}
