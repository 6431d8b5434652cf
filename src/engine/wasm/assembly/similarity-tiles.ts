/**
 * Inner loops of the similarity statistics by Gram matrices, on four tasks side by side.
 *
 * Vectors y_i of L positions lie `bytes` apart (which may be negative: from the last to the first), each [Dq][4 lanes].
 * A matrix of lanes is [Dq][Dq] vectors; windows, one for each position, are plain numbers (see windowsOf).
 *
 * Every loop goes along the positions, with a tile of 2 rows by 4 columns of a matrix in registers or loaded; what is
 * short, the depth, stays outside. As in rows.ts a loop may load only so much between two stores.
 */
import { at, fullKeyDepth, length } from "./axis";
import { madd } from "./simd";

/** line[i] = y_i.m for one m of lanes. */
export function dotVector(y: usize, bytes: usize, m: usize, line: usize): void {
  const end = at(line, length, 16);
  for (let d = 0; d < fullKeyDepth; d += 4) {
    const m0 = v128.load(m), m1 = v128.load(m, 16), m2 = v128.load(m, 32), m3 = v128.load(m, 48);
    let x = y;
    for (let p = line; p < end; p += 16) {
      const sum = d === 0 ? f32x4.splat(0) : v128.load(p);
      const low = madd(m2, v128.load(x, 32), madd(m0, v128.load(x), sum));
      const high = madd(m3, v128.load(x, 48), f32x4.mul(m1, v128.load(x, 16)));
      v128.store(p, f32x4.add(low, high));
      x += bytes;
    }
    y += 64;
    m += 64;
  }
}

/** line[i] = y_i.m_i for plain m_i, `windowBytes` apart. */
export function dotVectors(y: usize, bytes: usize, m: usize, windowBytes: usize, line: usize): void {
  const end = at(line, length, 16);
  for (let d = 0; d < fullKeyDepth; d += 4) {
    let x = y, n = m;
    for (let p = line; p < end; p += 16) {
      const sum = d === 0 ? f32x4.splat(0) : v128.load(p);
      const low = madd(v128.load32_splat(n, 4), v128.load(x, 16), madd(v128.load32_splat(n), v128.load(x), sum));
      const high = madd(v128.load32_splat(n, 12), v128.load(x, 48), f32x4.mul(v128.load32_splat(n, 8), v128.load(x, 32)));
      v128.store(p, f32x4.add(low, high));
      x += bytes;
      n += windowBytes;
    }
    y += 64;
    m += 16;
  }
}

/** sum_i y_i.(C_i y_i) for symmetric plain C_i. */
export function windowForms(y: usize, bytes: usize, matrices: usize, windowBytes: usize): v128 {
  let sum = f32x4.splat(0);
  for (let a = 0; a < fullKeyDepth; a += 2) {
    for (let b = a & ~3; b < fullKeyDepth; b += 4) {
      const tile = windowTile(at(y, a, 16), at(y, b, 16), bytes, at(matrices, a * fullKeyDepth + b, 4), windowBytes);
      sum = f32x4.add(sum, tile);
      if (b > a) sum = f32x4.add(sum, tile); // and its mirror image
    }
  }
  return sum;
}

/** The part of two rows and four columns. */
function windowTile(x: usize, y: usize, bytes: usize, c: usize, windowBytes: usize): v128 {
  const width = <usize>fullKeyDepth << 2;
  let sum = f32x4.splat(0);
  for (let i = length; i > 0; i--) {
    const y0 = v128.load(y), y1 = v128.load(y, 16), y2 = v128.load(y, 32), y3 = v128.load(y, 48);
    const next = c + width;
    let row = f32x4.mul(v128.load32_splat(c), y0);
    let other = f32x4.mul(v128.load32_splat(next), y0);
    row = madd(v128.load32_splat(c, 4), y1, row);
    other = madd(v128.load32_splat(next, 4), y1, other);
    row = madd(v128.load32_splat(c, 8), y2, row);
    other = madd(v128.load32_splat(next, 8), y2, other);
    row = madd(v128.load32_splat(c, 12), y3, row);
    other = madd(v128.load32_splat(next, 12), y3, other);
    sum = madd(v128.load(x), row, sum);
    sum = madd(v128.load(x, 16), other, sum);
    x += bytes;
    y += bytes;
    c += windowBytes;
  }
  return sum;
}

/** Gram matrix sum_i y_i y_i^T of lanes. */
export function gram(y: usize, bytes: usize, to: usize): void {
  for (let a = 0; a < fullKeyDepth; a += 2) {
    for (let b = a & ~3; b < fullKeyDepth; b += 4) gramTile(at(y, a, 16), at(y, b, 16), bytes, to, a, b);
  }
}

function gramTile(x: usize, y: usize, bytes: usize, to: usize, a: i32, b: i32): void {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, t0 = s0, t1 = s0, t2 = s0, t3 = s0;
  for (let i = length; i > 0; i--) {
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
  storeBoth(to, a + 1, b, t0, t1, t2, t3);
}

/** Elements (a, b .. b + 3) of a symmetric matrix and their mirror images. */
function storeBoth(matrix: usize, a: i32, b: i32, s0: v128, s1: v128, s2: v128, s3: v128): void {
  const width = <usize>fullKeyDepth << 4;
  const row = at(at(matrix, a, width), b, 16), column = at(at(matrix, b, width), a, 16);
  v128.store(column, s0);
  v128.store(column + width, s1);
  v128.store(column + 2 * width, s2);
  v128.store(column + 3 * width, s3);
  v128.store(row, s0);
  v128.store(row, s1, 16);
  v128.store(row, s2, 32);
  v128.store(row, s3, 48);
}

/** to_i += line[i] m + C y_i for one m and one C of lanes. */
export function addMatrixProducts(
  y: usize, bytes: usize, line: usize, m: usize, c: usize, to: usize, toBytes: usize,
): void {
  for (let a = 0; a < fullKeyDepth; a += 4) addVectorTimes(line, at(m, a, 16), at(to, a, 16), toBytes);
  for (let a = 0; a < fullKeyDepth; a += 2) {
    for (let b = 0; b < fullKeyDepth; b += 4) {
      addProductTile(at(y, b, 16), bytes, at(c, a * fullKeyDepth + b, 16), at(to, a, 16), toBytes);
    }
  }
}

function addVectorTimes(line: usize, m: usize, to: usize, toBytes: usize): void {
  const m0 = v128.load(m), m1 = v128.load(m, 16), m2 = v128.load(m, 32), m3 = v128.load(m, 48);
  for (let i = length; i > 0; i--) {
    const f = v128.load(line);
    v128.store(to, madd(f, m0, v128.load(to)));
    v128.store(to, madd(f, m1, v128.load(to, 16)), 16);
    v128.store(to, madd(f, m2, v128.load(to, 32)), 32);
    v128.store(to, madd(f, m3, v128.load(to, 48)), 48);
    line += 16;
    to += toBytes;
  }
}

function addProductTile(y: usize, bytes: usize, c: usize, to: usize, toBytes: usize): void {
  const c0 = v128.load(c), c1 = v128.load(c, 16), c2 = v128.load(c, 32), c3 = v128.load(c, 48);
  c += <usize>fullKeyDepth << 4;
  const d0 = v128.load(c), d1 = v128.load(c, 16), d2 = v128.load(c, 32), d3 = v128.load(c, 48);
  for (let i = length; i > 0; i--) {
    const y0 = v128.load(y), y1 = v128.load(y, 16), y2 = v128.load(y, 32), y3 = v128.load(y, 48);
    v128.store(to, madd(c3, y3, madd(c2, y2, madd(c1, y1, madd(c0, y0, v128.load(to))))));
    v128.store(to, madd(d3, y3, madd(d2, y2, madd(d1, y1, madd(d0, y0, v128.load(to, 16))))), 16);
    y += bytes;
    to += toBytes;
  }
}

/** to_i += line[i] m_i + b C_i y_i for plain m_i and C_i of the windows. */
export function addWindowProducts(
  y: usize, bytes: usize, line: usize, windows: usize, windowBytes: usize, b: v128, to: usize, toBytes: usize,
): void {
  for (let a = 0; a < fullKeyDepth; a += 4) {
    addMeansTimes(line, at(windows, a, 4), windowBytes, at(to, a, 16), toBytes);
  }
  const matrices = at(windows, fullKeyDepth, 4);
  for (let a = 0; a < fullKeyDepth; a += 2) {
    for (let column = 0; column < fullKeyDepth; column += 4) {
      const c = at(matrices, a * fullKeyDepth + column, 4);
      addWindowTile(at(y, column, 16), bytes, c, windowBytes, b, at(to, a, 16), toBytes);
    }
  }
}

function addMeansTimes(line: usize, m: usize, windowBytes: usize, to: usize, toBytes: usize): void {
  for (let i = length; i > 0; i--) {
    const f = v128.load(line);
    v128.store(to, madd(f, v128.load32_splat(m), v128.load(to)));
    v128.store(to, madd(f, v128.load32_splat(m, 4), v128.load(to, 16)), 16);
    v128.store(to, madd(f, v128.load32_splat(m, 8), v128.load(to, 32)), 32);
    v128.store(to, madd(f, v128.load32_splat(m, 12), v128.load(to, 48)), 48);
    line += 16;
    m += windowBytes;
    to += toBytes;
  }
}

function addWindowTile(
  y: usize, bytes: usize, c: usize, windowBytes: usize, b: v128, to: usize, toBytes: usize,
): void {
  const width = <usize>fullKeyDepth << 2;
  for (let i = length; i > 0; i--) {
    const y0 = v128.load(y), y1 = v128.load(y, 16), y2 = v128.load(y, 32), y3 = v128.load(y, 48);
    const d = c + width;
    let row = f32x4.mul(v128.load32_splat(c), y0);
    row = madd(v128.load32_splat(c, 4), y1, row);
    row = madd(v128.load32_splat(c, 8), y2, row);
    row = madd(v128.load32_splat(c, 12), y3, row);
    v128.store(to, madd(b, row, v128.load(to)));
    let other = f32x4.mul(v128.load32_splat(d), y0);
    other = madd(v128.load32_splat(d, 4), y1, other);
    other = madd(v128.load32_splat(d, 8), y2, other);
    other = madd(v128.load32_splat(d, 12), y3, other);
    v128.store(to, madd(b, other, v128.load(to, 16)), 16);
    y += bytes;
    c += windowBytes;
    to += toBytes;
  }
}

/**
 * Adds a y_i and b y_i y_i^T to the sums of position i, [1 + Dq][Dq] vectors. Of the symmetric matrix only the blocks
 * of four columns on and right of the diagonal's.
 */
export function addOuterProducts(y: usize, bytes: usize, a: v128, b: v128, sums: usize): void {
  const width = <usize>fullKeyDepth << 4, sumBytes = <usize>(fullKeyDepth + 1) * width;
  for (let column = 0; column < fullKeyDepth; column += 4) {
    addTimes(at(y, column, 16), bytes, a, at(sums, column, 16), sumBytes);
  }
  const matrices = sums + width;
  for (let row = 0; row < fullKeyDepth; row += 2) {
    for (let column = row & ~3; column < fullKeyDepth; column += 4) {
      const to = at(at(matrices, row, width), column, 16);
      addOuterTile(at(y, row, 16), at(y, column, 16), bytes, b, to, width, sumBytes);
    }
  }
}

function addTimes(y: usize, bytes: usize, factor: v128, to: usize, toBytes: usize): void {
  for (let i = length; i > 0; i--) {
    v128.store(to, madd(factor, v128.load(y), v128.load(to)));
    v128.store(to, madd(factor, v128.load(y, 16), v128.load(to, 16)), 16);
    v128.store(to, madd(factor, v128.load(y, 32), v128.load(to, 32)), 32);
    v128.store(to, madd(factor, v128.load(y, 48), v128.load(to, 48)), 48);
    y += bytes;
    to += toBytes;
  }
}

function addOuterTile(x: usize, y: usize, bytes: usize, b: v128, to: usize, width: usize, sumBytes: usize): void {
  for (let i = length; i > 0; i--) {
    const x0 = f32x4.mul(b, v128.load(x)), x1 = f32x4.mul(b, v128.load(x, 16));
    const y0 = v128.load(y), y1 = v128.load(y, 16), y2 = v128.load(y, 32), y3 = v128.load(y, 48);
    const next = to + width;
    v128.store(to, madd(x0, y0, v128.load(to)));
    v128.store(to, madd(x0, y1, v128.load(to, 16)), 16);
    v128.store(to, madd(x0, y2, v128.load(to, 32)), 32);
    v128.store(to, madd(x0, y3, v128.load(to, 48)), 48);
    v128.store(next, madd(x1, y0, v128.load(next)));
    v128.store(next, madd(x1, y1, v128.load(next, 16)), 16);
    v128.store(next, madd(x1, y2, v128.load(next, 32)), 32);
    v128.store(next, madd(x1, y3, v128.load(next, 48)), 48);
    x += bytes;
    y += bytes;
    to += sumBytes;
  }
}
