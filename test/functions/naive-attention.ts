/** Position-sensitive attention along one axis as loops in float64, written from the equation and from nothing else. */
import type { AxialAttentionGeometry } from "../../src/functions/axial-attention.js";

export interface NaiveInputs {
  /** [O, L, I] of the sequences. */
  outer: number;
  length: number;
  inner: number;
  /** [O, L, I, N * (2 Dq + Dv)] */
  qkv: ArrayLike<number>;
  /** [2L - 1, Dq or Dv] each, or null. */
  query: ArrayLike<number> | null;
  key: ArrayLike<number> | null;
  value: ArrayLike<number> | null;
  /** [3, N] */
  scales: ArrayLike<number>;
}

export interface NaiveOutputs {
  /** [O, L, I, N * Dv] */
  content: Float64Array;
  position: Float64Array;
  /** [O, I, N, L, L] */
  weights: Float64Array;
  /** [3, N] */
  mean: Float64Array;
  variance: Float64Array;
}

export function naiveAxialAttention(
  { outer, length, inner, qkv, query, key, value, scales }: NaiveInputs,
  { heads, keyDepth, valueDepth, window }: AxialAttentionGeometry,
): NaiveOutputs {
  const perHead = 2 * keyDepth + valueDepth;
  const content = new Float64Array(outer * length * inner * heads * valueDepth);
  const position = new Float64Array(content.length);
  const weights = new Float64Array(outer * inner * heads * length * length);
  const seen: number[][][] = [0, 1, 2].map(() => Array.from({ length: heads }, () => []));
  for (let o = 0; o < outer; o++)
    for (let s = 0; s < inner; s++)
      for (let n = 0; n < heads; n++)
        for (let i = 0; i < length; i++) {
          const at = (place: number, channel: number) =>
            qkv[((o * length + place) * inner + s) * heads * perHead + n * perHead + channel];
          const logits = new Map<number, number>();
          for (let j = Math.max(0, i - window.before); j <= Math.min(length - 1, i + window.after); j++) {
            const row = j - i + length - 1;
            const terms = [0, 0, 0];
            for (let d = 0; d < keyDepth; d++) {
              terms[0] += at(i, d) * at(j, keyDepth + d);
              if (query !== null) terms[1] += at(i, d) * query[row * keyDepth + d];
              if (key !== null) terms[2] += at(j, keyDepth + d) * key[row * keyDepth + d];
            }
            terms.forEach((term, t) => seen[t][n].push(term));
            logits.set(
              j,
              terms.reduce((sum, term, t) => sum + scales[t * heads + n] * term, 0),
            );
          }
          const largest = Math.max(...logits.values());
          const total = [...logits.values()].reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
          for (const [j, logit] of logits) {
            const weight = Math.exp(logit - largest) / total;
            weights[(((o * inner + s) * heads + n) * length + i) * length + j] = weight;
            for (let d = 0; d < valueDepth; d++) {
              const out = ((o * length + i) * inner + s) * heads * valueDepth + n * valueDepth + d;
              content[out] += weight * at(j, 2 * keyDepth + d);
              if (value !== null) position[out] += weight * value[(j - i + length - 1) * valueDepth + d];
            }
          }
        }
  const mean = new Float64Array(3 * heads);
  const variance = new Float64Array(3 * heads);
  seen.forEach((ofTerm, t) =>
    ofTerm.forEach((values, n) => {
      const average = values.reduce((sum, x) => sum + x, 0) / values.length;
      mean[t * heads + n] = average;
      variance[t * heads + n] = values.reduce((sum, x) => sum + (x - average) ** 2, 0) / values.length;
    }),
  );
  return { content, position, weights, mean, variance };
}
