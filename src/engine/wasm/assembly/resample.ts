/**
 * Images x [B, H, W, C] resampled along rows and columns into y [B, P, Q, C]: each row of the result is a weighted sum of rows, and
 * each place of it one of places. Tables say which, so that one kernel resizes and makes the gradient of resizing.
 *
 * A table of n results: n + 1 whole numbers, where the taps of each begin and where the last end; the row or column of every tap;
 * its weight, float32. Shares are ranges of rows of the result.
 */
import { shareStart } from "./arguments";
import { madd } from "./simd";
import { resampleArgs } from "./slots";

export function resample(args: usize, part: i32, parts: i32): void {
  const width = resampleArgs.width(args);
  const placeBytes = <usize>resampleArgs.channels(args) << 2;
  const rowBytes = <usize>width * placeBytes;
  const outputHeight = resampleArgs.outputHeight(args);
  const outputWidth = resampleArgs.outputWidth(args);
  const imageBytes = <usize>resampleArgs.height(args) * rowBytes;
  const rowStarts = resampleArgs.rowTaps(args);
  const rowPlaces = rowStarts + (<usize>(outputHeight + 1) << 2);
  const rowWeights = rowPlaces + (<usize>load<i32>(rowPlaces - 4) << 2);
  const columnStarts = resampleArgs.columnTaps(args);
  const columnPlaces = columnStarts + (<usize>(outputWidth + 1) << 2);
  const columnWeights = columnPlaces + (<usize>load<i32>(columnPlaces - 4) << 2);
  const ownLine = resampleArgs.lines(args) + <usize>part * resampleArgs.lineBytes(args);
  const x = resampleArgs.x(args);

  const rows = resampleArgs.batch(args) * outputHeight;
  const end = shareStart(rows, part + 1, parts);
  for (let row = shareStart(rows, part, parts); row < end; row++) {
    const image = x + <usize>(row / outputHeight) * imageBytes;
    const taps = <usize>(row % outputHeight) << 2;
    const first = <usize>load<i32>(rowStarts + taps) << 2;
    const count = load<i32>(rowStarts + taps + 4) - <i32>(first >> 2);
    let line = ownLine;
    if (count == 1 && load<f32>(rowWeights + first) == 1) line = image + <usize>load<i32>(rowPlaces + first) * rowBytes;
    else sumTaps(image, rowBytes, rowPlaces + first, rowWeights + first, count, line, rowBytes);
    let y = resampleArgs.y(args) + <usize>row * <usize>outputWidth * placeBytes;
    for (let at = columnStarts; at < columnPlaces - 4; at += 4) {
      const start = <usize>load<i32>(at) << 2;
      const taps = load<i32>(at, 4) - load<i32>(at);
      sumTaps(line, placeBytes, columnPlaces + start, columnWeights + start, taps, y, placeBytes);
      y += placeBytes;
    }
  }
}

/** to = the weighted sum of `count` vectors of so many bytes, vector i lying `step` * places[i] after `from`. */
function sumTaps(from: usize, step: usize, places: usize, weights: usize, count: i32, to: usize, bytes: usize): void {
  const end = places + (<usize>count << 2);
  const toWeight = weights - places;
  let c: usize = 0;
  for (; c + 64 <= bytes; c += 64) {
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    for (let tap = places; tap < end; tap += 4) {
      const vector = from + <usize>load<i32>(tap) * step + c;
      const weight = v128.load32_splat(tap + toWeight);
      s0 = madd(weight, v128.load(vector), s0);
      s1 = madd(weight, v128.load(vector, 16), s1);
      s2 = madd(weight, v128.load(vector, 32), s2);
      s3 = madd(weight, v128.load(vector, 48), s3);
    }
    v128.store(to + c, s0);
    v128.store(to + c, s1, 16);
    v128.store(to + c, s2, 32);
    v128.store(to + c, s3, 48);
  }
  for (; c + 16 <= bytes; c += 16) {
    let sum = f32x4.splat(0);
    for (let tap = places; tap < end; tap += 4) {
      sum = madd(v128.load32_splat(tap + toWeight), v128.load(from + <usize>load<i32>(tap) * step + c), sum);
    }
    v128.store(to + c, sum);
  }
  for (; c < bytes; c += 4) {
    let sum: f32 = 0;
    for (let tap = places; tap < end; tap += 4) {
      sum += load<f32>(tap + toWeight) * load<f32>(from + <usize>load<i32>(tap) * step + c);
    }
    store<f32>(to + c, sum);
  }
}
