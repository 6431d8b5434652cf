/** Inputs of axial attention, for its loops in float64 and for its kernels. */
import * as tf from "@tensorflow/tfjs";
import type { AttentionInputs } from "../../../src/engine/ops/attention.js";
import { axialAttentionLoops, type AxialLoopOutputs } from "../../functions/axial-attention-loops.js";
import { randomNumbers } from "./tensors-against-loops.js";

export interface Problem {
  readonly shape: readonly [outer: number, length: number, inner: number];
  readonly heads: number;
  readonly keyDepth: number;
  readonly valueDepth: number;
  readonly window: { readonly before: number; readonly after: number };
  /** Row-major; a table that is left out is null. */
  readonly values: {
    qkv: Float64Array;
    scales: Float64Array;
    query: Float64Array | null;
    key: Float64Array | null;
    value: Float64Array | null;
  };
}

export function problem(options: {
  readonly shape: readonly [outer: number, length: number, inner: number];
  readonly heads: number;
  readonly keyDepth: number;
  readonly valueDepth: number;
  readonly tables: { readonly query: boolean; readonly key: boolean; readonly value: boolean };
  readonly window?: Problem["window"];
  readonly seed?: number;
}): Problem {
  const { shape, heads, keyDepth, valueDepth, tables, seed = 1 } = options;
  const [outer, length, inner] = shape;
  const table = (there: boolean, depth: number, salt: number) =>
    there ? randomNumbers((2 * length - 1) * depth, seed + salt) : null;
  return {
    ...{ shape, heads, keyDepth, valueDepth },
    window: options.window ?? { before: length - 1, after: length - 1 },
    values: {
      qkv: randomNumbers(outer * length * inner * heads * (2 * keyDepth + valueDepth), seed),
      scales: randomNumbers(3 * heads, seed + 11).map((value) => value + 1.5),
      query: table(tables.query, keyDepth, 13),
      key: table(tables.key, keyDepth, 17),
      value: table(tables.value, valueDepth, 19),
    },
  };
}

/** What the loops of the equation give for it, statistics included; no position without value encodings. */
export function loops(given: Problem): Omit<AxialLoopOutputs, "position"> & { position: Float64Array | null } {
  const [outer, length, inner] = given.shape;
  const outputs = axialAttentionLoops({ ...given.values, outer, length, inner }, given);
  return { ...outputs, position: given.values.value && outputs.position };
}

/** The parts of a problem as tensors; disposed of by the caller's tidy. */
export function tensorsOf({ shape, heads, keyDepth, valueDepth, values }: Problem): AttentionInputs {
  const [outer, length, inner] = shape;
  const table = (numbers: Float64Array | null, depth: number): tf.Tensor2D | null =>
    numbers && tf.tensor2d(Float32Array.from(numbers), [2 * length - 1, depth]);
  return {
    qkv: tf.tensor4d(Float32Array.from(values.qkv), [outer, length, inner, heads * (2 * keyDepth + valueDepth)]),
    scales: tf.tensor2d(Float32Array.from(values.scales), [3, heads]),
    relative: {
      query: table(values.query, keyDepth),
      key: table(values.key, keyDepth),
      value: table(values.value, valueDepth),
    },
  };
}
