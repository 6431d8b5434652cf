/** What a trained model looks at: attention weights of every layer and position tables, as plain arrays. */
import * as tf from "@tensorflow/tfjs";
import { readingsOf, type Reading } from "./attention-readings.js";
import {
  attentionField,
  crissCrossField,
  receptiveField,
  type CrissCrossLoop,
  type CrissCrossMaps,
  type LayerAttention,
  type Place,
  type PlaceAttention,
  type ReceptiveField,
} from "./attention-weights.js";
import { ConfigError, ShapeError } from "../core/errors.js";
import { shown } from "../core/options.js";
import { ready } from "../engine/ready.js";
import { AxialAttention, isAttentionLayer, LocalAttention } from "../layers/index.js";

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
  /** Along which axis the offsets are. */
  readonly axis: "height" | "width";
  readonly query: PositionTable | null;
  readonly key: PositionTable | null;
  readonly value: PositionTable | null;
}

/** What one pass of a model over one image shows. */
export interface Inspection {
  /** What the model says of the image, [classes], or of each place of its map, [h, w, classes]; of its first output. */
  readonly logits: Float32Array;
  /** Every attention along the height or the width, from the image on. */
  readonly attention: readonly LayerAttention[];
  /** Every other layer of self-attention, from the image on. */
  readonly places: readonly PlaceAttention[];
  /** Every layer of criss-cross attention. */
  readonly crissCross: readonly CrissCrossMaps[];
  /**
   * What the place (y, x) receives through a pair of layers, named by what they share: `stage2.block1` is its `.height`
   * and `.width`; or through one layer of `places`, or all loops of one of `crissCross`. See `receptiveField`,
   * `attentionField` and `crissCrossField`.
   */
  receptiveField: (name: string, place: Place) => ReceptiveField;
}

/**
 * Runs the model once on one image, in inference mode, and reads the attention weights of every layer.
 *
 *     const { attention, logits } = await inspect(model, { values: image, shape: [64, 64, 3] });
 *     attention[0].axes                  // ["column", "head", "query", "key"]
 *
 * Leaves no tensors behind. Starts the engine where nobody has.
 *
 * @param image [H, W, 3], normalised
 * @throws ShapeError for an image that is a tensor, or of another shape than it says
 * @throws ConfigError for what is no model, or a model without attention layers; from `receptiveField` for a layer or a place that
 *   it has not
 */
export async function inspect(model: tf.LayersModel, image: ModelImage): Promise<Inspection> {
  assertModel("inspect", model);
  assertImage(image);
  await ready();
  const [height, width, channels] = image.shape;
  if (image.values.length !== height * width * channels)
    throw new ShapeError(
      `inspect: an image must hold height x width x 3 numbers, got ${image.values.length} for [${image.shape.join(", ")}]; ` +
        `give one image, not a batch`,
    );
  const layers = model.layers.filter(isAttentionLayer);
  if (layers.length === 0)
    throw new ConfigError(`inspect: the model must have attention layers, got none in ${model.name}; inspect another`);

  const inputs = layers.map((layer) => layer.input as tf.SymbolicTensor);
  // Each once: several layers may have one input.
  const tapped = [...new Set([model.outputs[0], ...inputs])];
  const before = tf.model({ inputs: model.inputs, outputs: tapped });
  const { logits, readings } = tf.tidy(() => {
    const batch = tf.tensor4d(Float32Array.from(image.values), [1, height, width, channels]);
    const outputs = [before.predict(batch)].flat();
    const readings = layers.flatMap((layer, i) => readingsOf(layer, outputs[tapped.indexOf(inputs[i])]));
    return { logits: outputs[0], readings: readings as (Reading & tf.TensorContainerObject)[] };
  });
  const tensors = [logits, ...readings.map(({ tensor }) => tensor)];
  try {
    const [said, ...weights] = (await Promise.all(tensors.map((tensor) => tensor.data()))) as Float32Array[];
    const read = readings.map(({ kind, layer, axis, axes, shape }, i) => ({
      ...{ kind, layer, axis, axes, shape },
      weights: weights[i],
    }));
    const plain = ({ layer, axes, shape, weights }: (typeof read)[0]) => ({ layer, axes, shape, weights });
    const attention = read.flatMap((one) =>
      one.kind === "line" ? [{ ...plain(one), axis: one.axis } as LayerAttention] : [],
    );
    const places = read.flatMap((one): PlaceAttention[] => (one.kind === "place" ? [plain(one)] : []));
    const crissCross = loopsByLayer(read.filter(({ kind }) => kind === "loop"));
    return {
      logits: said,
      attention,
      places,
      crissCross,
      receptiveField: (name, place) => fieldOf({ attention, places, crissCross }, name, place),
    };
  } finally {
    tf.dispose(tensors);
  }
}

function assertModel(where: string, model: tf.LayersModel): void {
  if (Array.isArray((model as Partial<tf.LayersModel> | undefined)?.layers)) return;
  throw new ConfigError(`${where}: it takes a model, got ${shown(model)}; build one with models.create`);
}

function assertImage(image: ModelImage | tf.Tensor): void {
  if (image instanceof tf.Tensor)
    throw new ShapeError(
      `inspect: an image must be plain values with their shape, got a tensor [${image.shape.join(", ")}]; ` +
        `write { values: await image.data(), shape: [height, width, 3] }`,
    );
  const { values, shape } = (image ?? {}) as Partial<ModelImage>;
  if (values === undefined || !Array.isArray(shape) || shape.length !== 3)
    throw new ShapeError(
      `inspect: an image must have values and the shape [height, width, 3], got ${shown(image)}; ` +
        `data.readImage(path, size) reads one as input`,
    );
}

/** A column's and a row's weights after each other are one loop. */
function loopsByLayer(halves: readonly { layer: string; axes: readonly string[] }[]): CrissCrossMaps[] {
  const loops = new Map<string, CrissCrossLoop[]>();
  for (let i = 0; i < halves.length; i += 2) {
    const { layer } = halves[i];
    const [column, row] = [halves[i], halves[i + 1]] as unknown as [CrissCrossLoop["column"], CrissCrossLoop["row"]];
    loops.set(layer, [...(loops.get(layer) ?? []), { column: named(column), row: named(row) }]);
  }
  return [...loops].map(([layer, ofLayer]) => ({ layer, loops: ofLayer }));
}

/** Only what the weights are known by. */
function named<T extends CrissCrossLoop["column"] | CrissCrossLoop["row"]>({ axes, shape, weights }: T) {
  return { axes, shape, weights } as Pick<T, "axes" | "shape" | "weights">;
}

function fieldOf(
  { attention, places, crissCross }: Pick<Inspection, "attention" | "places" | "crissCross">,
  name: string,
  place: Place,
): ReceptiveField {
  const loops = crissCross.find(({ layer }) => layer === name);
  if (loops !== undefined) return crissCrossField(loops, place);
  const field = places.find(({ layer }) => layer === name);
  if (field !== undefined) return attentionField(field, place);
  const [height, width] = ["height", "width"].map((axis) => {
    const found = attention.find(({ layer }) => layer === `${name}.${axis}`);
    if (found !== undefined) return found;
    const known = [...attention, ...places, ...crissCross].map(({ layer }) => layer).join(", ");
    throw new ConfigError(`inspect: no attention layer of this name, got ${name}.${axis}; the model has ${known}`);
  });
  return receptiveField(height, width, place);
}

/**
 * The trained position tables of every layer that has some, from the image on. A layer of axial attention has those of its
 * axis; one of local or stand-alone attention has two entries: the offsets of rows, along the height, then those of
 * columns, along the width.
 *
 * @throws ConfigError for what is no model
 */
export async function positionTables(model: tf.LayersModel): Promise<LayerPositions[]> {
  assertModel("positionTables", model);
  const found = model.layers.flatMap((layer): Promise<LayerPositions>[] => {
    if (layer instanceof AxialAttention) {
      const { before, ...tables } = layer.positionTables();
      return [plainTables(layer.name, layer.axis, before, tables)];
    }
    if (!(layer instanceof LocalAttention)) return [];
    const { before, query, key, value } = layer.positionTables();
    return (["rows", "columns"] as const).map((offsets) => {
      const tables = { query: query?.[offsets] ?? null, key: key?.[offsets] ?? null, value: value?.[offsets] ?? null };
      return plainTables(layer.name, offsets === "rows" ? "height" : "width", before, tables);
    });
  });
  return Promise.all(found);
}

async function plainTables(
  layer: string,
  axis: "height" | "width",
  before: number,
  { query, key, value }: Readonly<Record<"query" | "key" | "value", tf.Tensor2D | null>>,
): Promise<LayerPositions> {
  const plain = async (table: tf.Tensor2D | null): Promise<PositionTable | null> =>
    table && { values: Float32Array.from(await table.data()), shape: table.shape, before };
  return { layer, axis, query: await plain(query), key: await plain(key), value: await plain(value) };
}
