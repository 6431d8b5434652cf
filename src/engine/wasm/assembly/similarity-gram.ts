/**
 * The similarity statistics without a single product, for long axes whose queries see every key.
 *
 * Each of the three terms is a set of products x = y.z, where y is a query (of the key-position term: a key) and z runs
 * over the n vectors that meet it: the keys, or the encodings of the offsets that it has to them. With the mean m of
 * those z and their centred Gram matrix C = sum (z - m)(z - m)^T,
 *
 *     sum x = n u,    sum x^2 = n u^2 + y.(C y),    u = y.m
 *
 * The two parts of the square are kept apart and the first is added up in float64: a mean far from zero then costs the
 * variance no digits.
 */
import { windowVectors } from "../attention-scratch";
import { at, bytesOf, firstOffset, fullKeyDepth, keyDepth, lastOffset, length, queryBytes, rowBytes, take } from "./axis";
import { madd } from "./simd";

/**
 * Of each i the mean of the encodings that meet query i (and key L - 1 - i), and their centred Gram matrix: plain
 * numbers, [L][1 + Dq][Dq], at the place that is returned, elements `windowBytes` apart.
 */
export function windowsOf(table: usize): usize {
  const ofOne = windowVectors(fullKeyDepth);
  const windows = take(length * ofOne);
  // Sum of the encodings and of their products, in float64, [1 + Dq][Dq].
  const sums = take(2 * ofOne);
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
  return bytesOf(windowVectors(fullKeyDepth));
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

/**
 * The mean of all vectors (of `from`: queries or keys of the rows) to `mean`, and they less the mean to `centred`,
 * [L][Dq].
 */
export function centre(from: usize, mean: usize, centred: usize): void {
  for (let x: usize = 0; x < queryBytes; x += 64) {
    sumRows(from + x, mean + x);
    subtract(from + x, mean + x, centred + x);
  }
}

/** Mean of four channels. */
function sumRows(from: usize, mean: usize): void {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (let i = length; i > 0; i--) {
    s0 = f32x4.add(s0, v128.load(from));
    s1 = f32x4.add(s1, v128.load(from, 16));
    s2 = f32x4.add(s2, v128.load(from, 32));
    s3 = f32x4.add(s3, v128.load(from, 48));
    from += rowBytes;
  }
  const share = f32x4.splat(<f32>(1 / <f64>length));
  v128.store(mean, f32x4.mul(s0, share));
  v128.store(mean, f32x4.mul(s1, share), 16);
  v128.store(mean, f32x4.mul(s2, share), 32);
  v128.store(mean, f32x4.mul(s3, share), 48);
}

function subtract(from: usize, mean: usize, to: usize): void {
  const m0 = v128.load(mean), m1 = v128.load(mean, 16), m2 = v128.load(mean, 32), m3 = v128.load(mean, 48);
  for (let i = length; i > 0; i--) {
    v128.store(to, f32x4.sub(v128.load(from), m0));
    v128.store(to, f32x4.sub(v128.load(from, 16), m1), 16);
    v128.store(to, f32x4.sub(v128.load(from, 32), m2), 32);
    v128.store(to, f32x4.sub(v128.load(from, 48), m3), 48);
    from += rowBytes;
    to += queryBytes;
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
