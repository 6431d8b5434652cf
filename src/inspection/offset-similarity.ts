/** How the encodings of a position table relate: which offsets are strong, and which alike. */
import type { PositionTable } from "./inspect.js";

const rowOf = ({ values, shape: [, channels] }: PositionTable, row: number): Float32Array =>
  values.subarray(row * channels, (row + 1) * channels);

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, i) => sum + value * b[i], 0);

/** The Euclidean norm of each row: how much an offset can say. [offsets] */
export const offsetNorms = (table: PositionTable): number[] =>
  Array.from({ length: table.shape[0] }, (_, row) => Math.sqrt(dot(rowOf(table, row), rowOf(table, row))));

/**
 * The cosine of the angle between the encodings of every two offsets, [offset][offset]: 1 where the network cannot tell
 * them apart but by their norm. A row of zeros, which has no direction, is not-a-number.
 */
export function offsetSimilarity(table: PositionTable): number[][] {
  const norms = offsetNorms(table);
  return norms.map((norm, i) => norms.map((other, j) => dot(rowOf(table, i), rowOf(table, j)) / (norm * other)));
}
