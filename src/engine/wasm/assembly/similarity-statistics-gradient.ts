/**
 * similarityStatisticsGradient: from gradients by mean and variance to those by queries, keys and encodings.
 *
 * With M pairs, the gradient by a product x is a + b x, where b = 2 dvariance / M and a = dmean / M - b mean. In the notation
 * of similarity.ts, of a term with products y.z:
 *
 *     dy = sum_z (a + b x) z = n (a + b u) m + b C y
 *
 * and, of the encodings, dz = sum_y (a + b x) y = sum_y a y + (sum_y b y y^T) z over the y that meet z: the rows are added up
 * by position, over all tasks, and similarityStatisticsGradientSum pairs them with the encodings.
 */
import { integerAt, pointerAt, shareStart } from "./arguments";
import {
  at, eitherCount, eitherKey, firstCount, firstKey, firstOffset, fullKeyDepth, groupCount, heads, inner, keyDepth,
  keyTable, lastOffset, length, lineBytes, lines, loadRows, outer, queryBytes, queryTable, readAxis, rowBytes, rows,
  secondCount, secondKey, selectPair, take, valueDepth,
} from "./axis";
import { gather, headValues, ownLanes, scatter } from "./lanes";
import { addToRows, dotRows, retrieveRows } from "./rows";
import { centre, dot, dotEncoding, gram, isGlobal, multiply, windowBytes, windowsOf } from "./similarity";
import { madd } from "./simd";

/** a and b of each term and head: [3 terms][2][N] of float32. */
let coefficients: usize = 0;
let slopes: usize = 0;
let gramMatrix: usize = 0, mean: usize = 0, centred: usize = 0;
/** Of each position, sum of a y and of b y y^T over the part's tasks: [L][1 + Dq][Dq][4 lanes]. */
let querySums: usize = 0, keySums: usize = 0, sumBytes: usize = 0;

/**
 * args: those of `readAxis`, then mean, its gradient and that by the variance, [3, N] each, the gradient by qkv, whether to
 * add to what it holds, the parts' sums and the bytes of one part's: [2 terms][L][1 + Dq][Dq][4 lanes]
 */
export function similarityStatisticsGradient(args: usize, part: i32, parts: i32): void {
  readAxis(args, part);
  const qkvSlope = pointerAt(args, 18), adds = integerAt(args, 19) !== 0;
  coefficients = take(<usize>(6 * heads + 3) >> 2 << 4);
  readCoefficients(pointerAt(args, 15), pointerAt(args, 16), pointerAt(args, 17));
  slopes = take(<usize>(length + 1) * rowBytes);
  gramMatrix = take(<usize>fullKeyDepth * queryBytes);
  mean = take(queryBytes);
  centred = take(<usize>(length + 1) * queryBytes);
  sumBytes = <usize>(fullKeyDepth + 1) * queryBytes;
  querySums = at(pointerAt(args, 20), part, pointerAt(args, 21));
  keySums = querySums + <usize>length * sumBytes;
  memory.fill(querySums, 0, 2 * <usize>length * sumBytes);
  const queryWindows = queryTable === 0 ? 0 : windowsOf(queryTable);
  const keyWindows = keyTable === 0 ? 0 : windowsOf(keyTable);
  const channels = 2 * keyDepth + valueDepth;
  const end = shareStart(groupCount(), part + 1, parts);
  for (let group = shareStart(groupCount(), part, parts); group < end; group++) {
    loadRows(group);
    memory.fill(slopes, 0, <usize>length * rowBytes);
    if (adds) {
      gather(qkvSlope, channels, 0, keyDepth, 0, length, slopes, rowBytes);
      gather(qkvSlope, channels, keyDepth, keyDepth, 0, length, slopes + queryBytes, rowBytes);
    }
    if (isGlobal()) {
      contentFromGram(rows, rows + queryBytes, slopes);
      contentFromGram(rows + queryBytes, rows, slopes + queryBytes);
    } else {
      contentFromProducts();
    }
    for (let i = 0; i < length; i++) {
      const y = at(rows, i, rowBytes), slope = at(slopes, i, rowBytes);
      if (queryTable !== 0) position(1, y, i, queryWindows, querySums, slope);
      if (keyTable !== 0) position(2, y + queryBytes, length - 1 - i, keyWindows, keySums, slope + queryBytes);
    }
    scatter(qkvSlope, channels, 0, keyDepth, 0, length, slopes, rowBytes);
    scatter(qkvSlope, channels, keyDepth, keyDepth, 0, length, slopes + queryBytes, rowBytes);
    if (!adds) scatter(qkvSlope, channels, 2 * keyDepth, valueDepth, 0, length, slopes + 2 * queryBytes, rowBytes);
  }
}

function readCoefficients(means: usize, meanSlopes: usize, varianceSlopes: usize): void {
  let pairs: f64 = 0;
  for (let i = 0; i < length; i++) pairs += <f64>(lastOffset(i) - firstOffset(i) + 1);
  pairs *= <f64>outer * <f64>inner;
  for (let term = 0; term < 3; term++) {
    for (let head = 0; head < heads; head++) {
      const from = (term * heads + head) << 2;
      const b = 2 * <f64>load<f32>(varianceSlopes + from) / pairs;
      const a = <f64>load<f32>(meanSlopes + from) / pairs - b * <f64>load<f32>(means + from);
      store<f32>(at(coefficients, 2 * term * heads + head, 4), <f32>a);
      store<f32>(at(coefficients, (2 * term + 1) * heads + head, 4), <f32>b);
    }
  }
}

/** a or b (which = 0 or 1) of a term for each lane. */
function coefficient(term: i32, which: i32): v128 {
  return headValues(at(coefficients, (2 * term + which) * heads, 4), heads);
}

/** dy += n (a + b u) m + b C y for all y, where z are all of the others: of the queries by the keys, or the other way. */
function contentFromGram(vectors: usize, others: usize, slope: usize): void {
  centre(others, mean, centred);
  gram(centred, queryBytes, gramMatrix);
  const b = coefficient(0, 1), a = coefficient(0, 0), n = f32x4.splat(<f32>length);
  for (let i = 0; i < length; i += 2) {
    // C y of a pair, as the weighted sum of the rows of C with the elements of y for weights.
    retrieveRows(
      gramMatrix, queryBytes, at(vectors, i, rowBytes), rowBytes, fullKeyDepth, fullKeyDepth,
      at(centred, i, queryBytes), queryBytes, b, b,
    );
  }
  for (let i = 0; i < length; i++) {
    const u = dot(at(vectors, i, rowBytes), mean, queryBytes);
    const factor = f32x4.mul(n, madd(b, u, a));
    const to = at(slope, i, rowBytes), from = at(centred, i, queryBytes);
    for (let x: usize = 0; x < queryBytes; x += 16) {
      const curved = f32x4.add(v128.load(to + x), v128.load(from + x));
      v128.store(to + x, madd(factor, v128.load(mean + x), curved));
    }
  }
}

/** The same pair by pair, where queries see different keys: lines of products, turned into lines of a + b x. */
function contentFromProducts(): void {
  const a = coefficient(0, 0), b = coefficient(0, 1), one = f32x4.splat(1);
  for (let i = 0; i < length; i += 2) {
    selectPair(i);
    const queries = at(rows, i, rowBytes), keys = at(rows, eitherKey, rowBytes) + queryBytes;
    const either = at(lines, eitherKey, 16);
    dotRows(queries, rowBytes, keys, rowBytes, either, lineBytes, eitherCount, fullKeyDepth);
    toSlopes(at(lines, firstKey, 16), firstCount, a, b);
    if (secondCount > 0) toSlopes(at(lines + lineBytes, secondKey, 16), secondCount, a, b);
    else memory.fill(at(lines + lineBytes, firstKey, 16), 0, <usize>(firstCount + 1) << 4);
    retrieveRows(
      keys, rowBytes, either, lineBytes, eitherCount, fullKeyDepth, centred, queryBytes, one, one,
    );
    addVector(at(slopes, i, rowBytes), centred);
    if (secondCount > 0) addVector(at(slopes, i + 1, rowBytes), centred + queryBytes);
    addToRows(
      queries, rowBytes, either, lineBytes, at(slopes, eitherKey, rowBytes) + queryBytes, rowBytes,
      eitherCount, fullKeyDepth,
    );
  }
}

function toSlopes(line: usize, count: i32, a: v128, b: v128): void {
  const end = at(line, count, 16);
  for (let p = line; p < end; p += 16) v128.store(p, madd(b, v128.load(p), a));
  v128.store(line - 16, f32x4.splat(0));
  v128.store(end, f32x4.splat(0));
}

function addVector(to: usize, from: usize): void {
  for (let x: usize = 0; x < queryBytes; x += 16) v128.store(to + x, f32x4.add(v128.load(to + x), v128.load(from + x)));
}

/** One y of a position term, which meets the encodings of position i: its gradient, and what it adds to theirs. */
function position(term: i32, y: usize, i: i32, windows: usize, sums: usize, slope: usize): void {
  const a = coefficient(term, 0), b = coefficient(term, 1);
  const window = at(windows, i, windowBytes());
  const n = f32x4.splat(<f32>(lastOffset(i) - firstOffset(i) + 1));
  multiply(window + (queryBytes >> 2), y, centred);
  const factor = f32x4.mul(n, madd(b, dotEncoding(y, window), a));
  const own = ownLanes();
  const ownA = f32x4.mul(own, a), ownB = f32x4.mul(own, b);
  let to = at(sums, i, sumBytes);
  for (let x: usize = 0; x < queryBytes; x += 16) {
    const curved = madd(b, v128.load(centred + x), v128.load(slope + x));
    v128.store(slope + x, madd(factor, v128.load32_splat(window + (x >> 2)), curved));
    v128.store(to + x, madd(ownA, v128.load(y + x), v128.load(to + x)));
  }
  for (let c: usize = 0; c < queryBytes; c += 16) {
    to += queryBytes;
    const z = f32x4.mul(ownB, v128.load(y + c));
    // The matrix is symmetric: from the diagonal's block of four on, the rest is mirrored when the parts are summed.
    for (let x = c & ~63; x < queryBytes; x += 64) {
      const at = to + x, from = y + x;
      v128.store(at, madd(z, v128.load(from), v128.load(at)));
      v128.store(at, madd(z, v128.load(from, 16), v128.load(at, 16)), 16);
      v128.store(at, madd(z, v128.load(from, 32), v128.load(at, 32)), 32);
      v128.store(at, madd(z, v128.load(from, 48), v128.load(at, 48)), 48);
    }
  }
}

/**
 * Gradients by the encodings, from the parts' sums in the order of the parts.
 * args: parts' sums, bytes of one part's, number of them, L, Dq, before, after, query table, key table (0: none), gradients by
 * them, scratch: (L + 1) (1 + Dq) Dq numbers of float64
 */
export function similarityStatisticsGradientSum(args: usize, part: i32, parts: i32): void {
  if (part !== 0) return;
  const sums = pointerAt(args, 0), partBytes = pointerAt(args, 1), count = integerAt(args, 2);
  const L = integerAt(args, 3), depth = integerAt(args, 4);
  const before = integerAt(args, 5), after = integerAt(args, 6);
  const scratch = pointerAt(args, 11);
  const full = <usize>((depth + 3) & ~3);
  const termBytes = <usize>L * (full + 1) * full << 4;
  if (pointerAt(args, 7) !== 0) {
    addUp(sums, partBytes, count, L, depth, scratch);
    pairUp(scratch, pointerAt(args, 7), pointerAt(args, 9), L, depth, before, after);
  }
  if (pointerAt(args, 8) !== 0) {
    addUp(sums + termBytes, partBytes, count, L, depth, scratch);
    pairUp(scratch, pointerAt(args, 8), pointerAt(args, 10), L, depth, before, after);
  }
}

/** Sums over parts, lanes and positions 0 to i - 1 for i = 0 .. L: [L + 1][1 + Dq][Dq] of float64. */
function addUp(sums: usize, partBytes: usize, count: i32, L: i32, depth: i32, to: usize): void {
  const full = (depth + 3) & ~3;
  const numbers = (1 + depth) * depth;
  memory.fill(to, 0, <usize>numbers << 3);
  for (let i = 0; i < L; i++) {
    for (let row = 0; row <= depth; row++) {
      for (let column = 0; column < depth; column++) {
        // Row 0 is the sum of a y; of the matrix below it, only blocks of four on and right of the diagonal are there.
        const mirrored = row > 0 && column < ((row - 1) & ~3);
        const index = mirrored ? (column + 1) * full + row - 1 : row * full + column;
        let sum: f64 = 0;
        for (let p = 0; p < count; p++) {
          const lanes = at(at(sums, p, partBytes), i * (full + 1) * full + index, 16);
          sum += <f64>load<f32>(lanes) + <f64>load<f32>(lanes, 4) + (<f64>load<f32>(lanes, 8) + <f64>load<f32>(lanes, 12));
        }
        const from = at(to, i * numbers + row * depth + column, 8);
        store<f64>(at(from, numbers, 8), load<f64>(from) + sum);
      }
    }
  }
}

/** dz = sum a y + (sum b y y^T) z for each encoding z: offset t meets the positions max(0, -t) .. min(L - 1, L - 1 - t). */
function pairUp(totals: usize, table: usize, slope: usize, L: i32, depth: i32, before: i32, after: i32): void {
  const numbers = (1 + depth) * depth;
  memory.fill(slope, 0, <usize>((2 * L - 1) * depth) << 2);
  for (let offset = -before; offset <= after; offset++) {
    const from = at(totals, max(0, -offset) * numbers, 8), to = at(totals, min(L, L - offset) * numbers, 8);
    const row = (offset + L - 1) * depth;
    for (let c = 0; c < depth; c++) {
      let sum = load<f64>(at(to, c, 8)) - load<f64>(at(from, c, 8));
      for (let d = 0; d < depth; d++) {
        const index = (1 + c) * depth + d;
        const product = load<f64>(at(to, index, 8)) - load<f64>(at(from, index, 8));
        sum += product * <f64>load<f32>(at(table, row + d, 4));
      }
      store<f32>(at(slope, row + c, 4), <f32>sum);
    }
  }
}
