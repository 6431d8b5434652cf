/**
 * Tables of relative position encodings: one row per offset (key position - query position), shared by the heads.
 * A layer trains a table of its own span; here it is fitted to the axis at hand, or resized for good.
 */
import * as tf from "@tensorflow/tfjs";
import { ConfigError, ShapeError } from "../core/errors.js";

/** Offsets -before, ..., 0, ..., after: the rows of a table, or the keys that a query sees. */
export interface OffsetRange {
  readonly before: number;
  readonly after: number;
}

/**
 * The window of m places around a query. Of an even m, one more lies after it than before.
 *
 * @param where who asks, for the error
 * @throws ConfigError for a span that is no whole number from 1
 */
export function localWindow(span: number, where: string): OffsetRange {
  if (!Number.isInteger(span) || span < 1)
    throw new ConfigError(`${where}: a local span must be a positive integer, got ${span}; use 1 or more`);
  return { before: Math.ceil(span / 2) - 1, after: Math.floor(span / 2) };
}

/**
 * The 2L - 1 rows that an axis of length L needs, offsets -(L - 1) to L - 1. Offsets beyond the table get its
 * outermost row, as in deeplab2, so that one set of weights serves axes of any length.
 *
 * @param table [before + 1 + after, D]
 * @returns [2L - 1, D]
 * @throws ShapeError when the table has not the rows of `range`
 */
export function fitPositionTable(table: tf.Tensor2D, range: OffsetRange, length: number): tf.Tensor2D {
  assertRows(table, range, "fitPositionTable");
  const { before, after } = range;
  const reach = length - 1;
  if (before === reach && after === reach) return table;
  return tf.tidy(() => {
    // By index, because the gradient of TensorFlow.js's tile is a slice and a sum for every repetition.
    const rows = Array.from(
      { length: 2 * reach + 1 },
      (_, row) => before + Math.max(-before, Math.min(row - reach, after)),
    );
    return tf.gather(table, tf.tensor1d(rows, "int32")); // [2L - 1, D]
  });
}

/**
 * A trained table for another span or resolution.
 *
 * `interpolate`: the images got larger or smaller, and a place is as far from its neighbours, in the scene, as before.
 * Each side is stretched so that its outermost offset becomes the new outermost one, rows in between being mixed
 * linearly; offset 0 stays. `extend`: the images are of the same scale and only the reach changes. Rows are kept as
 * they are, cut off, or continued by the outermost one.
 *
 * @param table [from.before + 1 + from.after, D]
 * @param method default `interpolate`
 * @returns [to.before + 1 + to.after, D]
 * @throws ShapeError when the table has not the rows of `from`.
 */
export function resizePositionTable(
  table: tf.Tensor2D,
  from: OffsetRange,
  to: OffsetRange,
  method: "interpolate" | "extend" = "interpolate",
): tf.Tensor2D {
  assertRows(table, from, "resizePositionTable");
  /** The place among the old offsets of a new offset, on the side that it lies on. */
  const oldOffset = (offset: number): number => {
    const [oldReach, newReach] = offset < 0 ? [from.before, to.before] : [from.after, to.after];
    if (method === "extend") return Math.max(-from.before, Math.min(from.after, offset));
    return newReach === 0 ? 0 : (offset * oldReach) / newReach;
  };
  return tf.tidy(() => {
    const rows = from.before + 1 + from.after;
    const mixing = tf.buffer<tf.Rank.R2>([to.before + 1 + to.after, rows]);
    for (let offset = -to.before; offset <= to.after; offset++) {
      const place = oldOffset(offset) + from.before;
      const low = Math.min(rows - 1, Math.floor(place));
      const high = Math.min(rows - 1, low + 1);
      const part = place - low;
      mixing.set(mixing.get(offset + to.before, low) + 1 - part, offset + to.before, low);
      mixing.set(mixing.get(offset + to.before, high) + part, offset + to.before, high);
    }
    return tf.matMul<tf.Tensor2D>(mixing.toTensor(), table); // [to.before + 1 + to.after, D]
  });
}

function assertRows(table: tf.Tensor2D, { before, after }: OffsetRange, where: string): void {
  if (table.shape[0] !== before + 1 + after)
    throw new ShapeError(
      `${where}: a table must have a row for each offset from -${before} to ${after}, got [${table.shape.join(", ")}]; ` +
        `give the range that it was made for`,
    );
}

/**
 * One encoding for each offset in a square, that of its row before that of its column (SASA, equation 4).
 *
 * @param rows [M, D1]
 * @param columns [M, D2]
 * @returns [M * M, D1 + D2], row by row
 */
export function offsetEncodings(rows: tf.Tensor2D, columns: tf.Tensor2D): tf.Tensor2D {
  const side = rows.shape[0];
  const ofRow = rows.expandDims(1).broadcastTo([side, side, rows.shape[1]]); // [M, M, D1]
  const ofColumn = columns.expandDims(0).broadcastTo([side, side, columns.shape[1]]); // [M, M, D2]
  return tf.concat<tf.Tensor>([ofRow, ofColumn], 2).reshape([side * side, -1]); // [M * M, D1 + D2]
}
