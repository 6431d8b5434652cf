/**
 * localAttention: attention in an M x M window of the image, without unfolding keys or values. Equals
 * `composedLocalAttention` of src/functions/local-attention.ts.
 *
 * Each part does a range of image rows of the groups of four tasks; of a row, queries go in pairs.
 */
import { shareStart } from "./arguments";
import { after, before, groupCount, height, length, readImages, selectGroup, selectPair } from "./axis";
import { loadImageRow, maskOutside, selectImageRow } from "./image-band";
import { keyFactor, loadScales, pairLogits } from "./logits";
import { pairWeights, preparePairs, retrievePair, writePair } from "./pair";
import { localAttentionArgs } from "./slots";

export function localAttention(args: usize, part: i32, parts: i32): void {
  readImages(args, part);
  const content = localAttentionArgs.content(args), position = localAttentionArgs.position(args);
  preparePairs();
  const imageRows = groupCount() * height;
  const start = shareStart(imageRows, part, parts), end = shareStart(imageRows, part + 1, parts);
  for (let row = start; row < end; row++) {
    const y = row % height;
    if (row === start || y === 0) {
      selectGroup(row / height);
      loadScales();
      for (let other = y - before; other < y + after; other++) loadImageRow(other);
    }
    loadImageRow(y + after);
    selectImageRow(y, keyFactor());
    for (let x = 0; x < length; x += 2) {
      selectPair(x);
      pairLogits(x);
      maskOutside(y);
      pairWeights();
      retrievePair(position === 0);
      writePair(x, y * length + x, content, position);
    }
  }
}
