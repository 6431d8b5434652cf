/** Axial attention as loops in float64, written from the equation: what the kernels must equal. */
import * as tf from "@tensorflow/tfjs";
import type { AxialAttentionInputs } from "../../../src/engine/ops/axial-attention.js";

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

/** Numbers in (-1, 1) that a seed repeats (a linear congruential generator). */
export function randomNumbers(count: number, seed: number): Float64Array {
  let state = (seed * 2654435761) >>> 0;
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    // As float32 and back, so that kernel and loops read the same number.
    return Math.fround(state / 2 ** 31 - 1);
  });
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

export function naiveAxialAttention(given: Problem): { content: Float64Array; position: Float64Array | null } {
  const { shape, heads, keyDepth, valueDepth, window, values } = given;
  const [outer, length, inner] = shape;
  const channels = 2 * keyDepth + valueDepth;
  const content = new Float64Array(outer * length * inner * heads * valueDepth);
  const position = values.value && new Float64Array(content.length);
  for (let o = 0; o < outer; o++)
    for (let s = 0; s < inner; s++)
      for (let n = 0; n < heads; n++) {
        const place = (i: number): number => ((o * length + i) * inner + s) * heads + n;
        const query = (i: number, d: number): number => values.qkv[place(i) * channels + d];
        const key = (i: number, d: number): number => values.qkv[place(i) * channels + keyDepth + d];
        const value = (i: number, d: number): number => values.qkv[place(i) * channels + 2 * keyDepth + d];
        for (let i = 0; i < length; i++) {
          const first = Math.max(0, i - window.before);
          const last = Math.min(length - 1, i + window.after);
          const logits: number[] = [];
          for (let j = first; j <= last; j++) {
            const row = j - i + length - 1;
            const terms = [0, 0, 0];
            for (let d = 0; d < keyDepth; d++) {
              terms[0] += query(i, d) * key(j, d);
              if (values.query) terms[1] += query(i, d) * values.query[row * keyDepth + d];
              if (values.key) terms[2] += key(j, d) * values.key[row * keyDepth + d];
            }
            logits.push(terms.reduce((sum, term, index) => sum + term * values.scales[index * heads + n], 0));
          }
          const greatest = Math.max(...logits);
          const exponentials = logits.map((logit) => Math.exp(logit - greatest));
          const total = exponentials.reduce((sum, exponential) => sum + exponential, 0);
          exponentials.forEach((exponential, index) => {
            const j = first + index;
            for (let c = 0; c < valueDepth; c++) {
              content[place(i) * valueDepth + c] += (exponential / total) * value(j, c);
              if (values.value && position)
                position[place(i) * valueDepth + c] +=
                  (exponential / total) * values.value[(j - i + length - 1) * valueDepth + c];
            }
          });
        }
      }
  return { content, position };
}

/** Mean and biased variance of the three terms per head, [3, N] each, in two passes over all pairs in the window. */
export function naiveStatistics(given: Problem): { mean: Float64Array; variance: Float64Array } {
  const { shape, heads, keyDepth, valueDepth, window, values } = given;
  const [outer, length, inner] = shape;
  const channels = 2 * keyDepth + valueDepth;
  const products: number[][] = Array.from({ length: 3 * heads }, () => []);
  for (let o = 0; o < outer; o++)
    for (let s = 0; s < inner; s++)
      for (let n = 0; n < heads; n++)
        for (let i = 0; i < length; i++)
          for (let j = Math.max(0, i - window.before); j <= Math.min(length - 1, i + window.after); j++) {
            const query = (((o * length + i) * inner + s) * heads + n) * channels;
            const key = (((o * length + j) * inner + s) * heads + n) * channels + keyDepth;
            const row = (j - i + length - 1) * keyDepth;
            const sums = [0, 0, 0];
            for (let d = 0; d < keyDepth; d++) {
              sums[0] += values.qkv[query + d] * values.qkv[key + d];
              if (values.query) sums[1] += values.qkv[query + d] * values.query[row + d];
              if (values.key) sums[2] += values.qkv[key + d] * values.key[row + d];
            }
            sums.forEach((sum, term) => products[term * heads + n].push(sum));
          }
  const average = (numbers: number[]): number => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  const mean = Float64Array.from(products, average);
  const variance = Float64Array.from(products, (numbers, index) => average(numbers.map((x) => (x - mean[index]) ** 2)));
  return { mean, variance };
}

/** The parts of a problem as tensors; disposed of by the caller's tidy. */
export function tensorsOf({ shape, heads, keyDepth, valueDepth, values }: Problem): AxialAttentionInputs {
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
