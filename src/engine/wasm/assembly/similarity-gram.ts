/**
 * The similarity statistics without a single product, for long axes whose queries see every key.
 *
 * Each of the three terms is a set of products x = y.z, where y is a query (of the key-position term: a key) and z runs over
 * the n vectors that meet it: the keys, or the encodings of the offsets that it has to them. With the mean m of those z and
 * their centred Gram matrix C = sum (z - m)(z - m)^T,
 *
 *     sum x = n u,    sum x^2 = n u^2 + y.(C y),    u = y.m
 *
 * The two parts of the square are kept apart and the first is added up in float64: a mean far from zero then costs the
 * variance no digits.
 */
import { at, firstOffset, fullKeyDepth, keyDepth, lastOffset, length, queryBytes, rowBytes, take } from "./axis";
import { madd } from "./simd";

/**
 * Of each i the mean of the encodings that meet query i (and key L - 1 - i), and their centred Gram matrix: plain numbers,
 * [L][1 + Dq][Dq], at the place that is returned, elements `windowBytes` apart.
 */
export function windowsOf(table: usize): usize {
  const windows = take(<usize>length * windowBytes());
  // Sum of the encodings and of their products, in float64, [1 + Dq][Dq].
  const sums = take(2 * windowBytes());
  memory.fill(windows, 0, <usize>length * windowBytes());
  memory.fill(sums, 0, 2 * windowBytes());
  const bytes = <usize>keyDepth << 2, width = <usize>fullKeyDepth;
  const zero = at(table, length - 1, bytes); // the encoding of offset 0
  let first = firstOffset(0), last = first - 1;
  for (let i = 0; i < length; i++) {
    // From one position to the next a window moves down by one offset, or grows or shrinks at one end.
    while (first > firstOffset(i)) addProducts(at(zero, --first, bytes), sums, 1);
    while (last < lastOffset(i)) addProducts(at(zero, ++last, bytes), sums, 1);
    while (last > lastOffset(i)) addProducts(at(zero, last--, bytes), sums, -1);
    const count = <f64>(last - first + 1);
    let to = at(windows, i, windowBytes());
    let from = sums;
    for (let a = 0; a < keyDepth; a++) store<f32>(at(to, a, 4), <f32>(load<f64>(at(sums, a, 8)) / count));
    for (let a = 0; a < keyDepth; a++) {
      const mean = load<f64>(at(sums, a, 8)) / count;
      to += width << 2;
      from += width << 3;
      for (let b = 0; b < keyDepth; b++) {
        store<f32>(at(to, b, 4), <f32>(load<f64>(at(from, b, 8)) - mean * load<f64>(at(sums, b, 8))));
      }
    }
  }
  return windows;
}

export function windowBytes(): usize {
  return <usize>(fullKeyDepth + 1) * <usize>fullKeyDepth << 2;
}

function addProducts(row: usize, sums: usize, sign: f64): void {
  let to = sums;
  for (let a = 0; a < keyDepth; a++) {
    const x = sign * <f64>load<f32>(at(row, a, 4));
    store<f64>(at(sums, a, 8), load<f64>(at(sums, a, 8)) + x);
    to += <usize>fullKeyDepth << 3;
    for (let b = 0; b < keyDepth; b++) {
      store<f64>(at(to, b, 8), load<f64>(at(to, b, 8)) + x * <f64>load<f32>(at(row, b, 4)));
    }
  }
}

/** The mean of all vectors (of `from`: queries or keys of the rows) to `mean`, and they less the mean to `centred`, [L][Dq]. */
export function centre(from: usize, mean: usize, centred: usize): void {
  const share = f32x4.splat(<f32>(1 / <f64>length));
  for (let x: usize = 0; x < queryBytes; x += 16) {
    let sum = f32x4.splat(0);
    for (let i = 0; i < length; i++) sum = f32x4.add(sum, v128.load(at(from, i, rowBytes) + x));
    const m = f32x4.mul(sum, share);
    v128.store(mean + x, m);
    for (let i = 0; i < length; i++) {
      v128.store(at(centred, i, queryBytes) + x, f32x4.sub(v128.load(at(from, i, rowBytes) + x), m));
    }
  }
}

/** Gram matrix sum_i x_i x_i^T of L vectors, `bytes` apart: [Dq][Dq] vectors of lanes. Tiles of 2 x 4 stay in registers. */
export function gram(vectors: usize, bytes: usize, to: usize): void {
  for (let a: usize = 0; a < queryBytes; a += 32) {
    for (let b: usize = a & ~63; b < queryBytes; b += 64) {
      let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, t0 = s0, t1 = s0, t2 = s0, t3 = s0;
      let x = vectors + a, y = vectors + b;
      for (let i = 0; i < length; i++) {
        const x0 = v128.load(x), x1 = v128.load(x, 16);
        const y0 = v128.load(y), y1 = v128.load(y, 16), y2 = v128.load(y, 32), y3 = v128.load(y, 48);
        s0 = madd(x0, y0, s0);
        s1 = madd(x0, y1, s1);
        s2 = madd(x0, y2, s2);
        s3 = madd(x0, y3, s3);
        t0 = madd(x1, y0, t0);
        t1 = madd(x1, y1, t1);
        t2 = madd(x1, y2, t2);
        t3 = madd(x1, y3, t3);
        x += bytes;
        y += bytes;
      }
      storeBoth(to, a, b, s0, s1, s2, s3);
      storeBoth(to, a + 16, b, t0, t1, t2, t3);
    }
  }
}

/** Elements (a, b .. b + 3) of a symmetric matrix and their mirror images; indices times 16. */
function storeBoth(matrix: usize, a: usize, b: usize, s0: v128, s1: v128, s2: v128, s3: v128): void {
  const width = <usize>fullKeyDepth;
  const row = matrix + a * width + b, column = matrix + b * width + a;
  v128.store(row, s0);
  v128.store(row, s1, 16);
  v128.store(row, s2, 32);
  v128.store(row, s3, 48);
  v128.store(column, s0);
  v128.store(column + (width << 4), s1);
  v128.store(column + (width << 5), s2);
  v128.store(column + 3 * (width << 4), s3);
}

/** C y for a symmetric matrix of plain numbers: [Dq] vectors of lanes. */
export function multiply(matrix: usize, y: usize, to: usize): void {
  const bytes = <usize>fullKeyDepth << 2;
  for (let a: usize = 0; a < queryBytes; a += 64) {
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    let row = matrix + (a >> 2);
    for (let x: usize = 0; x < queryBytes; x += 16) {
      const z = v128.load(y + x);
      s0 = madd(z, v128.load32_splat(row), s0);
      s1 = madd(z, v128.load32_splat(row, 4), s1);
      s2 = madd(z, v128.load32_splat(row, 8), s2);
      s3 = madd(z, v128.load32_splat(row, 12), s3);
      row += bytes;
    }
    v128.store(to + a, s0);
    v128.store(to + a, s1, 16);
    v128.store(to + a, s2, 32);
    v128.store(to + a, s3, 48);
  }
}

/** x.y of vectors of lanes. */
export function dot(x: usize, y: usize, bytes: usize): v128 {
  let s = f32x4.splat(0), t = s;
  for (let d: usize = 0; d < bytes; d += 32) {
    s = madd(v128.load(x + d), v128.load(y + d), s);
    t = madd(v128.load(x + d, 16), v128.load(y + d, 16), t);
  }
  return f32x4.add(s, t);
}

/** x.y of a vector of lanes and one of plain numbers. */
export function dotEncoding(x: usize, encoding: usize): v128 {
  let s = f32x4.splat(0);
  for (let d: usize = 0; d < queryBytes; d += 16) s = madd(v128.load(x + d), v128.load32_splat(encoding + (d >> 2)), s);
  return s;
}
