/**
 * Attention of a pair of queries, backward. Logits and weights are computed again; nothing but the inputs was kept.
 *
 * With w the weights, dc and dp the gradients with respect to content and position, and e = w times the softmax's sum:
 *
 *     d_ij = dc_i.v_j + dp_i.rv_{j-i}        g_ij = w_ij (d_ij - sum_m w_im d_im)       (the gradient with respect to the logits)
 *     dv_j  = sum_i w_ij dc_i                drv_t = sum_i w_{i,i+t} dp_i
 *     dq_i  = sum_j g_ij (s0 k_j + s1 rq_{j-i})   dk_j = sum_i g_ij (s0 q_i + s2 rk_{j-i})
 *     drq_t = s1 sum_i g_{i,i+t} q_i         drk_t = s2 sum_i g_{i,i+t} k_{i+t}
 *     ds0 = sum_i q_i.(sum_j g_ij k_j)       ds1 = sum_i q_i.(sum_j g_ij rq_{j-i})      ds2 = sum_t rk_t.(drk_t / s2)
 *
 * Where all tasks meet, in the gradients of encodings and factors, each part adds up its own share; attentionGradSum
 * adds those, in the order of the parts.
 */
import { outputGradVectors, pairVectors, rowsVectors } from "../attention-scratch";
import {
  at, clearAround, clearSecond, eitherCount, eitherKey, firstCount, firstIndex, firstKey, fullKeyDepth, fullValueDepth,
  heads, keyTable, length, lineBytes, lines, offsetCount, offsetIndex, offsetKey, offsets, queryBytes, queryRow,
  queryTable, rowBytes, rows, secondCount, secondKey, take, takeLines, unit, valueBytes, valueDepth, valueTable,
} from "./axis";
import { ln2 } from "./exponential";
import { addSingleToHeads, gather, ownLanes } from "./lanes";
import {
  contentQueries, contentScale, encodingBytes, encodings, keyEncodings, keyScale, positionQueries, prepareLogits,
  queryScale, stepToOther,
} from "./logits";
import { inverse0, inverse1, pairWeights } from "./pair";
import {
  addDotEncodings, addKeysByOffset, addToKeys, addToRows, dotLines, dotRows, moveRows, retrieveEncodings, retrieveRows,
  toLogitGrads,
} from "./rows";
import { madd } from "./simd";
import { attentionGradArgs } from "./slots";

/** Gradients with respect to the rows of the group: query, key (times log2(e)), value. */
export let dRows: usize = 0;
/** Gradient with respect to qkv. */
export let dQkv: usize = 0;
let dContent: usize = 0, dPosition: usize = 0;
/** Rows of the gradients with respect to content and position, of all queries along the axis. */
let dContentRows: usize = 0, dPositionRows: usize = 0;
/** Sums by offset of the group, and the part's: rows for query, key and value encodings. */
let sums: usize = 0, partSums: usize = 0;
/** The part's gradient with respect to the factors, [3, N] of float64, and of the group those of the three terms. */
let scaleSums: usize = 0;
let contentSum: v128 = f32x4.splat(0), querySum: v128 = f32x4.splat(0), keySum: v128 = f32x4.splat(0);
/** Gradients with respect to the weights, then to the logits, as `lines`. */
let dLines: usize = 0;
/** Of the pair: gradients with respect to content and position, sums of keys and of query encodings weighted by g. */
let dContentPair: usize = 0, dPositionPair: usize = 0, keySums: usize = 0, encodingSums: usize = 0;

/**
 * Reads what comes behind the geometry. The gradient with respect to the position may be none, or that of the content,
 * where only their sum was asked for. A part's sums: if there are encodings, offsets rows of [2 Dq + Dv][4 lanes]; then
 * [3, N] of float64.
 */
export function prepareGrad(args: usize, part: i32): void {
  prepareLogits();
  dContent = attentionGradArgs.dContent(args);
  dPosition = attentionGradArgs.dPosition(args);
  dQkv = attentionGradArgs.dQkv(args);
  const sumRows = queryTable + keyTable + valueTable === 0 ? 0 : offsets;
  const sumBytes = at(0, sumRows, rowBytes);
  partSums = at(attentionGradArgs.sums(args), part, attentionGradArgs.sumBytes(args));
  scaleSums = partSums + sumBytes;
  memory.fill(partSums, 0, sumBytes + (<usize>(3 * heads) << 3));
  const row = <i32>(rowBytes >> 4);
  dRows = take(rowsVectors(length * unit, row));
  sums = take(rowsVectors(sumRows, row));
  memory.fill(sums, 0, sumBytes);
  dLines = takeLines();
  dContentRows = take(outputGradVectors(length, fullValueDepth));
  dPositionRows = take(outputGradVectors(length, fullValueDepth));
  dContentPair = take(pairVectors(fullValueDepth));
  dPositionPair = take(pairVectors(fullValueDepth));
  keySums = take(pairVectors(fullKeyDepth));
  encodingSums = take(pairVectors(fullKeyDepth));
}

export function beginGroup(): void {
  memory.fill(dRows, 0, <usize>(length * unit) * rowBytes);
  contentSum = f32x4.splat(0);
  querySum = f32x4.splat(0);
  keySum = f32x4.splat(0);
}

export function endGroup(): void {
  addSingleToHeads(scaleSums, heads, contentSum);
  addSingleToHeads(scaleSums + (heads << 3), heads, querySum);
  addSingleToHeads(scaleSums + (heads << 4), heads, keySum);
}

/**
 * Reads the gradients with respect to the outputs of all queries along the axis, at the tensors' positions from `place`
 * on. Together, because what misses the caches then comes while more of it is asked for; a pair alone would wait for
 * its own.
 */
export function readOutputGrads(place: i32): void {
  gather(dContent, valueDepth, 0, valueDepth, place, length, dContentRows, valueBytes);
  if (valueTable === 0 || dPosition === dContent) return;
  gather(dPosition, valueDepth, 0, valueDepth, place, length, dPositionRows, valueBytes);
}

/**
 * From the logits of the selected pair, of queries i and i + 1, to all that its weights and their gradients are added
 * to.
 */
export function pairGrad(i: i32): void {
  pairWeights();
  dotOutputGrads(i);
  const line = at(dLines, firstKey, 16), weights = at(lines, firstKey, 16);
  const mean0 = f32x4.mul(inverse0, dotLines(weights, line, firstCount));
  let mean1 = f32x4.splat(0);
  if (secondCount > 0) {
    const line1 = at(dLines + lineBytes, secondKey, 16), weights1 = at(lines + lineBytes, secondKey, 16);
    mean1 = f32x4.mul(inverse1, dotLines(weights1, line1, secondCount));
  }
  finishPair(i, mean0, mean1);
}

/**
 * As `pairGrad`, where the softmax is over more than these keys, and `pairWeightsOf` has made the weights. The mean of
 * the gradients with respect to the weights is then the product of the whole output with its gradient.
 */
export function pairGradOf(i: i32, place: i32, output: usize): void {
  dotOutputGrads(i);
  gather(output, valueDepth, 0, valueDepth, place, min(2, length - i), dPositionPair, valueBytes);
  let mean0 = f32x4.splat(0), mean1 = mean0;
  for (let x: usize = 0; x < valueBytes; x += 16) {
    mean0 = f32x4.add(mean0, f32x4.mul(v128.load(dContentPair + x), v128.load(dPositionPair + x)));
  }
  for (let x = valueBytes; x < 2 * valueBytes && secondCount > 0; x += 16) {
    mean1 = f32x4.add(mean1, f32x4.mul(v128.load(dContentPair + x), v128.load(dPositionPair + x)));
  }
  finishPair(i, mean0, mean1);
}

/** Gradients with respect to the weights, and to values and their encodings. */
function dotOutputGrads(i: i32): void {
  // Gradients with respect to the outputs over the sum of the softmax: then d carries 1 / sum, and e dc is w times what
  // it should be.
  loadOutputGrads(dContentRows, i, dContentPair);
  const valueOffset = 2 * queryBytes;
  const either = at(lines, eitherKey, 16);
  dotRows(
    dContentPair, valueBytes, at(rows, eitherKey, rowBytes) + valueOffset, rowBytes,
    at(dLines, eitherKey, 16), lineBytes, eitherCount, fullValueDepth,
  );
  addToRows(
    dContentPair, valueBytes, either, lineBytes, at(dRows, eitherKey, rowBytes) + valueOffset, rowBytes,
    eitherCount, fullValueDepth,
  );
  if (valueTable !== 0) {
    let dp = dContentPair;
    if (dPosition !== dContent) {
      dp = dPositionPair;
      loadOutputGrads(dPositionRows, i, dp);
    }
    addDotEncodings(
      dp, valueBytes, at(encodings, offsetIndex, encodingBytes) + (queryBytes >> 1), encodingBytes,
      at(dLines, offsetKey, 16), stepToOther(), offsetCount, fullValueDepth,
    );
    addToRows(
      dp, valueBytes, at(lines, offsetKey, 16), stepToOther(),
      at(sums, offsetIndex, rowBytes) + valueOffset, rowBytes, offsetCount, fullValueDepth,
    );
  }
}

/**
 * From gradients with respect to the weights, given their means by the weights, to those with respect to logits and on
 * to all that they depend on.
 */
function finishPair(i: i32, mean0: v128, mean1: v128): void {
  const dLines1 = dLines + lineBytes;
  toLogitGrads(at(lines, firstKey, 16), at(dLines, firstKey, 16), firstCount, mean0);
  clearAround(dLines, firstKey, firstCount);
  if (secondCount > 0) {
    toLogitGrads(at(lines + lineBytes, secondKey, 16), at(dLines1, secondKey, 16), secondCount, mean1);
    clearAround(dLines1, secondKey, secondCount);
  } else {
    clearSecond(dLines1);
  }
  addToQueriesAndKeys();
  contentSum = f32x4.add(contentSum, pairDot(i, keySums));
  if (queryTable !== 0) querySum = f32x4.add(querySum, pairDot(i, encodingSums));
  finishQueries(i);
}

/** From the gradients with respect to the pair's logits to those with respect to its queries, keys and their encodings. */
function addToQueriesAndKeys(): void {
  const either = at(dLines, eitherKey, 16), byOffset = at(dLines, offsetKey, 16);
  const dKeys = dRows + queryBytes;
  const one = f32x4.splat(1);
  retrieveRows(
    at(rows, eitherKey, rowBytes) + queryBytes, rowBytes, either, lineBytes, eitherCount, fullKeyDepth,
    keySums, queryBytes, one, one,
  );
  if (keyTable !== 0) {
    addToKeys(
      contentQueries, queryBytes, at(keyEncodings, firstIndex, queryBytes), queryBytes, <usize>unit * queryBytes,
      either, lineBytes, at(dKeys, eitherKey, rowBytes), rowBytes, eitherCount, fullKeyDepth,
    );
    addKeysByOffset(
      at(rows, offsetKey, rowBytes) + queryBytes, rowBytes, <usize>unit * rowBytes, byOffset, stepToOther(),
      at(sums, offsetIndex, rowBytes) + queryBytes, rowBytes, offsetCount, fullKeyDepth,
    );
  } else {
    addToRows(
      contentQueries, queryBytes, either, lineBytes, at(dKeys, eitherKey, rowBytes), rowBytes, eitherCount,
      fullKeyDepth,
    );
  }
  if (queryTable !== 0) {
    retrieveEncodings(
      at(encodings, offsetIndex, encodingBytes), encodingBytes, byOffset, stepToOther(),
      offsetCount, fullKeyDepth, encodingSums, queryBytes, one, one,
    );
    addToRows(
      positionQueries, queryBytes, byOffset, stepToOther(), at(sums, offsetIndex, rowBytes), rowBytes, offsetCount,
      fullKeyDepth,
    );
  }
}

function loadOutputGrads(dRows: usize, i: i32, pair: usize): void {
  let from = at(dRows, i, valueBytes);
  for (let x: usize = 0; x < valueBytes; x += 16) v128.store(pair + x, f32x4.mul(v128.load(from + x), inverse0));
  from += valueBytes;
  pair += valueBytes;
  if (secondCount > 0) {
    for (let x: usize = 0; x < valueBytes; x += 16) v128.store(pair + x, f32x4.mul(v128.load(from + x), inverse1));
  } else {
    memory.fill(pair, 0, valueBytes);
  }
}

/** q_i.x_0 + q_{i+1}.x_1 for a pair of rows x; the row after the last query is zero. */
function pairDot(i: i32, pair: usize): v128 {
  const query = at(rows, i * unit + queryRow, rowBytes), next = at(query, unit, rowBytes);
  let sum = f32x4.splat(0);
  for (let x: usize = 0; x < queryBytes; x += 16) {
    sum = f32x4.add(sum, f32x4.mul(v128.load(query + x), v128.load(pair + x)));
    sum = f32x4.add(sum, f32x4.mul(v128.load(next + x), v128.load(pair + queryBytes + x)));
  }
  return sum;
}

/** The pair's gradient with respect to the queries. */
function finishQueries(i: i32): void {
  const queries = min(2, length - i);
  for (let query = 0; query < queries; query++) {
    const to = at(dRows, (i + query) * unit + queryRow, rowBytes);
    const ofKeys = at(keySums, query, queryBytes), ofEncodings = at(encodingSums, query, queryBytes);
    for (let x: usize = 0; x < queryBytes; x += 16) {
      let dQuery = f32x4.mul(contentScale, v128.load(ofKeys + x));
      if (queryTable !== 0) dQuery = f32x4.add(dQuery, f32x4.mul(queryScale, v128.load(ofEncodings + x)));
      v128.store(to + x, dQuery);
    }
  }
}

/**
 * Takes log2(e), which came with queries and encodings, out of the gradients with respect to so many keys, `stride`
 * bytes apart.
 */
export function finishKeys(from: usize, stride: usize, count: i32): void {
  const factor = f32x4.splat(ln2);
  for (let key = 0; key < count; key++) {
    const to = from + queryBytes;
    for (let x: usize = 0; x < queryBytes; x += 16) v128.store(to + x, f32x4.mul(factor, v128.load(to + x)));
    from += stride;
  }
}

/**
 * Empties the sums of keys for the offsets from `first` on, which need the group's factors, into the part's at `to`.
 */
export function flushKeys(first: i32, to: i32, count: i32): void {
  if (keyTable === 0) return;
  const factor = f32x4.mul(keyScale, ownLanes()), zero = f32x4.splat(0);
  let sum = keySum; // a global would go to memory and back in every turn
  for (let offset = 0; offset < count; offset++) {
    let from = at(sums, first + offset, rowBytes) + queryBytes, total = at(partSums, to + offset, rowBytes) + queryBytes;
    let encoding = at(encodings, first + offset, encodingBytes) + (queryBytes >> 2);
    for (const end = from + queryBytes; from < end; from += 16) {
      const x = v128.load(from);
      sum = madd(x, v128.load32_splat(encoding), sum);
      v128.store(total, madd(factor, x, v128.load(total)));
      v128.store(from, zero);
      total += 16;
      encoding += 4;
    }
  }
  keySum = sum;
}

/**
 * Empties those of queries (which carry their factor and log2(e)) and of gradients with respect to position, of the
 * lanes in `own`.
 */
export function flush(first: i32, to: i32, count: i32, own: v128): void {
  const from = at(sums, first, rowBytes), total = at(partSums, to, rowBytes);
  if (queryTable !== 0) moveRows(from, total, rowBytes, count, fullKeyDepth, f32x4.mul(own, f32x4.splat(ln2)));
  if (valueTable === 0) return;
  moveRows(from + 2 * queryBytes, total + 2 * queryBytes, rowBytes, count, fullValueDepth, own);
}
