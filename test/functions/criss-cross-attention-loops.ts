/** Equations 1 and 2 of CCNet as loops in float64: the keys of a pixel's row and of its column, itself once. */
import type { CrissCrossAttentionGeometry } from "../../src/functions/criss-cross-attention.js";
import { softmax } from "./loops.js";

/**
 * @param qkv [B, H, W, N * (2 Dq + Dv)]
 * @returns [B, H, W, N * Dv]
 */
export function crissCrossAttentionLoops(
  [batch, height, width]: readonly [number, number, number],
  qkv: ArrayLike<number>,
  { heads, keyDepth, valueDepth }: CrissCrossAttentionGeometry,
): Float64Array {
  const perHead = 2 * keyDepth + valueDepth;
  const output = new Float64Array(batch * height * width * heads * valueDepth);
  for (let b = 0; b < batch; b++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let n = 0; n < heads; n++) {
          const place = (row: number, column: number) => ((b * height + row) * width + column) * heads + n;
          const keys: number[] = [];
          for (let column = 0; column < width; column++) keys.push(place(y, column));
          for (let row = 0; row < height; row++) if (row !== y) keys.push(place(row, x));
          const logits = keys.map((key) => {
            let logit = 0;
            for (let d = 0; d < keyDepth; d++)
              logit += qkv[place(y, x) * perHead + d] * qkv[key * perHead + keyDepth + d];
            return logit;
          });
          softmax(logits).forEach((weight, index) => {
            for (let d = 0; d < valueDepth; d++)
              output[place(y, x) * valueDepth + d] += weight * qkv[keys[index] * perHead + 2 * keyDepth + d];
          });
        }
  return output;
}
