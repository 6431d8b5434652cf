/**
 * axialAttention: position-sensitive attention along one axis, logits and weights never stored. Equals
 * `composedAxialAttention` of src/layers/attention.ts.
 *
 * Each part does a range of the groups of four tasks. Of a group, queries go in pairs: their logits to two lines, the
 * softmax there, and the weighted sums of values and encodings.
 */
import { pointerAt, shareStart } from "./arguments";
import {
  at, constants, eitherCount, eitherKey, encodingBytes, encodings, firstCount, firstKey, fullKeyDepth, fullValueDepth,
  groupCount, hasValueTerm, length, lineBytes, lines, loadGroup, offsetCount, offsetIndex, offsetKey, pairLogits,
  readAxis, rowBytes, rows, secondCount, secondKey, selectPair, take, valueDepth,
} from "./axis";
import { softmax } from "./exponential";
import { scatter } from "./lanes";
import { retrieveEncodings, retrieveRows } from "./rows";

/** args: those of `readAxis`, then content, position (not written without value encodings) */
export function axialAttention(args: usize, part: i32, parts: i32): void {
  readAxis(args, part);
  const content = pointerAt(args, 15), position = pointerAt(args, 16);
  const outBytes = <usize>fullValueDepth << 4;
  const contentRows = take(2 * outBytes), positionRows = take(2 * outBytes);
  const groups = groupCount();
  const end = shareStart(groups, part + 1, parts);
  for (let group = shareStart(groups, part, parts); group < end; group++) {
    loadGroup(group);
    for (let i = 0; i < length; i += 2) {
      selectPair(i);
      pairLogits(i);
      const inverse0 = softmax(at(lines, firstKey, 16), firstCount, constants);
      let inverse1 = f32x4.splat(0);
      if (secondCount > 0) inverse1 = softmax(at(lines + lineBytes, secondKey, 16), secondCount, constants);
      else memory.fill(at(lines + lineBytes, firstKey, 16), 0, <usize>(firstCount + 1) << 4);
      const queries = min(2, length - i);
      retrieveRows(
        at(rows, eitherKey, rowBytes) + (<usize>fullKeyDepth << 5), rowBytes, at(lines, eitherKey, 16), lineBytes,
        eitherCount, fullValueDepth, contentRows, outBytes, inverse0, inverse1,
      );
      scatter(content, valueDepth, 0, valueDepth, i, queries, contentRows, outBytes);
      if (hasValueTerm) {
        retrieveEncodings(
          at(encodings, offsetIndex, encodingBytes) + (<usize>fullKeyDepth << 3), encodingBytes,
          at(lines, offsetKey, 16), lineBytes + 16, offsetCount, fullValueDepth,
          positionRows, outBytes, inverse0, inverse1,
        );
        scatter(position, valueDepth, 0, valueDepth, i, queries, positionRows, outBytes);
      }
    }
  }
}
