/**
 * Sum, mean and greatest value along one axis of x [outer, length, inner]. Must equal TensorFlow.js's Sum, Mean and
 * Max.
 *
 * Two steps. First, tasks of (outer, chunk of the axis) each reduce their stretch into a row of `inner` float64 values:
 * groups of eight values are added in float32, and those in float64. Then the chunks of each outer are put together in
 * their order. The number of chunks follows from the shape and the number of threads alone, so results repeat bit for
 * bit.
 */
import { shareStart } from "./arguments";
import { accumulate, accumulateOne } from "./simd";
import { reduceChunksArgs, reduceFinishArgs, reduceTrailingArgs } from "./slots";

// Numbers as in ../kernels/reduce.ts.
const SUM: i32 = 0;
const MAXIMUM: i32 = 1;

/** Values added in float32 before float64 takes over. */
const GROUP: i32 = 8;

// @ts-ignore: decorator
@inline
function join(op: i32, a: v128, b: v128): v128 {
  return op == SUM ? f32x4.add(a, b) : f32x4.max(a, b);
}

// @ts-ignore: decorator
@inline
function joinOne(op: i32, a: f64, b: f64): f64 {
  return op == SUM ? a + b : max<f64>(a, b);
}

/** accumulator[0..3] joined with values: float64 sums, or float64 maxima. */
// @ts-ignore: decorator
@inline
function collect(op: i32, accumulator: usize, values: v128): void {
  if (op == SUM) return accumulate(accumulator, values);
  const low = f64x2.promote_low_f32x4(values);
  const high = f64x2.promote_low_f32x4(v128.shuffle<i32>(values, values, 2, 3, 0, 1));
  v128.store(accumulator, f64x2.max(v128.load(accumulator), low));
  v128.store(accumulator, f64x2.max(v128.load(accumulator, 16), high), 16);
}

/** Rows of `bytes` each, joined column by column into float64. */
// @ts-ignore: decorator
@inline
function reduceRows(op: i32, x: usize, rows: i32, bytes: usize, result: usize): void {
  const vectorBytes = bytes & ~15;
  for (let first = 0; first < rows; first += GROUP) {
    const group = min(GROUP, rows - first);
    const start = x + <usize>first * bytes;
    let c: usize = 0;
    for (; c < vectorBytes; c += 16) {
      let at = start + c;
      let value = v128.load(at);
      for (let r = 1; r < group; r++) {
        at += bytes;
        value = join(op, value, v128.load(at));
      }
      collect(op, result + (c << 1), value);
    }
    for (; c < bytes; c += 4) {
      for (let r: usize = 0; r < <usize>group; r++) {
        const value = load<f32>(start + c + r * bytes);
        if (op == SUM) accumulateOne(result + (c << 1), value);
        else store<f64>(result + (c << 1), max<f64>(load<f64>(result + (c << 1)), value));
      }
    }
  }
}

/** The four values of a vector joined. */
// @ts-ignore: decorator
@inline
function joinLanes(op: i32, value: v128): f64 {
  const pairs = join(op, value, v128.shuffle<i32>(value, value, 2, 3, 0, 1));
  return joinOne(op, <f64>f32x4.extract_lane(pairs, 0), <f64>f32x4.extract_lane(pairs, 1));
}

/** A contiguous stretch joined into one value: sixteen vectors at a time in float32, and those in float64. */
// @ts-ignore: decorator
@inline
function reduceStretch(op: i32, x: usize, count: i32, start: f64): f64 {
  const end = x + (<usize>count << 2);
  let result = start;
  while (x + 64 <= end) {
    const stop = min(x + 256, end);
    let value = f32x4.splat(<f32>(op == SUM ? 0 : -Infinity));
    for (; x + 64 <= stop; x += 64) {
      const left = join(op, v128.load(x), v128.load(x, 16));
      value = join(op, value, join(op, left, join(op, v128.load(x, 32), v128.load(x, 48))));
    }
    result = joinOne(op, result, joinLanes(op, value));
  }
  for (; x < end; x += 4) result = joinOne(op, result, <f64>load<f32>(x));
  return result;
}

// @ts-ignore: decorator
@inline
function reduceTasks(op: i32, args: usize, part: i32, parts: i32): void {
  const x = reduceChunksArgs.x(args);
  const outer = reduceChunksArgs.outer(args);
  const length = reduceChunksArgs.length(args);
  const inner = reduceChunksArgs.inner(args);
  const chunks = reduceChunksArgs.chunks(args);
  const partial = reduceChunksArgs.partial(args);
  const nothing: f64 = op == SUM ? 0 : -Infinity;

  const bytes = <usize>inner << 2;
  const end = shareStart(outer * chunks, part + 1, parts);
  for (let task = shareStart(outer * chunks, part, parts); task < end; task++) {
    const chunk = task % chunks;
    const first = shareStart(length, chunk, chunks);
    const rows = shareStart(length, chunk + 1, chunks) - first;
    const start = x + (<usize>(task / chunks) * <usize>length + <usize>first) * bytes;
    const result = partial + <usize>task * (bytes << 1);
    if (inner == 1) {
      store<f64>(result, reduceStretch(op, start, rows, nothing));
    } else {
      for (let c: usize = 0; c < bytes << 1; c += 8) store<f64>(result + c, nothing);
      reduceRows(op, start, rows, bytes, result);
    }
  }
}

export function reduceChunks(args: usize, part: i32, parts: i32): void {
  if (reduceChunksArgs.operation(args) == SUM) reduceTasks(SUM, args, part, parts);
  else reduceTasks(MAXIMUM, args, part, parts);
}

/**
 * y [outer, inner] = factor * the join of the chunks
 */
export function reduceFinish(args: usize, part: i32, parts: i32): void {
  const op = reduceFinishArgs.operation(args);
  const partial = reduceFinishArgs.partial(args);
  const outer = reduceFinishArgs.outer(args);
  const chunks = reduceFinishArgs.chunks(args);
  const inner = reduceFinishArgs.inner(args);
  const factor = reduceFinishArgs.factor(args);
  const y = reduceFinishArgs.y(args);

  const end = shareStart(outer * inner, part + 1, parts);
  for (let i = shareStart(outer * inner, part, parts); i < end; i++) {
    const first = partial + ((<usize>(i / inner) * <usize>chunks * <usize>inner + <usize>(i % inner)) << 3);
    let value = load<f64>(first);
    for (let chunk: usize = 1; chunk < <usize>chunks; chunk++) {
      value = joinOne(op, value, load<f64>(first + ((chunk * <usize>inner) << 3)));
    }
    store<f32>(y + (<usize>i << 2), <f32>(value * factor));
  }
}

/** The common case of short rows, whole ones: y [outer] straight from x [outer, length]. */
// @ts-ignore: decorator
@inline
function reduceRowShare(op: i32, args: usize, part: i32, parts: i32): void {
  const x = reduceTrailingArgs.x(args);
  const outer = reduceTrailingArgs.outer(args);
  const length = reduceTrailingArgs.length(args);
  const factor = reduceTrailingArgs.factor(args);
  const y = reduceTrailingArgs.y(args);
  const end = shareStart(outer, part + 1, parts);
  for (let row = shareStart(outer, part, parts); row < end; row++) {
    const start = x + ((<usize>row * <usize>length) << 2);
    const value = reduceStretch(op, start, length, op == SUM ? 0 : -Infinity);
    store<f32>(y + (<usize>row << 2), <f32>(value * factor));
  }
}

export function reduceTrailing(args: usize, part: i32, parts: i32): void {
  if (reduceTrailingArgs.operation(args) == SUM) reduceRowShare(SUM, args, part, parts);
  else reduceRowShare(MAXIMUM, args, part, parts);
}
