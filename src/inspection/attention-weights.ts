/**
 * Attention weights as plain arrays: where a query looks, and what reaches a place through a height-then-width pair.
 *
 * H x W: size of a layer's own feature map, smaller than the image by the strides before it. N: heads.
 */
import { ConfigError, ShapeError } from "../core/errors.js";

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

/**
 * Attention weights of a layer whose queries see more than a line: local, stand-alone and global attention; those in
 * blocks (the attention stem) and along more axes than an image has.
 */
export interface PlaceAttention {
  readonly layer: string;
  /** What the dimensions are; "window y" and "window x" count the places of a query's window from its upper left. */
  readonly axes: readonly string[];
  /**
   * Local: [H, W, N, M, M]; global: [N, H, W, H, W]; blocks: [blocks down, blocks across, N, places, places]; axis a of
   * several: [the others, N, L, L].
   */
  readonly shape: readonly number[];
  readonly weights: Float32Array;
}

/**
 * One loop of criss-cross attention: for each query the weights of its column and of its row, together 1; the own place
 * is counted in the row.
 */
export interface CrissCrossLoop {
  readonly column: NamedWeights<readonly ["column", "head", "query", "key"]>;
  readonly row: NamedWeights<readonly ["row", "head", "query", "key"]>;
}

/** Attention weights with the names of their axes. */
export interface NamedWeights<Axes extends readonly string[]> {
  readonly axes: Axes;
  /** Column: [W, N, H, H]; row: [H, N, W, W]. */
  readonly shape: readonly [lines: number, heads: number, queries: number, keys: number];
  readonly weights: Float32Array;
}

/** Criss-cross attention, loop by loop. */
export interface CrissCrossMaps {
  readonly layer: string;
  readonly loops: readonly CrissCrossLoop[];
}

/** A place of a feature map, and a head; without a head, the mean of all. */
export interface Place {
  readonly y: number;
  readonly x: number;
  readonly head?: number;
}

/** What one place receives from every place of the map. */
export interface ReceptiveField {
  /** Share of each place, [H, W] row-major; together 1. */
  readonly values: Float32Array;
  readonly shape: readonly [height: number, width: number];
}

/** The index of a place in a list, or an error that says which ones there are. */
function assertWithin(where: string, name: string, index: number, count: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= count)
    throw new ConfigError(`${where}: ${name} must be from 0 to ${count - 1}, got ${index}; choose one of those`);
}

/**
 * Where the query at a place looks along the layer's axis: the weights of one head, or the mean of all.
 *
 * @returns [L], together 1
 * @throws ConfigError for a place or a head that the layer has not
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

/**
 * Where the query at a place looks along the layer's axis, head by head: [N][L], each head together 1.
 *
 * @throws ConfigError for a place beyond the height or the width of the layer's map
 */
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
 *
 * @throws ShapeError unless the layers are one along the height and one along the width of one map
 * @throws ConfigError for a place or a head that they have not
 */
export function receptiveField(height: LayerAttention, width: LayerAttention, place: Place): ReceptiveField {
  const { y, head } = place;
  if (height.axis !== "height" || width.axis !== "width" || height.shape[0] !== width.shape[3])
    throw new ShapeError(
      `receptiveField: layers must be one along the height and the one along the width after it, got ${height.layer} (${height.axis}, ` +
        `[${height.shape.join(", ")}]) and ${width.layer} (${width.axis}, [${width.shape.join(", ")}]); take both of one block`,
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

/** Whether queries and keys are places of one map, which {@link attentionField} can draw. */
export const isOverMap = ({ axes }: PlaceAttention): boolean => axes.includes("window y") || axes[3] === "key y";

/**
 * Where the query at a place looks over the map, through local, stand-alone or global attention: the weights of one
 * head, or the mean of all, with zeros outside the window.
 *
 * @throws ShapeError for attention that is not over the places of a map
 * @throws ConfigError for a place or a head that the layer has not
 */
export function attentionField(attention: PlaceAttention, { y, x, head }: Place): ReceptiveField {
  const { shape, weights, axes } = attention;
  const local = axes.includes("window y");
  if (!isOverMap(attention))
    throw new ShapeError(
      `attentionField ${attention.layer}: it takes attention over the places of a map, got the axes ${axes.join(", ")}; ` +
        `read its weights by these`,
    );
  const [heads, rows, columns] = local ? [shape[2], shape[0], shape[1]] : shape;
  const where = `attentionField ${attention.layer}`;
  assertWithin(where, "y", y, rows);
  assertWithin(where, "x", x, columns);
  if (head !== undefined) assertWithin(where, "head", head, heads);
  const chosen = head === undefined ? Array.from({ length: heads }, (_, i) => i) : [head];
  const [high, wide] = shape.slice(3);
  // The window begins before its query; of an even window, one more place lies after it.
  const [top, left] = local ? [y - Math.ceil(high / 2) + 1, x - Math.ceil(wide / 2) + 1] : [0, 0];
  const values = new Float32Array(rows * columns);
  for (const one of chosen) {
    const start = (local ? (y * columns + x) * heads + one : (one * rows + y) * columns + x) * high * wide;
    for (let i = 0; i < high * wide; i++) {
      const [row, column] = [top + Math.floor(i / wide), left + (i % wide)];
      if (row < 0 || row >= rows || column < 0 || column >= columns) continue;
      values[row * columns + column] += weights[start + i] / chosen.length;
    }
  }
  return { values, shape: [rows, columns] };
}

/**
 * What the place (y, x) receives through all loops of criss-cross attention: the row of A_R ... A_1 that is its own, each A
 * the weights of one loop. After two loops no place is without a share, which is what CCNet's figure 6 shows. Source:
 * Huang et al., CCNet, section 3.3; shares of the attended values, without gamma and the residual.
 *
 * @throws ConfigError for a place or a head that the layer has not
 */
export function crissCrossField({ layer, loops }: CrissCrossMaps, { y, x, head = 0 }: Place): ReceptiveField {
  const [columns, heads, rows] = loops[0].column.shape;
  const where = `crissCrossField ${layer}`;
  assertWithin(where, "y", y, rows);
  assertWithin(where, "x", x, columns);
  assertWithin(where, "head", head, heads);
  let values = new Float32Array(rows * columns);
  values[y * columns + x] = 1;
  // From the last loop to the first: who gave what the place has, and where those had it from.
  for (const { column, row } of [...loops].reverse()) {
    const before = new Float32Array(rows * columns);
    values.forEach((share, place) => {
      if (share === 0) return;
      const [i, j] = [Math.floor(place / columns), place % columns];
      const down = ((j * heads + head) * rows + i) * rows;
      for (let key = 0; key < rows; key++) before[key * columns + j] += share * column.weights[down + key];
      const along = ((i * heads + head) * columns + j) * columns;
      for (let key = 0; key < columns; key++) before[i * columns + key] += share * row.weights[along + key];
    });
    values = before;
  }
  return { values, shape: [rows, columns] };
}
