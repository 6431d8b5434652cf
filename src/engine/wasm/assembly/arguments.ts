/**
 * Reading a kernel's arguments and its share of the work.
 *
 * Every kernel is exported as `name(args: usize, part: i32, parts: i32): void`. `args` points at float64 slots, in
 * which pointers (up to 2^32) and sizes are exact. The share of a part depends on `part` and `parts` only, so that
 * sums, and with them whole training runs, repeat bit for bit at a given number of threads.
 */

/** Slot `index` as a pointer; conversion through u32, for pointers pass 2^31. */
// @ts-ignore: decorator
@inline
export function pointerAt(args: usize, index: i32): usize {
  return <usize>(<u32>load<f64>(args + (<usize>index << 3)));
}

/** Slot `index` as a size, count or flag. */
// @ts-ignore: decorator
@inline
export function integerAt(args: usize, index: i32): i32 {
  return <i32>load<f64>(args + (<usize>index << 3));
}

/** Slot `index` as a real number. */
// @ts-ignore: decorator
@inline
export function realAt(args: usize, index: i32): f32 {
  return <f32>load<f64>(args + (<usize>index << 3));
}

/**
 * First unit of a part's share of `count` units; its end is the first unit of part + 1. Shares differ by at most one.
 */
// @ts-ignore: decorator
@inline
export function shareStart(count: i32, part: i32, parts: i32): i32 {
  return <i32>((<i64>count * <i64>part) / <i64>parts);
}

/** First element of a part's share of `count` floats, a multiple of 16 floats (one cache line) save for the end. */
// @ts-ignore: decorator
@inline
export function lineShareStart(count: i32, part: i32, parts: i32): i32 {
  const lines = (count + 15) >> 4;
  return min(count, shareStart(lines, part, parts) << 4);
}
