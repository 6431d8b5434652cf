/** Equation 4, position-sensitive attention along one axis, as loops in float64: written from it and from nothing else. */
import type { AttentionGeometry } from "../../src/functions/attention.js";
import { createMoments, softmax } from "./loops.js";

export interface AxialLoopInputs {
  /** O, L, I of the sequences. */
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
  /** [O, L, I, N * (2 Dq + Dv)] */
  readonly qkv: ArrayLike<number>;
  /** [2L - 1, Dq or Dv] each, or null. */
  readonly query: ArrayLike<number> | null;
  readonly key: ArrayLike<number> | null;
  readonly value: ArrayLike<number> | null;
  /** [3, N] */
  readonly scales: ArrayLike<number>;
}

export interface AxialLoopOutputs {
  /** [O, L, I, N * Dv]; the position's is zero without value encodings. */
  readonly content: Float64Array;
  readonly position: Float64Array;
  /** [O, I, N, L, L] */
  readonly weights: Float64Array;
  /** [3, N]: of the terms over all pairs in the window. */
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

export function axialAttentionLoops(
  { outer, length, inner, qkv, query, key, value, scales }: AxialLoopInputs,
  { heads, keyDepth, valueDepth, window }: AttentionGeometry,
): AxialLoopOutputs {
  const perHead = 2 * keyDepth + valueDepth;
  const content = new Float64Array(outer * length * inner * heads * valueDepth);
  const position = new Float64Array(content.length);
  const weights = new Float64Array(outer * inner * heads * length * length);
  /** Of the terms of all pairs, by term and head. */
  const terms = createMoments(3 * heads);
  for (let o = 0; o < outer; o++)
    for (let s = 0; s < inner; s++)
      for (let n = 0; n < heads; n++) {
        const head = (place: number) => (((o * length + place) * inner + s) * heads + n) * perHead;
        for (let i = 0; i < length; i++) {
          const [first, last] = [Math.max(0, i - window.before), Math.min(length - 1, i + window.after)];
          const logits: number[] = [];
          for (let j = first; j <= last; j++) {
            const q = head(i);
            const k = head(j) + keyDepth;
            const row = (j - i + length - 1) * keyDepth;
            let [ofBoth, ofQuery, ofKey] = [0, 0, 0];
            for (let d = 0; d < keyDepth; d++) {
              ofBoth += qkv[q + d] * qkv[k + d];
              if (query !== null) ofQuery += qkv[q + d] * query[row + d];
              if (key !== null) ofKey += qkv[k + d] * key[row + d];
            }
            terms.add(n, ofBoth);
            terms.add(heads + n, ofQuery);
            terms.add(2 * heads + n, ofKey);
            logits.push(scales[n] * ofBoth + scales[heads + n] * ofQuery + scales[2 * heads + n] * ofKey);
          }
          const out = (((o * length + i) * inner + s) * heads + n) * valueDepth;
          softmax(logits).forEach((weight, index) => {
            const j = first + index;
            const [v, row] = [head(j) + 2 * keyDepth, (j - i + length - 1) * valueDepth];
            weights[(((o * inner + s) * heads + n) * length + i) * length + j] = weight;
            for (let d = 0; d < valueDepth; d++) {
              content[out + d] += weight * qkv[v + d];
              if (value !== null) position[out + d] += weight * value[row + d];
            }
          });
        }
      }
  return { content, position, weights, ...terms.values() };
}
