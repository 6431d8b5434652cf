/** Attention of a pair of queries, forward: logits, softmax, and the weighted sums of values and encodings. */
import { pairVectors } from "../attention-scratch";
import {
  at, clearAround, clearSecond, eitherCount, eitherKey, firstCount, firstKey, fullValueDepth, length, lineBytes, lines,
  offsetCount, offsetIndex, offsetKey, queryBytes, rowBytes, rows, secondCount, secondKey, take, valueBytes, valueDepth,
  valueTable,
} from "./axis";
import { exponentials, softmax } from "./exponential";
import { scatter } from "./lanes";
import { constants, encodingBytes, encodings, findShifts, shift0, shift1, prepareLogits, stepToOther } from "./logits";
import { retrieveEncodings, retrieveRows } from "./rows";

/** Of the selected pair, after `pairWeights`: 1 / sum of the softmax. */
export let inverse0: v128 = f32x4.splat(0), inverse1: v128 = f32x4.splat(0);
let contentRows: usize = 0, positionRows: usize = 0;

export function preparePairs(): void {
  prepareLogits();
  contentRows = take(pairVectors(fullValueDepth));
  positionRows = take(pairVectors(fullValueDepth));
}

/** From the logits in the lines to weights, not yet divided by their sum. */
export function pairWeights(): void {
  findShifts();
  inverse0 = softmax(at(lines, firstKey, 16), firstCount, shift0, constants);
  if (secondCount > 0) inverse1 = softmax(at(lines + lineBytes, secondKey, 16), secondCount, shift1, constants);
  clearOthers();
}

/** As `pairWeights`, of a softmax over more than these keys whose moments are given: shift and 1 / sum. */
export function pairWeightsOf(g0: v128, i0: v128, g1: v128, i1: v128): void {
  exponentials(at(lines, firstKey, 16), firstCount, g0, constants);
  inverse0 = i0;
  if (secondCount > 0) {
    exponentials(at(lines + lineBytes, secondKey, 16), secondCount, g1, constants);
    inverse1 = i1;
  }
  clearOthers();
}

/** Zeroes what the pair may read of each line outside its window. */
function clearOthers(): void {
  clearAround(lines, firstKey, firstCount);
  if (secondCount > 0) {
    clearAround(lines + lineBytes, secondKey, secondCount);
  } else {
    inverse1 = f32x4.splat(0);
    clearSecond(lines + lineBytes);
  }
}

/** Retrieves the selected pair's values; the place of two rows. */
export function pairContent(): usize {
  retrieveRows(
    at(rows, eitherKey, rowBytes) + 2 * queryBytes, rowBytes, at(lines, eitherKey, 16), lineBytes,
    eitherCount, fullValueDepth, contentRows, valueBytes, inverse0, inverse1,
  );
  return contentRows;
}

/** Retrieves the selected pair's values and encodings of values; the sum of both where they have one output. */
export function retrievePair(together: bool): void {
  pairContent();
  if (valueTable === 0) return;
  retrieveEncodings(
    at(encodings, offsetIndex, encodingBytes) + (queryBytes >> 1), encodingBytes, at(lines, offsetKey, 16),
    stepToOther(), offsetCount, fullValueDepth, positionRows, valueBytes, inverse0, inverse1,
  );
  if (together) addPosition();
}

/**
 * Writes what was retrieved for the pair of queries i and i + 1 to the tensors' positions from `place` on. Where there
 * are value encodings but no tensor `position` (0), `content` is the sum of both: half the memory to write.
 */
export function writePair(i: i32, place: i32, content: usize, position: usize): void {
  const queries = min(2, length - i);
  scatter(content, valueDepth, 0, valueDepth, place, queries, contentRows, valueBytes);
  if (valueTable !== 0 && position !== 0) {
    scatter(position, valueDepth, 0, valueDepth, place, queries, positionRows, valueBytes);
  }
}

function addPosition(): void {
  const ahead = positionRows - contentRows, end = contentRows + 2 * valueBytes;
  for (let p = contentRows; p < end; p += 16) v128.store(p, f32x4.add(v128.load(p), v128.load(p + ahead)));
}
