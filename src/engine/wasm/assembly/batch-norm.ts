/**
 * Batch normalisation over channels-last rows, forward and backward, with what stands beside it folded in:
 *
 *     y = relu?(normalise(a) + other),   normalise(a) = (a - mean) * scale + beta,   scale = gamma / sqrt(variance + epsilon)
 *
 * where `other` is nothing, a residual, or a second normalised input with statistics of its own. Must equal the
 * composed form in src/functions/batch-norm.ts.
 *
 * M rows of C channels, all [M, C] row-major. Each pass streams over memory once, which is its cost; shares are ranges
 * of rows. Sums: sixteen rows are added in float32, relative to the channel's first value, so that a mean far from zero
 * costs no digits; those go into float64. Shares are added up in their order, so the result does not depend on who ran
 * first.
 */
import { shareStart } from "./arguments";
import { accumulate, accumulateOne, madd } from "./simd";
import { batchNormApplyArgs, batchNormMomentsArgs, batchNormScaleArgs, batchNormStatisticsArgs } from "./slots";

/** Rows added in float32 before float64 takes over: as many lines of three inputs as stay in the fastest cache. */
export const GROUP: i32 = 16;

/** Bytes of a cache line: sums go over columns of lines, so that each line is read once. */
export const LINE: usize = 64;

/** accumulator[0..15] += values, in float64. */
// @ts-ignore: decorator
@inline
export function accumulateLine(accumulator: usize, a: v128, b: v128, c: v128, d: v128): void {
  accumulate(accumulator, a);
  accumulate(accumulator + 32, b);
  accumulate(accumulator + 64, c);
  accumulate(accumulator + 96, d);
}

/**
 * Rows that share one load of the coefficients: as many as lie within 1 KiB, four at most. Walking along longer rows
 * side by side takes the processor a third more time: it fetches ahead best where addresses follow each other.
 */
export function rowsAtOnce(rowBytes: usize): i32 {
  return max(1, min(4, <i32>(1024 / max<usize>(rowBytes, 1))));
}

/** What is added to the first normalised input. */
export const ALONE: i32 = 0;
export const RESIDUAL: i32 = 1;
export const PAIR: i32 = 2;

/**
 * Sums of x - first and of its square over `rows` rows of one cache line, 16 channels. A function of its own, not
 * inlined: V8 keeps the sums in registers across one loop, and spills them where that loop stands inside others.
 */
function addMomentsOfLine(x: usize, rows: i32, rowBytes: usize, first: usize, sums: usize, squares: usize): void {
  const origin0 = v128.load(first);
  const origin1 = v128.load(first, 16);
  const origin2 = v128.load(first, 32);
  const origin3 = v128.load(first, 48);
  let sum0 = f32x4.splat(0);
  let sum1 = sum0;
  let sum2 = sum0;
  let sum3 = sum0;
  let square0 = sum0;
  let square1 = sum0;
  let square2 = sum0;
  let square3 = sum0;
  for (let r = 0; r < rows; r++) {
    const d0 = f32x4.sub(v128.load(x), origin0);
    const d1 = f32x4.sub(v128.load(x, 16), origin1);
    const d2 = f32x4.sub(v128.load(x, 32), origin2);
    const d3 = f32x4.sub(v128.load(x, 48), origin3);
    sum0 = f32x4.add(sum0, d0);
    sum1 = f32x4.add(sum1, d1);
    sum2 = f32x4.add(sum2, d2);
    sum3 = f32x4.add(sum3, d3);
    square0 = madd(d0, d0, square0);
    square1 = madd(d1, d1, square1);
    square2 = madd(d2, d2, square2);
    square3 = madd(d3, d3, square3);
    x += rowBytes;
  }
  accumulateLine(sums, sum0, sum1, sum2, sum3);
  accumulateLine(squares, square0, square1, square2, square3);
}

/** Sums of x - first and of its square over `rows` rows from `x`. */
// @ts-ignore: decorator
@inline
function addMoments(x: usize, rows: i32, rowBytes: usize, first: usize, sums: usize, squares: usize): void {
  let c: usize = 0;
  for (; c + LINE <= rowBytes; c += LINE)
    addMomentsOfLine(x + c, rows, rowBytes, first + c, sums + (c << 1), squares + (c << 1));
  for (; c < rowBytes; c += 4) {
    const origin = load<f32>(first + c);
    let sum: f32 = 0;
    let square: f32 = 0;
    for (let r = 0; r < rows; r++) {
      const d = load<f32>(x + c + <usize>r * rowBytes) - origin;
      sum += d;
      square += d * d;
    }
    accumulateOne(sums + (c << 1), sum);
    accumulateOne(squares + (c << 1), square);
  }
}

export function batchNormMoments(args: usize, part: i32, parts: i32): void {
  const x = batchNormMomentsArgs.x(args);
  const rows = batchNormMomentsArgs.rows(args);
  const channels = batchNormMomentsArgs.channels(args);
  const rowBytes = <usize>channels << 2;
  const sums = batchNormMomentsArgs.partial(args) + <usize>part * (rowBytes << 2);
  const squares = sums + (rowBytes << 1);
  memory.fill(sums, 0, rowBytes << 2);

  let r = shareStart(rows, part, parts);
  const end = shareStart(rows, part + 1, parts);
  for (; r + GROUP <= end; r += GROUP) addMoments(x + <usize>r * rowBytes, GROUP, rowBytes, x, sums, squares);
  if (r < end) addMoments(x + <usize>r * rowBytes, end - r, rowBytes, x, sums, squares);
}

/**
 * Adds up the shares of batchNormMoments. Run alone.
 */
export function batchNormStatistics(args: usize, part: i32, parts: i32): void {
  const x = batchNormStatisticsArgs.x(args);
  const rows = <f64>batchNormStatisticsArgs.rows(args);
  const channels = <usize>batchNormStatisticsArgs.channels(args);
  const partial = batchNormStatisticsArgs.partial(args);
  const shares = batchNormStatisticsArgs.shares(args);
  const mean = batchNormStatisticsArgs.mean(args);
  const variance = batchNormStatisticsArgs.variance(args);

  for (let c: usize = 0; c < channels; c++) {
    let sum: f64 = 0;
    let square: f64 = 0;
    for (let s: usize = 0; s < <usize>shares; s++) {
      const sums = partial + ((s * 2 * channels + c) << 3);
      sum += load<f64>(sums);
      square += load<f64>(sums + (channels << 3));
    }
    const offset = sum / rows;
    const spread = max<f64>(square / rows - offset * offset, 0);
    store<f32>(mean + (c << 2), <f32>(<f64>load<f32>(x + (c << 2)) + offset));
    store<f32>(variance + (c << 2), <f32>spread);
  }
  batchNormScale(args, 0, 1);
}

/**
 * scale = gamma / sqrt(variance + epsilon), shift = beta. Run alone.
 */
export function batchNormScale(args: usize, part: i32, parts: i32): void {
  const channels = <usize>batchNormScaleArgs.channels(args);
  const gamma = batchNormScaleArgs.gamma(args);
  const beta = batchNormScaleArgs.beta(args);
  const epsilon = batchNormScaleArgs.epsilon(args);
  const variance = batchNormScaleArgs.variance(args);
  const scale = batchNormScaleArgs.scale(args);
  const shift = batchNormScaleArgs.shift(args);
  const second = batchNormScaleArgs.second(args);
  for (let c: usize = 0; c < channels << 2; c += 4) {
    store<f32>(scale + c, <f32>(<f64>load<f32>(gamma + c) / sqrt(<f64>load<f32>(variance + c) + epsilon)));
    store<f32>(shift + c, second ? load<f32>(shift + c) + load<f32>(beta + c) : load<f32>(beta + c));
  }
}

// @ts-ignore: decorator
@inline
function applyRows(
  form: i32, relu: bool, rows: i32, rowBytes: usize,
  a: usize, meanA: usize, scaleA: usize, shift: usize, b: usize, meanB: usize, scaleB: usize, y: usize,
): void {
  const vectorBytes = rowBytes & ~15;
  const zero = f32x4.splat(0);
  let c: usize = 0;
  for (; c < vectorBytes; c += 16) {
    const mean = v128.load(meanA + c);
    const scale = v128.load(scaleA + c);
    const offset = v128.load(shift + c);
    let at = c;
    for (let r = 0; r < rows; r++) {
      let value = madd(f32x4.sub(v128.load(a + at), mean), scale, offset);
      if (form == RESIDUAL) value = f32x4.add(value, v128.load(b + at));
      if (form == PAIR) value = madd(f32x4.sub(v128.load(b + at), v128.load(meanB + c)), v128.load(scaleB + c), value);
      if (relu) value = f32x4.max(value, zero);
      v128.store(y + at, value);
      at += rowBytes;
    }
  }
  for (; c < rowBytes; c += 4) {
    let at = c;
    for (let r = 0; r < rows; r++) {
      let value = (load<f32>(a + at) - load<f32>(meanA + c)) * load<f32>(scaleA + c) + load<f32>(shift + c);
      if (form == RESIDUAL) value += load<f32>(b + at);
      if (form == PAIR) value += (load<f32>(b + at) - load<f32>(meanB + c)) * load<f32>(scaleB + c);
      if (relu) value = max<f32>(value, 0);
      store<f32>(y + at, value);
      at += rowBytes;
    }
  }
}

// @ts-ignore: decorator
@inline
function applyShare(form: i32, relu: bool, args: usize, part: i32, parts: i32): void {
  const rows = batchNormApplyArgs.rows(args);
  const rowBytes = <usize>batchNormApplyArgs.channels(args) << 2;
  const a = batchNormApplyArgs.a(args);
  const meanA = batchNormApplyArgs.meanA(args);
  const scaleA = batchNormApplyArgs.scaleA(args);
  const shift = batchNormApplyArgs.shift(args);
  const b = batchNormApplyArgs.b(args);
  const meanB = batchNormApplyArgs.meanB(args);
  const scaleB = batchNormApplyArgs.scaleB(args);
  const y = batchNormApplyArgs.y(args);
  const end = shareStart(rows, part + 1, parts);
  const step = rowsAtOnce(rowBytes);
  for (let r = shareStart(rows, part, parts); r < end; r += step) {
    const at = <usize>r * rowBytes;
    const count = min(step, end - r);
    applyRows(form, relu, count, rowBytes, a + at, meanA, scaleA, shift, b + at, meanB, scaleB, y + at);
  }
}

/**
 * y = relu?((a - meanA) * scaleA + shift + other)
 */
export function batchNormApply(args: usize, part: i32, parts: i32): void {
  const form = batchNormApplyArgs.form(args);
  if (batchNormApplyArgs.relu(args)) {
    if (form == ALONE) applyShare(ALONE, true, args, part, parts);
    else if (form == RESIDUAL) applyShare(RESIDUAL, true, args, part, parts);
    else applyShare(PAIR, true, args, part, parts);
  } else {
    if (form == ALONE) applyShare(ALONE, false, args, part, parts);
    else if (form == RESIDUAL) applyShare(RESIDUAL, false, args, part, parts);
    else applyShare(PAIR, false, args, part, parts);
  }
}
