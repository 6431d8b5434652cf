/**
 * Attention of a pair of queries, backward. Logits and weights are computed again; nothing but the inputs was kept.
 *
 * With w the weights, dc and dp the gradients by content and position, and e = w times the softmax's sum:
 *
 *     d_ij = dc_i.v_j + dp_i.rv_{j-i}        g_ij = w_ij (d_ij - sum_m w_im d_im)       (the gradient by the logits)
 *     dv_j  = sum_i w_ij dc_i                drv_t = sum_i w_{i,i+t} dp_i
 *     dq_i  = sum_j g_ij (s0 k_j + s1 rq_{j-i})   dk_j = sum_i g_ij (s0 q_i + s2 rk_{j-i})
 *     drq_t = s1 sum_i g_{i,i+t} q_i         drk_t = s2 sum_i g_{i,i+t} k_{i+t}
 *     ds0 = sum_i q_i.(sum_j g_ij k_j)       ds1 = sum_i q_i.(sum_j g_ij rq_{j-i})      ds2 = sum_t rk_t.(drk_t / s2)
 *
 * Where all tasks meet, in the gradients of encodings and factors, each part adds up its own share; attentionGradientSum
 * adds those, in the order of the parts.
 */
import { pointerAt } from "./arguments";
import {
  at, clearAround, clearSecond, eitherCount, eitherKey, firstCount, firstIndex, firstKey, fullKeyDepth, fullValueDepth,
  heads, keyTable, length, lineBytes, lines, offsetCount, offsetIndex, offsetKey, offsets, queryBytes, queryRow,
  queryTable, rowBytes, rows, secondCount, secondKey, take, takeLines, unit, valueBytes, valueDepth,
  valueTable,
} from "./axis";
import { ln2 } from "./exponential";
import { addSingleToHeads, gather, ownLanes } from "./lanes";
import {
  contentQueries, contentScale, encodingBytes, encodings, keyEncodings, keyScale, positionQueries, prepareLogits,
  queryScale, stepToOther,
} from "./logits";
import { inverse0, inverse1, pairWeights } from "./pair";
import {
  addDotEncodings, addKeysByOffset, addToKeys, addToRows, dotLines, dotRows, moveRows,
  retrieveEncodings, retrieveRows, toGradient,
} from "./rows";
import { madd } from "./simd";

/** Gradients by the rows of the group: query, key (times log2(e)), value. */
export let slopes: usize = 0;
/** Gradient by qkv. */
export let qkvSlope: usize = 0;
let contentSlope: usize = 0, positionSlope: usize = 0;
/** Rows of the gradients by content and position, of all queries along the axis. */
let contentSlopeRows: usize = 0, positionSlopeRows: usize = 0;
/** Sums by offset of the group, and the part's: rows for query, key and value encodings. */
let sums: usize = 0, partSums: usize = 0;
/** The part's gradient by the factors, [3, N] of float64, and of the group those of the three terms. */
let scaleSums: usize = 0;
let contentSum: v128 = f32x4.splat(0), querySum: v128 = f32x4.splat(0), keySum: v128 = f32x4.splat(0);
/** Gradients by the weights, then by the logits, as `lines`. */
let slopeLines: usize = 0;
/** Of the pair: gradients by content and position, sums of keys and of query encodings weighted by g. */
let contentSlopes: usize = 0, positionSlopes: usize = 0, keySums: usize = 0, encodingSums: usize = 0;

/**
 * Reads the arguments after those of the geometry, from slot `first` on: gradients by content and position (0: none; the same
 * where only their sum was asked for), the gradient by qkv, the parts' sums and the bytes of one part's: if there are
 * encodings, offsets rows of [2 Dq + Dv][4 lanes]; then [3, N] of float64.
 */
export function prepareGradient(args: usize, first: i32, part: i32): void {
  prepareLogits();
  contentSlope = pointerAt(args, first);
  positionSlope = pointerAt(args, first + 1);
  qkvSlope = pointerAt(args, first + 2);
  const sumBytes = queryTable + keyTable + valueTable === 0 ? 0 : <usize>offsets * rowBytes;
  partSums = at(pointerAt(args, first + 3), part, pointerAt(args, first + 4));
  scaleSums = partSums + sumBytes;
  memory.fill(partSums, 0, sumBytes + (<usize>(3 * heads) << 3));
  slopes = take(<usize>(length * unit) * rowBytes);
  sums = take(sumBytes);
  memory.fill(sums, 0, sumBytes);
  slopeLines = takeLines();
  contentSlopeRows = take(<usize>length * valueBytes);
  positionSlopeRows = take(<usize>length * valueBytes);
  contentSlopes = take(2 * valueBytes);
  positionSlopes = take(2 * valueBytes);
  keySums = take(2 * queryBytes);
  encodingSums = take(2 * queryBytes);
}

export function beginGroup(): void {
  memory.fill(slopes, 0, <usize>(length * unit) * rowBytes);
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
 * Reads the gradients by the outputs of all queries along the axis, at the tensors' positions from `place` on. Together,
 * because what misses the caches then comes while more of it is asked for; a pair alone would wait for its own.
 */
export function readSlopes(place: i32): void {
  gather(contentSlope, valueDepth, 0, valueDepth, place, length, contentSlopeRows, valueBytes);
  if (valueTable === 0 || positionSlope === contentSlope) return;
  gather(positionSlope, valueDepth, 0, valueDepth, place, length, positionSlopeRows, valueBytes);
}

/** From the logits of the selected pair, of queries i and i + 1, to all that its weights and their gradients are added to. */
export function pairGradient(i: i32): void {
  pairWeights();
  dotSlopes(i);
  const line = at(slopeLines, firstKey, 16), weights = at(lines, firstKey, 16);
  const mean0 = f32x4.mul(inverse0, dotLines(weights, line, firstCount));
  let mean1 = f32x4.splat(0);
  if (secondCount > 0) {
    const line1 = at(slopeLines + lineBytes, secondKey, 16), weights1 = at(lines + lineBytes, secondKey, 16);
    mean1 = f32x4.mul(inverse1, dotLines(weights1, line1, secondCount));
  }
  finishPair(i, mean0, mean1);
}

/**
 * As `pairGradient`, where the softmax is over more than these keys, and `pairWeightsOf` has made the weights. The mean of the
 * gradients by the weights is then the product of the whole output with its gradient.
 */
export function pairGradientOf(i: i32, place: i32, output: usize): void {
  dotSlopes(i);
  gather(output, valueDepth, 0, valueDepth, place, min(2, length - i), positionSlopes, valueBytes);
  let mean0 = f32x4.splat(0), mean1 = mean0;
  for (let x: usize = 0; x < valueBytes; x += 16) {
    mean0 = f32x4.add(mean0, f32x4.mul(v128.load(contentSlopes + x), v128.load(positionSlopes + x)));
  }
  for (let x = valueBytes; x < 2 * valueBytes && secondCount > 0; x += 16) {
    mean1 = f32x4.add(mean1, f32x4.mul(v128.load(contentSlopes + x), v128.load(positionSlopes + x)));
  }
  finishPair(i, mean0, mean1);
}

/** Gradients by the weights, and by values and their encodings. */
function dotSlopes(i: i32): void {
  // Gradients by the outputs over the sum of the softmax: then d carries 1 / sum, and e dc is w times what it should be.
  loadSlopes(contentSlopeRows, i, contentSlopes);
  const valueOffset = 2 * queryBytes;
  const either = at(lines, eitherKey, 16);
  dotRows(
    contentSlopes, valueBytes, at(rows, eitherKey, rowBytes) + valueOffset, rowBytes,
    at(slopeLines, eitherKey, 16), lineBytes, eitherCount, fullValueDepth,
  );
  addToRows(
    contentSlopes, valueBytes, either, lineBytes, at(slopes, eitherKey, rowBytes) + valueOffset, rowBytes,
    eitherCount, fullValueDepth,
  );
  if (valueTable !== 0) {
    let dp = contentSlopes;
    if (positionSlope !== contentSlope) {
      dp = positionSlopes;
      loadSlopes(positionSlopeRows, i, dp);
    }
    addDotEncodings(
      dp, valueBytes, at(encodings, offsetIndex, encodingBytes) + (queryBytes >> 1), encodingBytes,
      at(slopeLines, offsetKey, 16), stepToOther(), offsetCount, fullValueDepth,
    );
    addToRows(
      dp, valueBytes, at(lines, offsetKey, 16), stepToOther(),
      at(sums, offsetIndex, rowBytes) + valueOffset, rowBytes, offsetCount, fullValueDepth,
    );
  }
}

/** From gradients by the weights, given their means by the weights, to those by logits and on to all that they depend on. */
function finishPair(i: i32, mean0: v128, mean1: v128): void {
  const slopeLines1 = slopeLines + lineBytes;
  toGradient(at(lines, firstKey, 16), at(slopeLines, firstKey, 16), firstCount, mean0);
  clearAround(slopeLines, firstKey, firstCount);
  if (secondCount > 0) {
    toGradient(at(lines + lineBytes, secondKey, 16), at(slopeLines1, secondKey, 16), secondCount, mean1);
    clearAround(slopeLines1, secondKey, secondCount);
  } else {
    clearSecond(slopeLines1);
  }
  addToQueriesAndKeys();
  contentSum = f32x4.add(contentSum, pairDot(i, keySums));
  if (queryTable !== 0) querySum = f32x4.add(querySum, pairDot(i, encodingSums));
  finishQueries(i);
}

/** From the gradients by the pair's logits to those by its queries, by keys and by their encodings. */
function addToQueriesAndKeys(): void {
  const either = at(slopeLines, eitherKey, 16), byOffset = at(slopeLines, offsetKey, 16);
  const keySlopes = slopes + queryBytes;
  const one = f32x4.splat(1);
  retrieveRows(
    at(rows, eitherKey, rowBytes) + queryBytes, rowBytes, either, lineBytes, eitherCount, fullKeyDepth,
    keySums, queryBytes, one, one,
  );
  if (keyTable !== 0) {
    addToKeys(
      contentQueries, queryBytes, at(keyEncodings, firstIndex, queryBytes), queryBytes, <usize>unit * queryBytes,
      either, lineBytes, at(keySlopes, eitherKey, rowBytes), rowBytes, eitherCount, fullKeyDepth,
    );
    addKeysByOffset(
      at(rows, offsetKey, rowBytes) + queryBytes, rowBytes, <usize>unit * rowBytes, byOffset, stepToOther(),
      at(sums, offsetIndex, rowBytes) + queryBytes, rowBytes, offsetCount, fullKeyDepth,
    );
  } else {
    addToRows(
      contentQueries, queryBytes, either, lineBytes, at(keySlopes, eitherKey, rowBytes), rowBytes, eitherCount,
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

function loadSlopes(slopeRows: usize, i: i32, pair: usize): void {
  let from = at(slopeRows, i, valueBytes);
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

/** The pair's gradient by the queries. */
function finishQueries(i: i32): void {
  const queries = min(2, length - i);
  for (let query = 0; query < queries; query++) {
    const to = at(slopes, (i + query) * unit + queryRow, rowBytes);
    const ofKeys = at(keySums, query, queryBytes), ofEncodings = at(encodingSums, query, queryBytes);
    for (let x: usize = 0; x < queryBytes; x += 16) {
      let slope = f32x4.mul(contentScale, v128.load(ofKeys + x));
      if (queryTable !== 0) slope = f32x4.add(slope, f32x4.mul(queryScale, v128.load(ofEncodings + x)));
      v128.store(to + x, slope);
    }
  }
}

/** Takes log2(e), which came with queries and encodings, out of the gradients by so many keys, `stride` bytes apart. */
export function finishKeys(from: usize, stride: usize, count: i32): void {
  const factor = f32x4.splat(ln2);
  for (let key = 0; key < count; key++) {
    const to = from + queryBytes;
    for (let x: usize = 0; x < queryBytes; x += 16) v128.store(to + x, f32x4.mul(factor, v128.load(to + x)));
    from += stride;
  }
}

/** Empties the sums of keys for the offsets from `first` on, which need the group's factors, into the part's at `to`. */
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

/** Empties those of queries (which carry their factor and log2(e)) and of gradients by position, of the lanes in `own`. */
export function flush(first: i32, to: i32, count: i32, own: v128): void {
  const from = at(sums, first, rowBytes), total = at(partSums, to, rowBytes);
  if (queryTable !== 0) moveRows(from, total, rowBytes, count, fullKeyDepth, f32x4.mul(own, f32x4.splat(ln2)));
  if (valueTable === 0) return;
  moveRows(from + 2 * queryBytes, total + 2 * queryBytes, rowBytes, count, fullValueDepth, own);
}
