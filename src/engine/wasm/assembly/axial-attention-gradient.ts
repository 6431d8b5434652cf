/**
 * axialAttentionGradient: the gradients of axialAttention by qkv, encodings and factors. Logits and weights are computed
 * again, pair by pair of queries; nothing but the inputs was kept.
 *
 * With w the weights, dc and dp the gradients by content and position, and e = w times the softmax's sum:
 *
 *     d_ij = dc_i.v_j + dp_i.rv_{j-i}        g_ij = w_ij (d_ij - sum_m w_im d_im)       (the gradient by the logits)
 *     dv_j  = sum_i w_ij dc_i                drv_t = sum_i w_{i,i+t} dp_i
 *     dq_i  = sum_j g_ij (s0 k_j + s1 rq_{j-i})   dk_j = sum_i g_ij (s0 q_i + s2 rk_{j-i})
 *     drq_t = s1 sum_i g_{i,i+t} q_i         drk_t = s2 sum_i g_{i,i+t} k_{i+t}
 *     ds0 = sum_i q_i.(sum_j g_ij k_j)       ds1 = sum_i q_i.(sum_j g_ij rq_{j-i})      ds2 = sum_t rk_t.(drk_t / s2)
 *
 * Where all tasks meet, in the gradients of encodings and factors, each part adds up its own share; then
 * axialAttentionGradientSum adds the shares, in the order of the parts.
 */
import { integerAt, pointerAt, shareStart } from "./arguments";
import {
  at, before, eitherCount, eitherKey, firstCount, firstKey, fullKeyDepth, fullValueDepth, groupCount, heads, keyDepth,
  keyTable, length, lineBytes, lines, offsetCount, offsetIndex, offsetKey, offsets, queryBytes, queryTable, readAxis,
  rowBytes, rows, secondCount, secondKey, selectPair, take, takeLines, valueBytes, valueDepth, valueTable,
} from "./axis";
import { ln2, softmax } from "./exponential";
import { addSingleToHeads, gather, ownLanes, ownTasks, scatter } from "./lanes";
import {
  constants, contentQueries, contentScale, encodingBytes, encodings, keyEncodings, keyScale, loadGroup, pairLogits,
  positionQueries, prepareLogits, queryScale,
} from "./logits";
import {
  addDotEncodings, addKeysByOffset, addToKeys, addToRows, dotRows, retrieveEncodings, retrieveRows, toGradient,
} from "./rows";

/** Sums by offset are emptied into the part's own after about so many queries: fewer roundings, and hardly any cost. */
const queriesBetweenFlushes = 512;

/** Gradients by the rows of the group: query, key, value. */
let slopes: usize = 0;
/** Sums by offset of the group, and the part's: rows for query, key and value encodings. */
let sums: usize = 0, partSums: usize = 0;
/** The part's gradient by the factors, [3, N] of float64. */
let scaleSums: usize = 0;
/** Gradients by the weights, then by the logits, as `lines`. */
let slopeLines: usize = 0;
/** Of the pair: gradients by content and position, sums of keys and of query encodings weighted by g. */
let contentSlopes: usize = 0, positionSlopes: usize = 0;
let keySums: usize = 0, encodingSums: usize = 0;

/**
 * args: those of `readAxis`, then the gradients by content and position (0: none), the gradient by qkv, the parts' sums
 * and the bytes of one part's: R rows of [2 Dq + Dv][4 lanes], then [3, N] of float64
 */
export function axialAttentionGradient(args: usize, part: i32, parts: i32): void {
  readAxis(args, part);
  prepareLogits();
  const contentSlope = pointerAt(args, 15), positionSlope = pointerAt(args, 16), qkvSlope = pointerAt(args, 17);
  const sumBytes = <usize>offsets * rowBytes;
  partSums = at(pointerAt(args, 18), part, pointerAt(args, 19));
  scaleSums = partSums + sumBytes;
  memory.fill(partSums, 0, sumBytes + (<usize>(3 * heads) << 3));
  slopes = take(<usize>length * rowBytes);
  sums = take(sumBytes);
  memory.fill(sums, 0, sumBytes);
  slopeLines = takeLines();
  contentSlopes = take(2 * valueBytes);
  positionSlopes = take(2 * valueBytes);
  keySums = take(2 * queryBytes);
  encodingSums = take(2 * queryBytes);

  const groups = groupCount();
  const end = shareStart(groups, part + 1, parts);
  let queriesSinceFlush = 0;
  for (let group = shareStart(groups, part, parts); group < end; group++) {
    loadGroup(group);
    // What a lane without a task of its own adds must not count, so it is not mixed with what other groups added.
    if (ownTasks() < 4) flush(f32x4.splat(1));
    memory.fill(slopes, 0, <usize>length * rowBytes);
    let contentSum = f32x4.splat(0), querySum = f32x4.splat(0);
    for (let i = 0; i < length; i += 2) {
      selectPair(i);
      pairLogits(i);
      pairGradient(i, contentSlope, positionSlope);
      contentSum = f32x4.add(contentSum, pairDot(i, keySums));
      if (queryTable !== 0) querySum = f32x4.add(querySum, pairDot(i, encodingSums));
      finishQueries(i);
    }
    finishKeys();
    addSingleToHeads(scaleSums, heads, contentSum);
    addSingleToHeads(scaleSums + (heads << 3), heads, querySum);
    if (keyTable !== 0) flushKeys();
    queriesSinceFlush += length;
    if (ownTasks() < 4 || queriesSinceFlush >= queriesBetweenFlushes) {
      flush(ownLanes());
      queriesSinceFlush = 0;
    }
    const channels = 2 * keyDepth + valueDepth;
    if (keyDepth === fullKeyDepth) {
      scatter(qkvSlope, channels, 0, channels, 0, length, slopes, rowBytes);
    } else {
      scatter(qkvSlope, channels, 0, keyDepth, 0, length, slopes, rowBytes);
      scatter(qkvSlope, channels, keyDepth, keyDepth, 0, length, slopes + queryBytes, rowBytes);
      scatter(qkvSlope, channels, 2 * keyDepth, valueDepth, 0, length, slopes + 2 * queryBytes, rowBytes);
    }
  }
  flush(f32x4.splat(1));
}

/** From the logits of the selected pair to all that its weights and their gradients are added to. */
function pairGradient(i: i32, contentSlope: usize, positionSlope: usize): void {
  const lines1 = lines + lineBytes, slopeLines1 = slopeLines + lineBytes;
  const inverse0 = softmax(at(lines, firstKey, 16), firstCount, constants);
  let inverse1 = f32x4.splat(0);
  if (secondCount > 0) inverse1 = softmax(at(lines1, secondKey, 16), secondCount, constants);
  else memory.fill(at(lines1, firstKey, 16), 0, <usize>(firstCount + 1) << 4);

  // Gradients by the outputs over the sum of the softmax: then d carries 1 / sum, and e dc is w times what it should be.
  loadSlopes(contentSlope, i, contentSlopes, inverse0, inverse1);
  const valueOffset = 2 * queryBytes;
  const either = at(lines, eitherKey, 16), byOffset = at(lines, offsetKey, 16);
  dotRows(
    contentSlopes, valueBytes, at(rows, eitherKey, rowBytes) + valueOffset, rowBytes,
    at(slopeLines, eitherKey, 16), lineBytes, eitherCount, fullValueDepth,
  );
  addToRows(
    contentSlopes, valueBytes, either, lineBytes, at(slopes, eitherKey, rowBytes) + valueOffset, rowBytes,
    eitherCount, fullValueDepth,
  );
  if (valueTable !== 0) {
    loadSlopes(positionSlope, i, positionSlopes, inverse0, inverse1);
    addDotEncodings(
      positionSlopes, valueBytes, at(encodings, offsetIndex, encodingBytes) + (queryBytes >> 1), encodingBytes,
      at(slopeLines, offsetKey, 16), lineBytes + 16, offsetCount, fullValueDepth,
    );
    addToRows(
      positionSlopes, valueBytes, byOffset, lineBytes + 16, at(sums, offsetIndex, rowBytes) + valueOffset, rowBytes,
      offsetCount, fullValueDepth,
    );
  }
  toGradient(at(lines, firstKey, 16), at(slopeLines, firstKey, 16), firstCount, inverse0);
  if (secondCount > 0) {
    toGradient(at(lines1, secondKey, 16), at(slopeLines1, secondKey, 16), secondCount, inverse1);
  } else {
    memory.fill(at(slopeLines1, firstKey, 16), 0, <usize>(firstCount + 1) << 4);
  }

  const slopesEither = at(slopeLines, eitherKey, 16), slopesByOffset = at(slopeLines, offsetKey, 16);
  const one = f32x4.splat(1);
  retrieveRows(
    at(rows, eitherKey, rowBytes) + queryBytes, rowBytes, slopesEither, lineBytes, eitherCount, fullKeyDepth,
    keySums, queryBytes, one, one,
  );
  if (keyTable !== 0) {
    addToKeys(
      contentQueries, at(keyEncodings, firstKey - i + before, queryBytes), queryBytes,
      at(slopeLines, firstKey, 16), at(slopes, firstKey, rowBytes) + queryBytes, rowBytes, firstCount, fullKeyDepth,
    );
    if (secondCount > 0) {
      addToKeys(
        contentQueries + queryBytes, at(keyEncodings, secondKey - i - 1 + before, queryBytes), queryBytes,
        at(slopeLines1, secondKey, 16), at(slopes, secondKey, rowBytes) + queryBytes, rowBytes, secondCount, fullKeyDepth,
      );
    }
    addKeysByOffset(
      at(rows, offsetKey, rowBytes) + queryBytes, rowBytes, slopesByOffset, lineBytes + 16,
      at(sums, offsetIndex, rowBytes) + queryBytes, rowBytes, offsetCount, fullKeyDepth,
    );
  } else {
    addToRows(
      contentQueries, queryBytes, slopesEither, lineBytes, at(slopes, eitherKey, rowBytes) + queryBytes, rowBytes,
      eitherCount, fullKeyDepth,
    );
  }
  if (queryTable !== 0) {
    retrieveEncodings(
      at(encodings, offsetIndex, encodingBytes), encodingBytes, slopesByOffset, lineBytes + 16,
      offsetCount, fullKeyDepth, encodingSums, queryBytes, one, one,
    );
    addToRows(
      positionQueries, queryBytes, slopesByOffset, lineBytes + 16, at(sums, offsetIndex, rowBytes), rowBytes,
      offsetCount, fullKeyDepth,
    );
  }
}

function loadSlopes(tensor: usize, i: i32, pair: usize, scale0: v128, scale1: v128): void {
  gather(tensor, valueDepth, 0, valueDepth, i, min(2, length - i), pair, valueBytes);
  for (let x: usize = 0; x < valueBytes; x += 16) v128.store(pair + x, f32x4.mul(v128.load(pair + x), scale0));
  pair += valueBytes;
  if (secondCount > 0) {
    for (let x: usize = 0; x < valueBytes; x += 16) v128.store(pair + x, f32x4.mul(v128.load(pair + x), scale1));
  } else {
    memory.fill(pair, 0, valueBytes);
  }
}

/** q_i.x_0 + q_{i+1}.x_1 for a pair of rows x; the row after the last query is zero. */
function pairDot(i: i32, pair: usize): v128 {
  const query = at(rows, i, rowBytes);
  let sum = f32x4.splat(0);
  for (let x: usize = 0; x < queryBytes; x += 16) {
    sum = f32x4.add(sum, f32x4.mul(v128.load(query + x), v128.load(pair + x)));
    sum = f32x4.add(sum, f32x4.mul(v128.load(query + rowBytes + x), v128.load(pair + queryBytes + x)));
  }
  return sum;
}

/** The pair's gradient by the queries. */
function finishQueries(i: i32): void {
  const queries = min(2, length - i);
  for (let query = 0; query < queries; query++) {
    const to = at(slopes, i + query, rowBytes);
    const keySum = at(keySums, query, queryBytes), encodingSum = at(encodingSums, query, queryBytes);
    for (let x: usize = 0; x < queryBytes; x += 16) {
      let slope = f32x4.mul(contentScale, v128.load(keySum + x));
      if (queryTable !== 0) slope = f32x4.add(slope, f32x4.mul(queryScale, v128.load(encodingSum + x)));
      v128.store(to + x, slope);
    }
  }
}

/** Takes log2(e), which came with queries and encodings, out of the gradient by the keys. */
function finishKeys(): void {
  const factor = f32x4.splat(ln2);
  for (let key = 0; key < length; key++) {
    const to = at(slopes, key, rowBytes) + queryBytes;
    for (let x: usize = 0; x < queryBytes; x += 16) v128.store(to + x, f32x4.mul(factor, v128.load(to + x)));
  }
}

/** Empties the group's sums of keys by offset, which need this group's factors. */
function flushKeys(): void {
  const own = ownLanes();
  const factor = f32x4.mul(keyScale, own);
  let product = f32x4.splat(0);
  for (let offset = 0; offset < offsets; offset++) {
    const from = at(sums, offset, rowBytes) + queryBytes, to = at(partSums, offset, rowBytes) + queryBytes;
    const encoding = at(encodings, offset, encodingBytes) + (queryBytes >> 2);
    for (let x: usize = 0; x < queryBytes; x += 16) {
      const sum = v128.load(from + x);
      product = f32x4.add(product, f32x4.mul(sum, v128.load32_splat(encoding + (x >> 2))));
      v128.store(to + x, f32x4.add(v128.load(to + x), f32x4.mul(factor, sum)));
      v128.store(from + x, f32x4.splat(0));
    }
  }
  addSingleToHeads(scaleSums + (heads << 4), heads, product);
}

/** Empties the sums by offset of queries (which carry their factor and log2(e)) and of gradients by position. */
function flush(own: v128): void {
  if (queryTable !== 0) flushRows(0, fullKeyDepth, f32x4.mul(own, f32x4.splat(ln2)));
  if (valueTable !== 0) flushRows(2 * queryBytes, fullValueDepth, own);
}

function flushRows(part: usize, depth: i32, factor: v128): void {
  const bytes = <usize>depth << 4;
  for (let offset = 0; offset < offsets; offset++) {
    const from = at(sums, offset, rowBytes) + part, to = at(partSums, offset, rowBytes) + part;
    for (let x: usize = 0; x < bytes; x += 16) {
      v128.store(to + x, f32x4.add(v128.load(to + x), f32x4.mul(factor, v128.load(from + x))));
      v128.store(from + x, f32x4.splat(0));
    }
  }
}

/**
 * Adds the shares of the parts, and the lanes, to gradients by encodings and factors.
 * args: parts' sums, bytes of one part's, number of them, L, N, Dq, Dv, before, after, then the gradients by query, key and
 * value tables (0: none) and by the factors
 */
export function axialAttentionGradientSum(args: usize, part: i32, parts: i32): void {
  if (part !== 0) return;
  const from = pointerAt(args, 0), partBytes = pointerAt(args, 1), count = integerAt(args, 2);
  const L = integerAt(args, 3), N = integerAt(args, 4), Dq = integerAt(args, 5), Dv = integerAt(args, 6);
  const before = integerAt(args, 7), after = integerAt(args, 8);
  const queries = <usize>((Dq + 3) & ~3) << 4, values = <usize>((Dv + 3) & ~3) << 4;
  const bytes = 2 * queries + values;
  const skipped = L - 1 - before, R = before + 1 + after;
  sumTable(pointerAt(args, 9), Dq, L, skipped, R, from, bytes, partBytes, count);
  sumTable(pointerAt(args, 10), Dq, L, skipped, R, from + queries, bytes, partBytes, count);
  sumTable(pointerAt(args, 11), Dv, L, skipped, R, from + 2 * queries, bytes, partBytes, count);
  const to = pointerAt(args, 12);
  const numbers = from + <usize>R * bytes;
  for (let x = 0; x < 3 * N; x++) {
    let sum: f64 = 0;
    for (let p = 0; p < count; p++) sum += load<f64>(at(at(numbers, p, partBytes), x, 8));
    store<f32>(at(to, x, 4), <f32>sum);
  }
}

/** Rows `skipped` to skipped + R - 1 of a table [2L - 1, depth]; the others, outside the window, are zero. */
function sumTable(
  to: usize, depth: i32, L: i32, skipped: i32, R: i32, from: usize, bytes: usize, partBytes: usize, count: i32,
): void {
  if (to === 0) return;
  const tableBytes = <usize>depth << 2;
  memory.fill(to, 0, <usize>(2 * L - 1) * tableBytes);
  to = at(to, skipped, tableBytes);
  for (let offset = 0; offset < R; offset++) {
    for (let d: usize = 0; d < tableBytes; d += 4) {
      let sum: f64 = 0;
      for (let p = 0; p < count; p++) {
        const lanes = at(at(from, offset, bytes), p, partBytes) + (d << 2);
        sum += <f64>load<f32>(lanes) + <f64>load<f32>(lanes, 4) + (<f64>load<f32>(lanes, 8) + <f64>load<f32>(lanes, 12));
      }
      store<f32>(to + d, <f32>sum);
    }
    to += tableBytes;
  }
}
