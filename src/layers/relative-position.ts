/**
 * Tables of relative position encodings: one row per offset (key position - query position), shared by the heads.
 * A layer trains a table of its own span; here it is fitted to the axis at hand, or resized for good.
 */
import * as tf from "@tensorflow/tfjs";

/** The offsets that the rows of a table stand for: -before, ..., 0, ..., after. */
export interface OffsetRange {
  readonly before: number;
  readonly after: number;
}

/**
 * The 2L - 1 rows that an axis of length L needs, offsets -(L - 1) to L - 1. Offsets beyond the table get its
 * outermost row, as in deeplab2, so that one set of weights serves axes of any length.
 *
 * @param table [before + 1 + after, D]
 * @returns [2L - 1, D]
 */
export function fitPositionTable(table: tf.Tensor2D, { before, after }: OffsetRange, length: number): tf.Tensor2D {
  const [rows, depth] = table.shape;
  const reach = length - 1;
  if (before === reach && after === reach) return table;
  return tf.tidy(() => {
    const first = Math.max(0, before - reach);
    const last = before + Math.min(after, reach);
    const kept = table.slice([first, 0], [last - first + 1, depth]);
    const repeat = (row: number, times: number) =>
      times > 0 ? [tf.tile(table.slice([row, 0], [1, depth]), [times, 1])] : [];
    return tf.concat([...repeat(0, reach - before), kept, ...repeat(rows - 1, reach - after)], 0); // [2L - 1, D]
  });
}
