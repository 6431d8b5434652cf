/**
 * Attention's inner loops, on four tasks side by side.
 *
 * A *task* is one sequence of one head; the four lanes of a vector are four tasks, so that nothing is ever added across
 * lanes, no length is rounded up, and a softmax needs no mask. What one position holds is a *row*, [depth][4 tasks], of
 * a depth that is a multiple of 4 (filled up with zeros). A *line* holds one vector for each key: logits, weights, or
 * their gradients. An *encoding* row is shared by all tasks and so holds plain numbers, [depth]; each is spread over
 * the lanes as it is loaded, which costs nothing.
 *
 * Queries go in pairs (i, i + 1). Where both look at the same key j, their lines are read at the same place; where both
 * look at the same offset j - i, the second line is read one step later. `other` is the distance from the first line to
 * the second. Outside a query's own window its line holds zeros for one step (axis.ts, `clearAround`).
 *
 * Tiles: 2 queries by 4 channels. V8 (11 to 13) issues all loads between two stores before any arithmetic and has 15
 * vector registers to give, so a loop may load at most 15 less what it carries, else it spills: 8 sums or factors of
 * the pair, 4 loaded channels and 2 line entries fit. Each function holds one kind of loop for the same reason.
 */
import { madd } from "./simd";

/**
 * line[j] += k_j . (q + t_j): the content and the key-position logits of one query at once, and the greatest of the
 * sums. t: rows of keys' encodings. Additions have a port of their own, beside those of the multiply-adds.
 */
export function addDotKeys(
  q: usize, keys: usize, keyBytes: usize, encodings: usize, encodingBytes: usize, line: usize, count: i32, depth: i32,
): v128 {
  for (; depth > 4; depth -= 4) {
    addDotKeyBlock(q, keys, keyBytes, encodings, encodingBytes, line, count);
    q += 64;
    keys += 64;
    encodings += 64;
  }
  const end = line + (<usize>count << 4);
  const q0 = v128.load(q), q1 = v128.load(q, 16), q2 = v128.load(q, 32), q3 = v128.load(q, 48);
  // Two maxima at a time, for each waits for the one before.
  let greatest = f32x4.splat(-Infinity), other = greatest;
  let p = line;
  for (; p + 32 <= end; p += 32) {
    const a = addDotKey(v128.load(p), keys, encodings, q0, q1, q2, q3);
    greatest = f32x4.pmax(greatest, a);
    v128.store(p, a);
    const b = addDotKey(v128.load(p, 16), keys + keyBytes, encodings + encodingBytes, q0, q1, q2, q3);
    other = f32x4.pmax(other, b);
    v128.store(p, b, 16);
    keys += 2 * keyBytes;
    encodings += 2 * encodingBytes;
  }
  if (p < end) {
    const a = addDotKey(v128.load(p), keys, encodings, q0, q1, q2, q3);
    greatest = f32x4.pmax(greatest, a);
    v128.store(p, a);
  }
  return f32x4.pmax(greatest, other);
}

/** sum + k . (q + t) over four channels. */
// @ts-ignore: decorator
@inline
function addDotKey(sum: v128, k: usize, t: usize, q0: v128, q1: v128, q2: v128, q3: v128): v128 {
  sum = madd(v128.load(k), f32x4.add(q0, v128.load(t)), sum);
  sum = madd(v128.load(k, 16), f32x4.add(q1, v128.load(t, 16)), sum);
  sum = madd(v128.load(k, 32), f32x4.add(q2, v128.load(t, 32)), sum);
  return madd(v128.load(k, 48), f32x4.add(q3, v128.load(t, 48)), sum);
}

/** Four channels of `addDotKeys`. */
function addDotKeyBlock(
  q: usize, keys: usize, keyBytes: usize, encodings: usize, encodingBytes: usize, line: usize, count: i32,
): void {
  const end = line + (<usize>count << 4);
  const q0 = v128.load(q), q1 = v128.load(q, 16), q2 = v128.load(q, 32), q3 = v128.load(q, 48);
  for (let p = line; p < end; p += 16) {
    v128.store(p, addDotKey(v128.load(p), keys, encodings, q0, q1, q2, q3));
    keys += keyBytes;
    encodings += encodingBytes;
  }
}

/** line[j] = x . row_j for the pair of queries at x and x + xBytes. */
export function dotRows(
  x: usize, xBytes: usize, rows: usize, rowBytes: usize, line: usize, other: usize, count: i32, depth: i32,
): void {
  const end = line + (<usize>count << 4);
  for (let d = 0; d < depth; d += 4) {
    const y = x + xBytes;
    const a0 = v128.load(x), a1 = v128.load(x, 16), a2 = v128.load(x, 32), a3 = v128.load(x, 48);
    const b0 = v128.load(y), b1 = v128.load(y, 16), b2 = v128.load(y, 32), b3 = v128.load(y, 48);
    let r = rows;
    if (d === 0) {
      for (let p = line; p < end; p += 16) {
        const r0 = v128.load(r), r1 = v128.load(r, 16), r2 = v128.load(r, 32), r3 = v128.load(r, 48);
        v128.store(p, madd(a3, r3, madd(a2, r2, madd(a1, r1, f32x4.mul(a0, r0)))));
        v128.store(p + other, madd(b3, r3, madd(b2, r2, madd(b1, r1, f32x4.mul(b0, r0)))));
        r += rowBytes;
      }
    } else {
      for (let p = line; p < end; p += 16) {
        const r0 = v128.load(r), r1 = v128.load(r, 16), r2 = v128.load(r, 32), r3 = v128.load(r, 48);
        v128.store(p, madd(a3, r3, madd(a2, r2, madd(a1, r1, madd(a0, r0, v128.load(p))))));
        v128.store(p + other, madd(b3, r3, madd(b2, r2, madd(b1, r1, madd(b0, r0, v128.load(p + other))))));
        r += rowBytes;
      }
    }
    x += 64;
    rows += 64;
  }
}

/** line[j] = x . encoding_j for the pair of queries at x and x + xBytes. */
export function dotEncodings(
  x: usize, xBytes: usize, encodings: usize, encodingBytes: usize, line: usize, other: usize, count: i32, depth: i32,
): void {
  const end = line + (<usize>count << 4);
  const y = x + xBytes;
  const a0 = v128.load(x), a1 = v128.load(x, 16), a2 = v128.load(x, 32), a3 = v128.load(x, 48);
  const b0 = v128.load(y), b1 = v128.load(y, 16), b2 = v128.load(y, 32), b3 = v128.load(y, 48);
  let t = encodings;
  for (let p = line; p < end; p += 16) {
    const t0 = v128.load32_splat(t), t1 = v128.load32_splat(t, 4);
    const t2 = v128.load32_splat(t, 8), t3 = v128.load32_splat(t, 12);
    v128.store(p, madd(a3, t3, madd(a2, t2, madd(a1, t1, f32x4.mul(a0, t0)))));
    v128.store(p + other, madd(b3, t3, madd(b2, t2, madd(b1, t1, f32x4.mul(b0, t0)))));
    t += encodingBytes;
  }
  if (depth > 4) addDotEncodings(x + 64, xBytes, encodings + 16, encodingBytes, line, other, count, depth - 4);
}

/** line[j] += x . encoding_j for the pair of queries at x and x + xBytes. */
export function addDotEncodings(
  x: usize, xBytes: usize, encodings: usize, encodingBytes: usize, line: usize, other: usize, count: i32, depth: i32,
): void {
  const end = line + (<usize>count << 4);
  for (let d = 0; d < depth; d += 4) {
    const y = x + xBytes;
    const a0 = v128.load(x), a1 = v128.load(x, 16), a2 = v128.load(x, 32), a3 = v128.load(x, 48);
    const b0 = v128.load(y), b1 = v128.load(y, 16), b2 = v128.load(y, 32), b3 = v128.load(y, 48);
    let t = encodings;
    for (let p = line; p < end; p += 16) {
      const t0 = v128.load32_splat(t), t1 = v128.load32_splat(t, 4);
      const t2 = v128.load32_splat(t, 8), t3 = v128.load32_splat(t, 12);
      v128.store(p, madd(a3, t3, madd(a2, t2, madd(a1, t1, madd(a0, t0, v128.load(p))))));
      v128.store(p + other, madd(b3, t3, madd(b2, t2, madd(b1, t1, madd(b0, t0, v128.load(p + other))))));
      t += encodingBytes;
    }
    x += 64;
    encodings += 16;
  }
}

/** out = scale * sum_j line[j] row_j for a pair of queries, to out and out + outBytes. */
export function retrieveRows(
  rows: usize, rowBytes: usize, line: usize, other: usize, count: i32, depth: i32,
  out: usize, outBytes: usize, scale0: v128, scale1: v128,
): void {
  const end = line + (<usize>count << 4);
  for (let d = 0; d < depth; d += 4) {
    let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
    let r = rows;
    for (let p = line; p < end; p += 16) {
      const w = v128.load(p), u = v128.load(p + other);
      const r0 = v128.load(r), r1 = v128.load(r, 16), r2 = v128.load(r, 32), r3 = v128.load(r, 48);
      a0 = madd(w, r0, a0);
      b0 = madd(u, r0, b0);
      a1 = madd(w, r1, a1);
      b1 = madd(u, r1, b1);
      a2 = madd(w, r2, a2);
      b2 = madd(u, r2, b2);
      a3 = madd(w, r3, a3);
      b3 = madd(u, r3, b3);
      r += rowBytes;
    }
    storeScaled(out, scale0, a0, a1, a2, a3);
    storeScaled(out + outBytes, scale1, b0, b1, b2, b3);
    out += 64;
    rows += 64;
  }
}

/** As `retrieveRows`, of encodings. */
export function retrieveEncodings(
  encodings: usize, encodingBytes: usize, line: usize, other: usize, count: i32, depth: i32,
  out: usize, outBytes: usize, scale0: v128, scale1: v128,
): void {
  const end = line + (<usize>count << 4);
  for (let d = 0; d < depth; d += 4) {
    let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
    let t = encodings;
    for (let p = line; p < end; p += 16) {
      const w = v128.load(p), u = v128.load(p + other);
      const t0 = v128.load32_splat(t), t1 = v128.load32_splat(t, 4);
      const t2 = v128.load32_splat(t, 8), t3 = v128.load32_splat(t, 12);
      a0 = madd(w, t0, a0);
      b0 = madd(u, t0, b0);
      a1 = madd(w, t1, a1);
      b1 = madd(u, t1, b1);
      a2 = madd(w, t2, a2);
      b2 = madd(u, t2, b2);
      a3 = madd(w, t3, a3);
      b3 = madd(u, t3, b3);
      t += encodingBytes;
    }
    storeScaled(out, scale0, a0, a1, a2, a3);
    storeScaled(out + outBytes, scale1, b0, b1, b2, b3);
    out += 64;
    encodings += 16;
  }
}

// @ts-ignore: decorator
@inline
function storeScaled(at: usize, scale: v128, a0: v128, a1: v128, a2: v128, a3: v128): void {
  v128.store(at, f32x4.mul(a0, scale));
  v128.store(at, f32x4.mul(a1, scale), 16);
  v128.store(at, f32x4.mul(a2, scale), 32);
  v128.store(at, f32x4.mul(a3, scale), 48);
}

/** row_j += line[j] x for the pair of queries at x and x + xBytes. */
export function addToRows(
  x: usize, xBytes: usize, line: usize, other: usize, rows: usize, rowBytes: usize, count: i32, depth: i32,
): void {
  const end = line + (<usize>count << 4);
  for (let d = 0; d < depth; d += 4) {
    const y = x + xBytes;
    const a0 = v128.load(x), a1 = v128.load(x, 16), a2 = v128.load(x, 32), a3 = v128.load(x, 48);
    const b0 = v128.load(y), b1 = v128.load(y, 16), b2 = v128.load(y, 32), b3 = v128.load(y, 48);
    let r = rows;
    for (let p = line; p < end; p += 16) {
      const w = v128.load(p), u = v128.load(p + other);
      const r0 = v128.load(r), r1 = v128.load(r, 16), r2 = v128.load(r, 32), r3 = v128.load(r, 48);
      v128.store(r, madd(u, b0, madd(w, a0, r0)));
      v128.store(r, madd(u, b1, madd(w, a1, r1)), 16);
      v128.store(r, madd(u, b2, madd(w, a2, r2)), 32);
      v128.store(r, madd(u, b3, madd(w, a3, r3)), 48);
      r += rowBytes;
    }
    x += 64;
    rows += 64;
  }
}

/**
 * row_j += line[j] (q + t_j): the gradient of `addDotKeys` with respect to the keys, for the pair of queries at q and q + qBytes.
 * The second query's t_j lies `step` bytes before the first's. Each store lets the loads after it wait: all fits in
 * registers.
 */
export function addToKeys(
  q: usize, qBytes: usize, encodings: usize, encodingBytes: usize, step: usize, line: usize, other: usize,
  rows: usize, rowBytes: usize, count: i32, depth: i32,
): void {
  const end = line + (<usize>count << 4);
  for (let d = 0; d < depth; d += 4) {
    const y = q + qBytes;
    const a0 = v128.load(q), a1 = v128.load(q, 16), a2 = v128.load(q, 32), a3 = v128.load(q, 48);
    const b0 = v128.load(y), b1 = v128.load(y, 16), b2 = v128.load(y, 32), b3 = v128.load(y, 48);
    let t = encodings, r = rows;
    for (let p = line; p < end; p += 16) {
      const g = v128.load(p), h = v128.load(p + other);
      const u = t - step;
      v128.store(r, madd(h, f32x4.add(b0, v128.load(u)), madd(g, f32x4.add(a0, v128.load(t)), v128.load(r))));
      v128.store(
        r, madd(h, f32x4.add(b1, v128.load(u, 16)), madd(g, f32x4.add(a1, v128.load(t, 16)), v128.load(r, 16))), 16,
      );
      v128.store(
        r, madd(h, f32x4.add(b2, v128.load(u, 32)), madd(g, f32x4.add(a2, v128.load(t, 32)), v128.load(r, 32))), 32,
      );
      v128.store(
        r, madd(h, f32x4.add(b3, v128.load(u, 48)), madd(g, f32x4.add(a3, v128.load(t, 48)), v128.load(r, 48))), 48,
      );
      t += encodingBytes;
      r += rowBytes;
    }
    q += 64;
    encodings += 64;
    rows += 64;
  }
}

/**
 * sum_t += line[j] key_j + other line[j + 1] key_{j+1}, where t is the offset that j has from the first query; 1: a
 * step.
 */
export function addKeysByOffset(
  keys: usize, keyBytes: usize, stepBytes: usize, line: usize, other: usize, sums: usize, sumBytes: usize, count: i32,
  depth: i32,
): void {
  const end = line + (<usize>count << 4);
  for (let d = 0; d < depth; d += 4) {
    let k = keys, r = sums;
    for (let p = line; p < end; p += 16) {
      const w = v128.load(p), u = v128.load(p + other);
      const next = k + stepBytes;
      v128.store(r, madd(u, v128.load(next), madd(w, v128.load(k), v128.load(r))));
      v128.store(r, madd(u, v128.load(next, 16), madd(w, v128.load(k, 16), v128.load(r, 16))), 16);
      v128.store(r, madd(u, v128.load(next, 32), madd(w, v128.load(k, 32), v128.load(r, 32))), 32);
      v128.store(r, madd(u, v128.load(next, 48), madd(w, v128.load(k, 48), v128.load(r, 48))), 48);
      k += keyBytes;
      r += sumBytes;
    }
    keys += 64;
    sums += 64;
  }
}

/** sum_j a[j] b[j] of two lines. */
export function dotLines(a: usize, b: usize, count: i32): v128 {
  const end = a + (<usize>count << 4);
  let s0 = f32x4.splat(0), s1 = s0;
  for (; a + 32 <= end; a += 32) {
    s0 = madd(v128.load(a), v128.load(b), s0);
    s1 = madd(v128.load(a, 16), v128.load(b, 16), s1);
    b += 32;
  }
  if (a < end) s0 = madd(v128.load(a), v128.load(b), s0);
  return f32x4.add(s0, s1);
}

/** line[j] = weights[j] (line[j] - mean): the softmax's gradient, from that with respect to the weights and its weighted mean. */
export function toLogitGrads(weights: usize, line: usize, count: i32, mean: v128): void {
  const end = line + (<usize>count << 4);
  for (let p = line; p < end; p += 16) {
    v128.store(p, f32x4.mul(v128.load(weights), f32x4.sub(v128.load(p), mean)));
    weights += 16;
  }
}

/** Adds `factor` times each of `count` rows' vectors to those of others, and zeroes them. */
export function moveRows(from: usize, to: usize, rowBytes: usize, count: i32, depth: i32, factor: v128): void {
  const bytes = <usize>depth << 4;
  for (let row = 0; row < count; row++) {
    for (let x: usize = 0; x < bytes; x += 16) {
      v128.store(to + x, madd(factor, v128.load(from + x), v128.load(to + x)));
      v128.store(from + x, f32x4.splat(0));
    }
    from += rowBytes;
    to += rowBytes;
  }
}
