/** Softmax of each row of x [rows, columns]. Must equal TensorFlow.js's Softmax. Shares are ranges of rows. */
import { shareStart } from "./arguments";
import { naturalExponential } from "./natural-exponential";
import { softmaxRowsArgs } from "./slots";

export function softmaxRows(args: usize, part: i32, parts: i32): void {
  const rows = softmaxRowsArgs.rows(args);
  const bytes = <usize>softmaxRowsArgs.columns(args) << 2;
  const end = shareStart(rows, part + 1, parts);
  for (let row = shareStart(rows, part, parts); row < end; row++) {
    const offset = <usize>row * bytes;
    softmaxRow(softmaxRowsArgs.x(args) + offset, softmaxRowsArgs.y(args) + offset, bytes);
  }
}

// @ts-ignore: decorator
@inline
function softmaxRow(x: usize, y: usize, bytes: usize): void {
  const whole = bytes & ~15;
  let most = v128.load32_splat(x);
  for (let i: usize = 0; i < whole; i += 16) most = f32x4.max(most, v128.load(x + i));
  for (let i = whole; i < bytes; i += 4) most = f32x4.max(most, v128.load32_splat(x + i));
  most = f32x4.max(most, v128.shuffle<i32>(most, most, 2, 3, 0, 1));
  most = f32x4.max(most, v128.shuffle<i32>(most, most, 1, 0, 3, 2));

  let sums = f32x4.splat(0);
  for (let i: usize = 0; i < whole; i += 16) {
    const value = naturalExponential(f32x4.sub(v128.load(x + i), most));
    v128.store(y + i, value);
    sums = f32x4.add(sums, value);
  }
  let sum: f32 = 0;
  for (let i = whole; i < bytes; i += 4) {
    const value = f32x4.extract_lane(naturalExponential(f32x4.sub(v128.load32_splat(x + i), most)), 0);
    store<f32>(y + i, value);
    sum += value;
  }
  sums = f32x4.add(sums, v128.shuffle<i32>(sums, sums, 2, 3, 0, 1));
  sum += f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1);

  const factor: f32 = 1 / sum;
  for (let i: usize = 0; i < whole; i += 16) v128.store(y + i, f32x4.mul(v128.load(y + i), f32x4.splat(factor)));
  for (let i = whole; i < bytes; i += 4) store<f32>(y + i, load<f32>(y + i) * factor);
}
