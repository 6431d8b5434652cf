/**
 * axialAttention: position-sensitive attention along one axis, logits and weights never stored. Equals
 * `composedAxialAttention` of src/functions/axial-attention.ts.
 *
 * Each part does a range of the groups of four tasks; of a group, queries go in pairs.
 */
import { shareStart } from "./arguments";
import { before, groupCount, length, loadRows, offsets, readAxis, selectPair } from "./axis";
import { copyEncodings, keyFactor, loadScales, pairLogits, spreadKeyEncodings } from "./logits";
import { pairWeights, preparePairs, retrievePair, writePair } from "./pair";
import { axialAttentionArgs } from "./slots";

export function axialAttention(args: usize, part: i32, parts: i32): void {
  readAxis(args, part);
  const content = axialAttentionArgs.content(args), position = axialAttentionArgs.position(args);
  preparePairs();
  copyEncodings(length - 1 - before, 0, offsets);
  const groups = groupCount();
  const end = shareStart(groups, part + 1, parts);
  for (let group = shareStart(groups, part, parts); group < end; group++) {
    loadRows(group);
    loadScales();
    spreadKeyEncodings(keyFactor());
    for (let i = 0; i < length; i += 2) {
      selectPair(i);
      pairLogits(i);
      pairWeights();
      // Stores to tensors miss the caches. What follows stores nothing, so that none has to wait for those of the pair
      // before.
      if (i > 0) writePair(i - 2, i - 2, content, position);
      retrievePair(position === 0);
    }
    const last = (length - 1) & ~1;
    writePair(last, last, content, position);
  }
}
