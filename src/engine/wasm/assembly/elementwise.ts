/**
 * Elementwise operations of one and two operands, float32, one pass over memory. Must equal TensorFlow.js's operations
 * of the same names; NaN stays NaN.
 *
 * An operation is a number that the compiler knows in each loop (see the switch in `combine`), so that one loop in the
 * source becomes one loop per operation without a test inside.
 */
import { lineShareStart, shareStart } from "./arguments";
import { naturalExponential } from "./natural-exponential";
import { castToFloatArgs, elementwiseBinaryArgs, elementwiseUnaryArgs } from "./slots";

// Numbers as in ../kernels/elementwise.ts.
const ADD: i32 = 0;
const SUBTRACT: i32 = 1;
const MULTIPLY: i32 = 2;
const DIVIDE: i32 = 3;
const MAXIMUM: i32 = 4;
const MINIMUM: i32 = 5;
const SQUARED_DIFFERENCE: i32 = 6;
/** a where b > 0, else 0; NaN where b is: the gradient of relu from dy and y. */
const RELU_GRADIENT: i32 = 7;
/** a where b > 0, else a * parameter: the gradient of leaky relu from dy and x. */
const LEAKY_RELU_GRADIENT: i32 = 8;

// @ts-ignore: decorator
@inline
function combine(op: i32, a: v128, b: v128, parameter: v128): v128 {
  switch (op) {
    case ADD: return f32x4.add(a, b);
    case SUBTRACT: return f32x4.sub(a, b);
    case MULTIPLY: return f32x4.mul(a, b);
    case DIVIDE: return f32x4.div(a, b);
    case MAXIMUM: return f32x4.max(a, b);
    case MINIMUM: return f32x4.min(a, b);
    case SQUARED_DIFFERENCE: return f32x4.mul(f32x4.sub(a, b), f32x4.sub(a, b));
    case RELU_GRADIENT:
      return v128.or(v128.andnot(a, f32x4.le(b, f32x4.splat(0))), f32x4.ne(b, b)); // all bits set is a NaN
    default:
      return v128.bitselect(a, f32x4.mul(a, parameter), f32x4.gt(b, f32x4.splat(0)));
  }
}

/** The last, incomplete vector of a run goes through the same arithmetic, one lane of it. */
// @ts-ignore: decorator
@inline
function combineOne(op: i32, a: usize, b: usize, y: usize, parameter: v128): void {
  store<f32>(y, f32x4.extract_lane(combine(op, v128.load32_zero(a), v128.load32_zero(b), parameter), 0));
}

/** y[0 .. bytes) = a op b, where an operand that is `single` is one value. */
// @ts-ignore: decorator
@inline
function combineRun(
  op: i32, a: usize, aSingle: bool, b: usize, bSingle: bool, y: usize, bytes: usize, parameter: v128,
): void {
  let i: usize = 0;
  const repeatedA = v128.load32_splat(a);
  const repeatedB = v128.load32_splat(b);
  for (; i + 16 <= bytes; i += 16) {
    const left = aSingle ? repeatedA : v128.load(a + i);
    const right = bSingle ? repeatedB : v128.load(b + i);
    v128.store(y + i, combine(op, left, right, parameter));
  }
  for (; i < bytes; i += 4) combineOne(op, aSingle ? a : a + i, bSingle ? b : b + i, y + i, parameter);
}

/** All runs of a share, see elementwiseBinary. */
// @ts-ignore: decorator
@inline
function combineShare(op: i32, aSingle: bool, bSingle: bool, args: usize, part: i32, parts: i32): void {
  const outer = elementwiseBinaryArgs.outer(args);
  const middle = elementwiseBinaryArgs.middle(args);
  const inner = elementwiseBinaryArgs.inner(args);
  const a = elementwiseBinaryArgs.a(args);
  const aOuter = elementwiseBinaryArgs.aOuter(args);
  const aMiddle = elementwiseBinaryArgs.aMiddle(args);
  const b = elementwiseBinaryArgs.b(args);
  const bOuter = elementwiseBinaryArgs.bOuter(args);
  const bMiddle = elementwiseBinaryArgs.bMiddle(args);
  const y = elementwiseBinaryArgs.y(args);
  const parameter = f32x4.splat(elementwiseBinaryArgs.parameter(args));

  const runs = outer * middle;
  if (runs == 1) {
    const start = (<usize>lineShareStart(inner, part, parts)) << 2;
    const end = (<usize>lineShareStart(inner, part + 1, parts)) << 2;
    if (start < end) {
      combineRun(op, aSingle ? a : a + start, aSingle, bSingle ? b : b + start, bSingle, y + start, end - start, parameter);
    }
    return;
  }
  const bytes = <usize>inner << 2;
  const end = shareStart(runs, part + 1, parts);
  for (let run = shareStart(runs, part, parts); run < end; run++) {
    const o = <usize>(run / middle);
    const m = <usize>(run % middle);
    const left = a + o * aOuter + m * aMiddle;
    const right = b + o * bOuter + m * bMiddle;
    combineRun(op, left, aSingle, right, bSingle, y + <usize>run * bytes, bytes, parameter);
  }
}

// @ts-ignore: decorator
@inline
function combineAs(op: i32, args: usize, part: i32, parts: i32): void {
  const aSingle = elementwiseBinaryArgs.aInner(args) == 0;
  const bSingle = elementwiseBinaryArgs.bInner(args) == 0;
  if (aSingle && bSingle) combineShare(op, true, true, args, part, parts);
  else if (aSingle) combineShare(op, true, false, args, part, parts);
  else if (bSingle) combineShare(op, false, true, args, part, parts);
  else combineShare(op, false, false, args, part, parts);
}

/**
 * y [outer, middle, inner] = a op b, contiguous; a and b have byte strides along the three axes, 0 where they are
 * repeated, and along inner 4 or 0.
 */
export function elementwiseBinary(args: usize, part: i32, parts: i32): void {
  switch (elementwiseBinaryArgs.operation(args)) {
    case ADD: return combineAs(ADD, args, part, parts);
    case SUBTRACT: return combineAs(SUBTRACT, args, part, parts);
    case MULTIPLY: return combineAs(MULTIPLY, args, part, parts);
    case DIVIDE: return combineAs(DIVIDE, args, part, parts);
    case MAXIMUM: return combineAs(MAXIMUM, args, part, parts);
    case MINIMUM: return combineAs(MINIMUM, args, part, parts);
    case SQUARED_DIFFERENCE: return combineAs(SQUARED_DIFFERENCE, args, part, parts);
    case RELU_GRADIENT: return combineAs(RELU_GRADIENT, args, part, parts);
    default: return combineAs(LEAKY_RELU_GRADIENT, args, part, parts);
  }
}

// Numbers as in ../kernels/elementwise.ts.
const RELU: i32 = 0;
const RELU6: i32 = 1;
const SQUARE: i32 = 2;
const SQUARE_ROOT: i32 = 3;
const RECIPROCAL_ROOT: i32 = 4;
const NEGATE: i32 = 5;
const ABSOLUTE: i32 = 6;
const EXPONENTIAL: i32 = 7;
/** x where x > 0, else x * parameter. */
const LEAKY_RELU: i32 = 8;
/** Between parameter and second. */
const CLIP: i32 = 9;

// @ts-ignore: decorator
@inline
function map(op: i32, x: v128, parameter: v128, second: v128): v128 {
  switch (op) {
    case RELU: return f32x4.max(x, f32x4.splat(0));
    case RELU6: return f32x4.min(f32x4.max(x, f32x4.splat(0)), f32x4.splat(6));
    case SQUARE: return f32x4.mul(x, x);
    case SQUARE_ROOT: return f32x4.sqrt(x);
    case RECIPROCAL_ROOT: return f32x4.div(f32x4.splat(1), f32x4.sqrt(x));
    case NEGATE: return f32x4.neg(x);
    case ABSOLUTE: return f32x4.abs(x);
    case EXPONENTIAL: return naturalExponential(x);
    case CLIP: return f32x4.min(f32x4.max(x, parameter), second);
    default: return v128.bitselect(x, f32x4.mul(x, parameter), f32x4.gt(x, f32x4.splat(0)));
  }
}

// @ts-ignore: decorator
@inline
function mapShare(op: i32, args: usize, part: i32, parts: i32): void {
  const x = elementwiseUnaryArgs.x(args);
  const y = elementwiseUnaryArgs.y(args);
  const count = elementwiseUnaryArgs.count(args);
  const parameter = f32x4.splat(elementwiseUnaryArgs.parameter(args));
  const second = f32x4.splat(elementwiseUnaryArgs.second(args));
  let i: usize = (<usize>lineShareStart(count, part, parts)) << 2; // in bytes
  const end: usize = (<usize>lineShareStart(count, part + 1, parts)) << 2;
  for (; i + 16 <= end; i += 16) v128.store(y + i, map(op, v128.load(x + i), parameter, second));
  for (; i < end; i += 4) store<f32>(y + i, f32x4.extract_lane(map(op, v128.load32_zero(x + i), parameter, second), 0));
}

/**
 * y = op(x)
 */
export function elementwiseUnary(args: usize, part: i32, parts: i32): void {
  switch (elementwiseUnaryArgs.operation(args)) {
    case RELU: return mapShare(RELU, args, part, parts);
    case RELU6: return mapShare(RELU6, args, part, parts);
    case SQUARE: return mapShare(SQUARE, args, part, parts);
    case SQUARE_ROOT: return mapShare(SQUARE_ROOT, args, part, parts);
    case RECIPROCAL_ROOT: return mapShare(RECIPROCAL_ROOT, args, part, parts);
    case NEGATE: return mapShare(NEGATE, args, part, parts);
    case ABSOLUTE: return mapShare(ABSOLUTE, args, part, parts);
    case EXPONENTIAL: return mapShare(EXPONENTIAL, args, part, parts);
    case CLIP: return mapShare(CLIP, args, part, parts);
    default: return mapShare(LEAKY_RELU, args, part, parts);
  }
}

/**
 * y (float32) = x, whole numbers or truth values.
 */
export function castToFloat(args: usize, part: i32, parts: i32): void {
  const x = castToFloatArgs.x(args);
  const y = castToFloatArgs.y(args);
  const count = castToFloatArgs.count(args);
  const isWhole = castToFloatArgs.elementBytes(args) == 4;
  const end = lineShareStart(count, part + 1, parts);
  for (let i = lineShareStart(count, part, parts); i < end; i++) {
    const value = isWhole ? <f32>load<i32>(x + (<usize>i << 2)) : <f32>load<u8>(x + <usize>i);
    store<f32>(y + (<usize>i << 2), value);
  }
}
