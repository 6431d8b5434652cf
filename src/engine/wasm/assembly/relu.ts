/**
 * relu: y = max(x, 0), NaN stays NaN. Equals tf.relu.
 *
 * A first, small kernel; one pass over memory, which is its whole cost.
 */
import { integerAt, lineShareStart, pointerAt } from "./arguments";

/** args: x, y, count */
export function relu(args: usize, part: i32, parts: i32): void {
  const x = pointerAt(args, 0);
  const y = pointerAt(args, 1);
  const count = integerAt(args, 2);
  const zero = f32x4.splat(0);

  let i: usize = (<usize>lineShareStart(count, part, parts)) << 2; // in bytes
  const end: usize = (<usize>lineShareStart(count, part + 1, parts)) << 2;
  for (; i + 16 <= end; i += 16) v128.store(y + i, f32x4.max(v128.load(x + i), zero));
  for (; i < end; i += 4) store<f32>(y + i, max<f32>(load<f32>(x + i), 0));
}
