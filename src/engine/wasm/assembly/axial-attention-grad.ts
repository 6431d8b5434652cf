/** axialAttentionGrad: the gradients with respect to qkv, encodings and factors of axialAttention (see pair-grad.ts). */
import { shareStart } from "./arguments";
import { before, groupCount, length, loadRows, offsets, readAxis, rowBytes, selectPair, writeRows } from "./axis";
import { ownLanes, ownTasks } from "./lanes";
import { copyEncodings, keyFactor, loadScales, pairLogits, spreadKeyEncodings } from "./logits";
import {
  beginGroup, endGroup, finishKeys, flush, flushKeys, pairGrad, prepareGrad, dQkv, readOutputGrads, dRows,
} from "./pair-grad";

/** Sums by offset are emptied into the part's own after about so many queries: fewer roundings, and hardly any cost. */
const queriesBetweenFlushes = 512;

export function axialAttentionGrad(args: usize, part: i32, parts: i32): void {
  readAxis(args, part);
  prepareGrad(args, part);
  copyEncodings(length - 1 - before, 0, offsets);
  const groups = groupCount();
  const end = shareStart(groups, part + 1, parts);
  let queriesSinceFlush = 0;
  for (let group = shareStart(groups, part, parts); group < end; group++) {
    loadRows(group);
    loadScales();
    spreadKeyEncodings(keyFactor());
    // What a lane without a task of its own adds must not count, so it is not mixed with what other groups added.
    if (ownTasks() < 4) flush(0, 0, offsets, f32x4.splat(1));
    beginGroup();
    readOutputGrads(0);
    for (let i = 0; i < length; i += 2) {
      selectPair(i);
      pairLogits(i);
      pairGrad(i);
    }
    flushKeys(0, 0, offsets);
    endGroup();
    queriesSinceFlush += length;
    if (ownTasks() < 4 || queriesSinceFlush >= queriesBetweenFlushes) {
      flush(0, 0, offsets, ownLanes());
      queriesSinceFlush = 0;
    }
    finishKeys(dRows, rowBytes, length);
    writeRows(dQkv, 0, length, dRows, rowBytes);
  }
  flush(0, 0, offsets, f32x4.splat(1));
}
