/**
 * What a trained model looks at: attention weights of every layer, position tables, and what a pixel receives through a
 * height-then-width pair, all as plain arrays.
 *
 * H x W: size of a layer's own feature map, smaller than the image by the strides before it. N: heads.
 */
import * as tf from "@tensorflow/tfjs";
import { ConfigError, ShapeError } from "./errors.js";
import { AxialAttention, SelfAttention } from "./layers/index.js";

/** One image as a model takes it: normalised, [height, width, 3] row-major. */
export interface ModelImage {
  readonly values: ArrayLike<number>;
  readonly shape: readonly [height: number, width: number, channels: 3];
}

/** Attention weights of one layer on one image. Along `key` they sum to 1. */
export interface LayerAttention {
  /** Name of the layer, such as `stage2.block1.height`. */
  readonly layer: string;
  readonly axis: "height" | "width";
  /** What the dimensions are: queries of a column see keys of the same column (height), or of the same row (width). */
  readonly axes: readonly ["column" | "row", "head", "query", "key"];
  /** Height: [W, N, H, H]; width: [H, N, W, W]. */
  readonly shape: readonly [lines: number, heads: number, queries: number, keys: number];
  readonly weights: Float32Array;
}

/** Attention weights of a layer whose queries see more than a line: local, stand-alone and global attention. */
export interface PlaceAttention {
  readonly layer: string;
  /** What the dimensions are; "window y" and "window x" count the places of a query's window from its upper left. */
  readonly axes: readonly string[];
  /** Local: [H, W, N, M, M]; global: [N, H, W, H, W]. */
  readonly shape: readonly number[];
  readonly weights: Float32Array;
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

/** A place of a feature map, and a head; without a head, the mean of all. */
export interface Place {
  readonly y: number;
  readonly x: number;
  readonly head?: number;
}

export interface ReceptiveField {
  /** Share of each place, [H, W] row-major; together 1. */
  readonly values: Float32Array;
  readonly shape: readonly [height: number, width: number];
}

const axialLayers = (model: tf.LayersModel): AxialAttention[] =>
  model.layers.filter((layer): layer is AxialAttention => layer instanceof AxialAttention);

const placeLayers = (model: tf.LayersModel): SelfAttention[] =>
  model.layers.filter(
    (layer): layer is SelfAttention => layer instanceof SelfAttention && !(layer instanceof AxialAttention),
  );

/** The index of a place in a list, or an error that says which ones there are. */
function assertWithin(where: string, name: string, index: number, count: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= count)
    throw new ConfigError(`${where}: ${name} must be from 0 to ${count - 1}, got ${index}`);
}

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

/**
 * Where the query at a place looks along the layer's axis: the weights of one head, or the mean of all.
 *
 * @returns [L], together 1
 */
export function attentionAt(attention: LayerAttention, { y, x, head }: Place): Float32Array {
  const [lines, heads, queries, keys] = attention.shape;
  const [line, query] = attention.axis === "height" ? [x, y] : [y, x];
  const where = `attentionAt ${attention.layer}`;
  assertWithin(where, attention.axis === "height" ? "x" : "y", line, lines);
  assertWithin(where, attention.axis === "height" ? "y" : "x", query, queries);
  if (head !== undefined) assertWithin(where, "head", head, heads);
  const chosen = head === undefined ? Array.from({ length: heads }, (_, i) => i) : [head];
  const sum = new Float32Array(keys);
  for (const one of chosen) {
    const start = ((line * heads + one) * queries + query) * keys;
    for (let key = 0; key < keys; key++) sum[key] += attention.weights[start + key] / chosen.length;
  }
  return sum;
}

/** Where the query at a place looks along the layer's axis, head by head: [N][L], each head together 1. */
export const attentionHeads = (attention: LayerAttention, { y, x }: Place): Float32Array[] =>
  Array.from({ length: attention.shape[1] }, (_, head) => attentionAt(attention, { y, x, head }));

/**
 * What the place (y, x) receives through height attention followed by width attention: the place (y', x') has the share
 *
 *     A_width[y, x, x'] * A_height[x', y, y']
 *
 * for it comes first to (y, x') along its column and then to (y, x) along the row. With heads, each factor is that of the
 * head, or the mean of all. Source: Axial-DeepLab, section 3.2 ("two axial-attention layers consecutively"); the shares
 * are of the content values, without the value position terms.
 */
export function receptiveField(height: LayerAttention, width: LayerAttention, place: Place): ReceptiveField {
  const { y, head } = place;
  if (height.axis !== "height" || width.axis !== "width" || height.shape[0] !== width.shape[3])
    throw new ShapeError(
      `receptiveField: it takes a height layer and the width layer after it, got ${height.layer} (${height.axis}, ` +
        `[${height.shape.join(", ")}]) and ${width.layer} (${width.axis}, [${width.shape.join(", ")}])`,
    );
  const [columns, rows] = [width.shape[3], height.shape[3]];
  const along = attentionAt(width, place);
  const values = new Float32Array(rows * columns);
  for (let x = 0; x < columns; x++) {
    const down = attentionAt(height, { y, x, head });
    for (let row = 0; row < rows; row++) values[row * columns + x] = along[x] * down[row];
  }
  return { values, shape: [rows, columns] };
}
