/** localAttentionGrad: the gradients with respect to qkv, encodings and factors of localAttention (see pair-grad.ts). */
import { shareStart } from "./arguments";
import {
  after, at, before, groupCount, height, length, readImages, rowBytes, selectGroup, selectPair, unit, writeRows,
} from "./axis";
import { clearImageRow, columnBytes, loadImageRow, maskOutside, ringRow, selectImageRow } from "./image-band";
import { ownLanes } from "./lanes";
import { keyFactor, loadScales, pairLogits } from "./logits";
import {
  beginGroup, endGroup, finishKeys, flush, flushKeys, pairGrad, prepareGrad, dQkv, readOutputGrads, dRows,
} from "./pair-grad";

export function localAttentionGrad(args: usize, part: i32, parts: i32): void {
  readImages(args, part);
  prepareGrad(args, part);
  const groups = groupCount();
  const end = shareStart(groups, part + 1, parts);
  for (let group = shareStart(groups, part, parts); group < end; group++) {
    selectGroup(group);
    loadScales();
    beginGroup();
    for (let other = -before; other < after; other++) loadImageRow(other);
    for (let y = 0; y < height; y++) {
      loadImageRow(y + after);
      selectImageRow(y, keyFactor());
      readOutputGrads(y * length);
      for (let x = 0; x < length; x += 2) {
        selectPair(x);
        pairLogits(x);
        maskOutside(y);
        pairGrad(x);
      }
      flushWindow(y);
      if (y >= before) finishImageRow(y - before);
    }
    for (let y = max(0, height - before); y < height; y++) finishImageRow(y);
    endGroup();
  }
}

/** The sums by offset are in the order of this image row's ring; the part's are in the order of the tables. */
function flushWindow(y: i32): void {
  const own = ownLanes();
  for (let offset = 0; offset < unit; offset++) {
    const row = ringRow(y + offset - before);
    for (let column = 0; column < unit; column++) {
      flushKeys(column * unit + row, offset * unit + column, 1);
      flush(column * unit + row, offset * unit + column, 1, own);
    }
  }
}

/** No later query sees image row y: its gradients are complete. */
function finishImageRow(y: i32): void {
  const from = at(dRows, ringRow(y), rowBytes);
  finishKeys(from, columnBytes(), length);
  writeRows(dQkv, y * length, length, from, columnBytes());
  clearImageRow(dRows, y);
}
