/**
 * Four tasks side by side: from tensors [O, L, I, N * depth] to rows of four lanes (see rows.ts) and back.
 *
 * Task t is head t % N of sequence t / N, so four neighbouring tasks mostly lie side by side in memory, and a position
 * is read in whole cache lines. The last group repeats the last task in its spare lanes: what they compute is written
 * twice, the same each time, or masked out where it would be added.
 */

/**
 * Of each lane, its first position times N plus its head: the place of its channels in units of one head's channels.
 */
let place0: usize = 0, place1: usize = 0, place2: usize = 0, place3: usize = 0;
/** Heads between a position of the axis and the next. */
let placesPerStep: usize = 0;
/** How many of the four lanes hold a task of their own. */
let tasksInGroup: i32 = 0;

/** Chooses tasks first .. first + 3 of O * I * N. */
export function selectTasks(first: i32, outer: i32, length: i32, inner: i32, heads: i32): void {
  const last = outer * inner * heads - 1;
  place0 = placeOf(first, length, inner, heads);
  place1 = placeOf(min(first + 1, last), length, inner, heads);
  place2 = placeOf(min(first + 2, last), length, inner, heads);
  place3 = placeOf(min(first + 3, last), length, inner, heads);
  placesPerStep = <usize>(inner * heads);
  tasksInGroup = min(4, last - first + 1);
}

function placeOf(task: i32, length: i32, inner: i32, heads: i32): usize {
  const sequence = task / heads;
  const outer = sequence / inner;
  return <usize>((outer * length) * inner + sequence % inner) * heads + task % heads;
}

export function ownTasks(): i32 {
  return tasksInGroup;
}

/** 1 in the lanes that hold a task of their own, 0 in the others. */
export function ownLanes(): v128 {
  const count = f32x4.splat(<f32>tasksInGroup);
  return v128.and(f32x4.lt(f32x4(0, 1, 2, 3), count), f32x4.splat(1));
}

/** One number for each lane's head, of numbers [N]. */
export function headValues(numbers: usize, heads: i32): v128 {
  const n = <usize>heads;
  return f32x4(
    load<f32>(numbers + ((place0 % n) << 2)),
    load<f32>(numbers + ((place1 % n) << 2)),
    load<f32>(numbers + ((place2 % n) << 2)),
    load<f32>(numbers + ((place3 % n) << 2)),
  );
}

/** Adds each own lane's number, float64 in two halves, to that of its head in sums [N] of float64. */
export function addToHeads(sums: usize, heads: i32, low: v128, high: v128): void {
  const n = <usize>heads;
  addTo(sums + ((place0 % n) << 3), f64x2.extract_lane(low, 0));
  if (tasksInGroup > 1) addTo(sums + ((place1 % n) << 3), f64x2.extract_lane(low, 1));
  if (tasksInGroup > 2) addTo(sums + ((place2 % n) << 3), f64x2.extract_lane(high, 0));
  if (tasksInGroup > 3) addTo(sums + ((place3 % n) << 3), f64x2.extract_lane(high, 1));
}

// @ts-ignore: decorator
@inline
function addTo(at: usize, value: f64): void {
  store<f64>(at, load<f64>(at) + value);
}

/** As `addToHeads`, of float32. */
export function addSingleToHeads(sums: usize, heads: i32, values: v128): void {
  const high = v128.shuffle<i64>(values, values, 1, 1);
  addToHeads(sums, heads, f64x2.promote_low_f32x4(values), f64x2.promote_low_f32x4(high));
}

/**
 * Reads `depth` channels from channel `offset` on, of `count` positions from `first` on, into rows at `rows`. A head
 * has `channels` channels in the tensor. Fills each row up to a multiple of 4 channels with zeros.
 */
export function gather(
  tensor: usize, channels: i32, offset: i32, depth: i32, first: i32, count: i32, rows: usize, rowBytes: usize,
): void {
  const headBytes = <usize>channels << 2;
  const step = placesPerStep * headBytes;
  const start = tensor + (<usize>offset << 2) + <usize>first * step;
  let a = start + place0 * headBytes, b = start + place1 * headBytes;
  let c = start + place2 * headBytes, d = start + place3 * headBytes;
  const end = <usize>depth << 2;
  for (let position = 0; position < count; position++) {
    let x: usize = 0;
    for (; x + 16 <= end; x += 16) {
      transpose(rows + (x << 2), 16, v128.load(a + x), v128.load(b + x), v128.load(c + x), v128.load(d + x));
    }
    for (; x < end; x += 4) {
      v128.store(rows + (x << 2), f32x4(load<f32>(a + x), load<f32>(b + x), load<f32>(c + x), load<f32>(d + x)));
    }
    for (; x & 15; x += 4) v128.store(rows + (x << 2), f32x4.splat(0));
    rows += rowBytes;
    a += step;
    b += step;
    c += step;
    d += step;
  }
}

/** Writes rows back: the reverse of `gather`. */
export function scatter(
  tensor: usize, channels: i32, offset: i32, depth: i32, first: i32, count: i32, rows: usize, rowBytes: usize,
): void {
  const headBytes = <usize>channels << 2;
  const step = placesPerStep * headBytes;
  const start = tensor + (<usize>offset << 2) + <usize>first * step;
  let a = start + place0 * headBytes, b = start + place1 * headBytes;
  let c = start + place2 * headBytes, d = start + place3 * headBytes;
  const end = <usize>depth << 2;
  for (let position = 0; position < count; position++) {
    let x: usize = 0;
    for (; x + 16 <= end; x += 16) {
      const r = rows + (x << 2);
      const r0 = v128.load(r), r1 = v128.load(r, 16), r2 = v128.load(r, 32), r3 = v128.load(r, 48);
      const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
      const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
      v128.store(a + x, v128.shuffle<i64>(low01, low23, 0, 2));
      v128.store(b + x, v128.shuffle<i64>(low01, low23, 1, 3));
      v128.store(c + x, v128.shuffle<i64>(high01, high23, 0, 2));
      v128.store(d + x, v128.shuffle<i64>(high01, high23, 1, 3));
    }
    for (; x < end; x += 4) {
      const r = v128.load(rows + (x << 2));
      store<f32>(a + x, f32x4.extract_lane(r, 0));
      store<f32>(b + x, f32x4.extract_lane(r, 1));
      store<f32>(c + x, f32x4.extract_lane(r, 2));
      store<f32>(d + x, f32x4.extract_lane(r, 3));
    }
    rows += rowBytes;
    a += step;
    b += step;
    c += step;
    d += step;
  }
}

/** Stores the columns of four vectors, `bytes` apart. */
// @ts-ignore: decorator
@inline
function transpose(at: usize, bytes: usize, a: v128, b: v128, c: v128, d: v128): void {
  const low01 = v128.shuffle<f32>(a, b, 0, 4, 1, 5), high01 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const low23 = v128.shuffle<f32>(c, d, 0, 4, 1, 5), high23 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(at, v128.shuffle<i64>(low01, low23, 0, 2));
  v128.store(at + bytes, v128.shuffle<i64>(low01, low23, 1, 3));
  v128.store(at + 2 * bytes, v128.shuffle<i64>(high01, high23, 0, 2));
  v128.store(at + 3 * bytes, v128.shuffle<i64>(high01, high23, 1, 3));
}
