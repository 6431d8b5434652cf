/**
 * axialAttention: position-sensitive attention along one axis, logits and weights never stored. Equals
 * `composedAxialAttention` of src/layers/attention.ts.
 *
 * Each part does a range of the groups of four tasks; of a group, queries go in pairs.
 */
import { pointerAt, shareStart } from "./arguments";
import { before, groupCount, length, loadRows, offsets, readAxis, selectPair } from "./axis";
import { copyEncodings, keyFactor, loadScales, pairLogits, spreadKeyEncodings } from "./logits";
import { pairWeights, preparePairs, writePair } from "./pair";

/** args: those of `readAxis`, then those of `writePair` */
export function axialAttention(args: usize, part: i32, parts: i32): void {
  readAxis(args, part);
  const content = pointerAt(args, 15), position = pointerAt(args, 16);
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
      writePair(i, i, content, position);
    }
  }
}
