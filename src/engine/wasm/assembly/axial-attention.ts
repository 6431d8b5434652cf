/**
 * axialAttention: position-sensitive attention along one axis, logits and weights never stored. Equals
 * `composedAxialAttention` of src/layers/attention.ts.
 *
 * Each part does a range of the groups of four tasks. Of a group, queries go in pairs: their logits to two lines, the
 * softmax there, and the weighted sums of values and encodings.
 */
import { pointerAt, shareStart } from "./arguments";
import {
  at, eitherCount, eitherKey, firstCount, firstKey, fullValueDepth, groupCount, length, lineBytes, lines, offsetCount,
  offsetIndex, offsetKey, queryBytes, readAxis, rowBytes, rows, secondCount, secondKey, selectPair, take, valueBytes,
  valueDepth, valueTable,
} from "./axis";
import { softmax } from "./exponential";
import { scatter } from "./lanes";
import { constants, encodingBytes, encodings, loadGroup, pairLogits, prepareLogits } from "./logits";
import { retrieveEncodings, retrieveRows } from "./rows";

/** args: those of `readAxis`, then content, position (not written without value encodings) */
export function axialAttention(args: usize, part: i32, parts: i32): void {
  readAxis(args, part);
  prepareLogits();
  const content = pointerAt(args, 15), position = pointerAt(args, 16);
  const contentRows = take(2 * valueBytes), positionRows = take(2 * valueBytes);
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
        at(rows, eitherKey, rowBytes) + 2 * queryBytes, rowBytes, at(lines, eitherKey, 16), lineBytes,
        eitherCount, fullValueDepth, contentRows, valueBytes, inverse0, inverse1,
      );
      scatter(content, valueDepth, 0, valueDepth, i, queries, contentRows, valueBytes);
      if (valueTable !== 0) {
        retrieveEncodings(
          at(encodings, offsetIndex, encodingBytes) + (queryBytes >> 1), encodingBytes,
          at(lines, offsetKey, 16), lineBytes + 16, offsetCount, fullValueDepth,
          positionRows, valueBytes, inverse0, inverse1,
        );
        scatter(position, valueDepth, 0, valueDepth, i, queries, positionRows, valueBytes);
      }
    }
  }
}
