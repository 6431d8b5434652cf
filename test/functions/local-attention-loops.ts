/** Equation 3, attention in a square window, as loops in float64; without key and value encodings it is equation 2. */
import type { AttentionGeometry } from "../../src/functions/attention.js";
import { createMoments, softmax } from "./loops.js";

export interface LocalLoopInputs {
  /** B, H, W. */
  readonly shape: readonly [batch: number, height: number, width: number];
  /** [B, H, W, N * (2 Dq + Dv)] */
  readonly qkv: ArrayLike<number>;
  /** [M * M, Dq or Dv] each, or null: one row an offset of the window, row by row. */
  readonly query: ArrayLike<number> | null;
  readonly key: ArrayLike<number> | null;
  readonly value: ArrayLike<number> | null;
  /** [3, N] */
  readonly scales: ArrayLike<number>;
}

export interface LocalLoopOutputs {
  /** [B, H, W, N * Dv]; the position's is zero without value encodings. */
  readonly content: Float64Array;
  readonly position: Float64Array;
  /** [B, H, W, N, M, M] */
  readonly weights: Float64Array;
  /** [3, N]: of the terms over all pairs in the image. */
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  /** How many pairs of each head those are. */
  readonly pairs: number;
}

export function localAttentionLoops(
  { shape, qkv, query, key, value, scales }: LocalLoopInputs,
  { heads, keyDepth, valueDepth, window }: AttentionGeometry,
): LocalLoopOutputs {
  const [batch, height, width] = shape;
  const perHead = 2 * keyDepth + valueDepth;
  const side = window.before + 1 + window.after;
  const content = new Float64Array(batch * height * width * heads * valueDepth);
  const position = new Float64Array(content.length);
  const weights = new Float64Array(batch * height * width * heads * side * side);
  /** Of the terms of all pairs, by term and head. */
  const terms = createMoments(3 * heads);
  for (let b = 0; b < batch; b++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let n = 0; n < heads; n++) {
          const place = (row: number, column: number) => ((b * height + row) * width + column) * heads + n;
          const keys: { at: number; offset: number; logit: number }[] = [];
          for (let dy = -window.before; dy <= window.after; dy++)
            for (let dx = -window.before; dx <= window.after; dx++) {
              if (y + dy < 0 || y + dy >= height || x + dx < 0 || x + dx >= width) continue;
              const offset = (dy + window.before) * side + dx + window.before;
              const q = place(y, x) * perHead;
              const at = place(y + dy, x + dx) * perHead;
              let [ofBoth, ofQuery, ofKey] = [0, 0, 0];
              for (let d = 0; d < keyDepth; d++) {
                const k = qkv[at + keyDepth + d];
                ofBoth += qkv[q + d] * k;
                if (query !== null) ofQuery += qkv[q + d] * query[offset * keyDepth + d];
                if (key !== null) ofKey += k * key[offset * keyDepth + d];
              }
              terms.add(n, ofBoth);
              terms.add(heads + n, ofQuery);
              terms.add(2 * heads + n, ofKey);
              const logit = scales[n] * ofBoth + scales[heads + n] * ofQuery + scales[2 * heads + n] * ofKey;
              keys.push({ at, offset, logit });
            }
          const out = place(y, x) * valueDepth;
          softmax(keys.map(({ logit }) => logit)).forEach((weight, index) => {
            const { at, offset } = keys[index];
            weights[place(y, x) * side * side + offset] = weight;
            for (let d = 0; d < valueDepth; d++) {
              content[out + d] += weight * qkv[at + 2 * keyDepth + d];
              if (value !== null) position[out + d] += weight * value[offset * valueDepth + d];
            }
          });
        }
  return { content, position, weights, ...terms.values(), pairs: terms.counts[0] };
}
