/**
 * Gradient of batch-norm.ts, in two passes: the sums over all rows that the gradients of gamma and beta are, and then
 * the gradients of the inputs, which need those sums. Formulas stand at batchNormGradCoefficients.
 *
 * M rows of C channels; shares are ranges of rows.
 */
import { shareStart } from "./arguments";
import { accumulateLine, ALONE, GROUP, LINE, PAIR, RESIDUAL, rowsAtOnce } from "./batch-norm";
import { accumulateOne, madd } from "./simd";
import { batchNormGradApplyArgs, batchNormGradCoefficientsArgs, batchNormGradSumsArgs } from "./slots";

/** dy where the relu let it pass: y > 0, or y is NaN, which stays visible. */
// @ts-ignore: decorator
@inline
function passed(relu: bool, dy: usize, y: usize): v128 {
  const gradient = v128.load(dy);
  return relu ? v128.andnot(gradient, f32x4.le(v128.load(y), f32x4.splat(0))) : gradient;
}

// @ts-ignore: decorator
@inline
function passedOne(relu: bool, dy: usize, y: usize): f32 {
  return relu && load<f32>(y) <= 0 ? 0 : load<f32>(dy);
}

/** sum + g * (x - mean) */
// @ts-ignore: decorator
@inline
function addProduct(g: v128, x: usize, mean: v128, sum: v128): v128 {
  return madd(g, f32x4.sub(v128.load(x), mean), sum);
}

/** Sums of g, where `withG`, and of g * (x - mean) over `rows` rows of one cache line. */
// @ts-ignore: decorator
@inline
function sumLine(
  withG: bool, relu: bool, rows: i32, rowBytes: usize,
  dy: usize, y: usize, x: usize, mean: usize, sums: usize, products: usize,
): void {
  const mean0 = v128.load(mean);
  const mean1 = v128.load(mean, 16);
  const mean2 = v128.load(mean, 32);
  const mean3 = v128.load(mean, 48);
  let sum0 = f32x4.splat(0);
  let sum1 = sum0;
  let sum2 = sum0;
  let sum3 = sum0;
  let product0 = sum0;
  let product1 = sum0;
  let product2 = sum0;
  let product3 = sum0;
  for (let at: usize = 0, end = <usize>rows * rowBytes; at < end; at += rowBytes) {
    const g0 = passed(relu, dy + at, y + at);
    const g1 = passed(relu, dy + at + 16, y + at + 16);
    const g2 = passed(relu, dy + at + 32, y + at + 32);
    const g3 = passed(relu, dy + at + 48, y + at + 48);
    if (withG) {
      sum0 = f32x4.add(sum0, g0);
      sum1 = f32x4.add(sum1, g1);
      sum2 = f32x4.add(sum2, g2);
      sum3 = f32x4.add(sum3, g3);
    }
    product0 = addProduct(g0, x + at, mean0, product0);
    product1 = addProduct(g1, x + at + 16, mean1, product1);
    product2 = addProduct(g2, x + at + 32, mean2, product2);
    product3 = addProduct(g3, x + at + 48, mean3, product3);
  }
  if (withG) accumulateLine(sums, sum0, sum1, sum2, sum3);
  accumulateLine(products, product0, product1, product2, product3);
}

// Functions of their own, not inlined, for the reason that addMomentsOfLine has.

function firstLine(rows: i32, rowBytes: usize, dy: usize, y: usize, x: usize, mean: usize, sums: usize, products: usize): void {
  sumLine(true, false, rows, rowBytes, dy, y, x, mean, sums, products);
}

function firstLineRelu(rows: i32, rowBytes: usize, dy: usize, y: usize, x: usize, mean: usize, sums: usize, products: usize): void {
  sumLine(true, true, rows, rowBytes, dy, y, x, mean, sums, products);
}

function secondLine(rows: i32, rowBytes: usize, dy: usize, y: usize, x: usize, mean: usize, sums: usize, products: usize): void {
  sumLine(false, false, rows, rowBytes, dy, y, x, mean, sums, products);
}

function secondLineRelu(rows: i32, rowBytes: usize, dy: usize, y: usize, x: usize, mean: usize, sums: usize, products: usize): void {
  sumLine(false, true, rows, rowBytes, dy, y, x, mean, sums, products);
}

// @ts-ignore: decorator
@inline
function sumGradRows(
  pair: bool, relu: bool, rows: i32, rowBytes: usize,
  dy: usize, y: usize, a: usize, meanA: usize, b: usize, meanB: usize, sums: usize,
): void {
  const withA = sums + (rowBytes << 1);
  const withB = sums + (rowBytes << 2);
  let c: usize = 0;
  for (; c + LINE <= rowBytes; c += LINE) {
    const to = c << 1;
    if (relu) firstLineRelu(rows, rowBytes, dy + c, y + c, a + c, meanA + c, sums + to, withA + to);
    else firstLine(rows, rowBytes, dy + c, y, a + c, meanA + c, sums + to, withA + to);
    if (pair) {
      if (relu) secondLineRelu(rows, rowBytes, dy + c, y + c, b + c, meanB + c, sums, withB + to);
      else secondLine(rows, rowBytes, dy + c, y, b + c, meanB + c, sums, withB + to);
    }
  }
  for (; c < rowBytes; c += 4) {
    let at = c;
    for (let r = 0; r < rows; r++) {
      const g = passedOne(relu, dy + at, y + at);
      accumulateOne(sums + (c << 1), g);
      accumulateOne(withA + (c << 1), g * (load<f32>(a + at) - load<f32>(meanA + c)));
      if (pair) accumulateOne(withB + (c << 1), g * (load<f32>(b + at) - load<f32>(meanB + c)));
      at += rowBytes;
    }
  }
}

// @ts-ignore: decorator
@inline
function sumGradShare(pair: bool, relu: bool, args: usize, part: i32, parts: i32): void {
  const rows = batchNormGradSumsArgs.rows(args);
  const rowBytes = <usize>batchNormGradSumsArgs.channels(args) << 2;
  const dy = batchNormGradSumsArgs.dy(args);
  const y = batchNormGradSumsArgs.y(args);
  const a = batchNormGradSumsArgs.a(args);
  const meanA = batchNormGradSumsArgs.meanA(args);
  const b = batchNormGradSumsArgs.b(args);
  const meanB = batchNormGradSumsArgs.meanB(args);
  const bytes = (rowBytes << 1) * 3;
  const sums = batchNormGradSumsArgs.partial(args) + <usize>part * bytes;
  memory.fill(sums, 0, bytes);
  const end = shareStart(rows, part + 1, parts);
  for (let r = shareStart(rows, part, parts); r < end; r += GROUP) {
    const at = <usize>r * rowBytes;
    const count = min(GROUP, end - r);
    sumGradRows(pair, relu, count, rowBytes, dy + at, y + at, a + at, meanA, b + at, meanB, sums);
  }
}

/**
 * With g = dy where relu let it pass: sums of g, of g * (a - meanA) and of g * (b - meanB).
 */
export function batchNormGradSums(args: usize, part: i32, parts: i32): void {
  const pair = batchNormGradSumsArgs.form(args) == PAIR;
  if (batchNormGradSumsArgs.relu(args)) {
    if (pair) sumGradShare(true, true, args, part, parts);
    else sumGradShare(false, true, args, part, parts);
  } else {
    if (pair) sumGradShare(true, false, args, part, parts);
    else sumGradShare(false, false, args, part, parts);
  }
}

/**
 * Adds up one of the sums with the sum of g, and gives the gradients of gamma and beta and the coefficients of that of
 * a:
 *
 *     da = direct * g + linear * (a - mean) + constant
 *     direct = gamma / s,   linear = -direct * dGamma / (s M),   constant = -direct * dBeta / M,   s = sqrt(variance + epsilon)
 *
 * With statistics that are given (not of this batch) linear and constant are zero. Run alone.
 */
export function batchNormGradCoefficients(args: usize, part: i32, parts: i32): void {
  const rows = <f64>batchNormGradCoefficientsArgs.rows(args);
  const channels = <usize>batchNormGradCoefficientsArgs.channels(args);
  const partial = batchNormGradCoefficientsArgs.partial(args);
  const shares = batchNormGradCoefficientsArgs.shares(args);
  const which = <usize>batchNormGradCoefficientsArgs.which(args);
  const gamma = batchNormGradCoefficientsArgs.gamma(args);
  const variance = batchNormGradCoefficientsArgs.variance(args);
  const epsilon = batchNormGradCoefficientsArgs.epsilon(args);
  const given = batchNormGradCoefficientsArgs.given(args);
  const dGamma = batchNormGradCoefficientsArgs.dGamma(args);
  const dBeta = batchNormGradCoefficientsArgs.dBeta(args);
  const coefficients = batchNormGradCoefficientsArgs.factors(args);

  for (let c: usize = 0; c < channels; c++) {
    let sum: f64 = 0;
    let product: f64 = 0;
    for (let s: usize = 0; s < <usize>shares; s++) {
      const sums = partial + ((s * 3 * channels + c) << 3);
      sum += load<f64>(sums);
      product += load<f64>(sums + ((which * channels) << 3));
    }
    const inverse = 1 / sqrt(<f64>load<f32>(variance + (c << 2)) + epsilon);
    const gradient = product * inverse;
    const direct = <f64>load<f32>(gamma + (c << 2)) * inverse;
    store<f32>(dGamma + (c << 2), <f32>gradient);
    store<f32>(dBeta + (c << 2), <f32>sum);
    const at = coefficients + (c << 2);
    store<f32>(at, <f32>direct);
    store<f32>(at + (channels << 2), given ? 0 : <f32>((-direct * gradient * inverse) / rows));
    store<f32>(at + (channels << 3), given ? 0 : <f32>((-direct * sum) / rows));
  }
}

// @ts-ignore: decorator
@inline
function applyGradRows(
  form: i32, relu: bool, rows: i32, rowBytes: usize,
  dy: usize, y: usize, a: usize, meanA: usize, factorsA: usize, b: usize, meanB: usize, factorsB: usize, da: usize, db: usize,
): void {
  const vectorBytes = rowBytes & ~15;
  let c: usize = 0;
  for (; c < vectorBytes; c += 16) {
    const mean = v128.load(meanA + c);
    const direct = v128.load(factorsA + c);
    const linear = v128.load(factorsA + c + rowBytes);
    const constant = v128.load(factorsA + c + (rowBytes << 1));
    let at = c;
    for (let r = 0; r < rows; r++) {
      const g = passed(relu, dy + at, y + at);
      v128.store(da + at, madd(direct, g, madd(linear, f32x4.sub(v128.load(a + at), mean), constant)));
      if (form == RESIDUAL) v128.store(db + at, g);
      if (form == PAIR) {
        const line = madd(
          v128.load(factorsB + c + rowBytes),
          f32x4.sub(v128.load(b + at), v128.load(meanB + c)),
          v128.load(factorsB + c + (rowBytes << 1)),
        );
        v128.store(db + at, madd(v128.load(factorsB + c), g, line));
      }
      at += rowBytes;
    }
  }
  for (; c < rowBytes; c += 4) {
    let at = c;
    for (let r = 0; r < rows; r++) {
      const g = passedOne(relu, dy + at, y + at);
      const line = load<f32>(factorsA + c + rowBytes) * (load<f32>(a + at) - load<f32>(meanA + c));
      store<f32>(da + at, load<f32>(factorsA + c) * g + line + load<f32>(factorsA + c + (rowBytes << 1)));
      if (form == RESIDUAL) store<f32>(db + at, g);
      if (form == PAIR) {
        const lineB = load<f32>(factorsB + c + rowBytes) * (load<f32>(b + at) - load<f32>(meanB + c));
        store<f32>(db + at, load<f32>(factorsB + c) * g + lineB + load<f32>(factorsB + c + (rowBytes << 1)));
      }
      at += rowBytes;
    }
  }
}

// @ts-ignore: decorator
@inline
function applyGradShare(form: i32, relu: bool, args: usize, part: i32, parts: i32): void {
  const rows = batchNormGradApplyArgs.rows(args);
  const rowBytes = <usize>batchNormGradApplyArgs.channels(args) << 2;
  const dy = batchNormGradApplyArgs.dy(args);
  const y = batchNormGradApplyArgs.y(args);
  const a = batchNormGradApplyArgs.a(args);
  const meanA = batchNormGradApplyArgs.meanA(args);
  const factorsA = batchNormGradApplyArgs.factorsA(args);
  const b = batchNormGradApplyArgs.b(args);
  const meanB = batchNormGradApplyArgs.meanB(args);
  const factorsB = batchNormGradApplyArgs.factorsB(args);
  const da = batchNormGradApplyArgs.da(args);
  const db = batchNormGradApplyArgs.db(args);
  const end = shareStart(rows, part + 1, parts);
  const step = rowsAtOnce(rowBytes);
  for (let r = shareStart(rows, part, parts); r < end; r += step) {
    const at = <usize>r * rowBytes;
    const count = min(step, end - r);
    applyGradRows(
      form, relu, count, rowBytes,
      dy + at, y + at, a + at, meanA, factorsA, b + at, meanB, factorsB, da + at, db + at,
    );
  }
}

/**
 * da = direct * g + linear * (a - meanA) + constant; db = g for a residual, as da for a pair.
 */
export function batchNormGradApply(args: usize, part: i32, parts: i32): void {
  const form = batchNormGradApplyArgs.form(args);
  if (batchNormGradApplyArgs.relu(args)) {
    if (form == ALONE) applyGradShare(ALONE, true, args, part, parts);
    else if (form == RESIDUAL) applyGradShare(RESIDUAL, true, args, part, parts);
    else applyGradShare(PAIR, true, args, part, parts);
  } else {
    if (form == PAIR) applyGradShare(PAIR, false, args, part, parts);
    else applyGradShare(ALONE, false, args, part, parts);
  }
}
