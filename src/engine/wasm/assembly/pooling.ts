/**
 * Pooling x [B, H, W, C] over windows into y [B, P, Q, C]: maximum and average, TensorFlow.js's MaxPoolGrad (of equal
 * maxima the first in reading order gets the gradient) and AvgPoolGrad. Places beyond the edge count neither for the
 * maximum nor for the average; of windows without a place they are -Infinity and NaN. A NaN in a window is its result.
 *
 * Four channels at a time. Shares are ranges of rows of what is written; in maxPoolGrad, where neighbouring windows
 * write to the same places, they are ranges of (image, 16 channels), of which no two share a place.
 */
import { shareStart } from "./arguments";
import { averagePoolArgs, averagePoolGradArgs, maxPoolArgs, maxPoolGradArgs } from "./slots";

/** Places of a window that exist, along one axis. */
// @ts-ignore: decorator
@inline
function extent(start: i32, window: i32, size: i32): i32 {
  return max(0, min(start + window, size) - max(start, 0));
}

/** Each window gives dy to its first place that holds the maximum. */
export function maxPoolGrad(args: usize, part: i32, parts: i32): void {
  const batch = maxPoolGradArgs.batch(args);
  const height = maxPoolGradArgs.height(args);
  const width = maxPoolGradArgs.width(args);
  const rowBytes = <usize>maxPoolGradArgs.channels(args) << 2;
  const outputHeight = maxPoolGradArgs.outputHeight(args);
  const outputWidth = maxPoolGradArgs.outputWidth(args);
  const windowHeight = maxPoolGradArgs.windowHeight(args);
  const windowWidth = maxPoolGradArgs.windowWidth(args);
  const strideHeight = maxPoolGradArgs.strideHeight(args);
  const strideWidth = maxPoolGradArgs.strideWidth(args);
  const padTop = maxPoolGradArgs.padTop(args);
  const padLeft = maxPoolGradArgs.padLeft(args);
  const x = maxPoolGradArgs.x(args);
  const y = maxPoolGradArgs.y(args);
  const dy = maxPoolGradArgs.dy(args);
  const dx = maxPoolGradArgs.dx(args);

  const blocks = <i32>((rowBytes + 63) >> 6); // of 16 channels
  const end = shareStart(batch * blocks, part + 1, parts);
  for (let task = shareStart(batch * blocks, part, parts); task < end; task++) {
    const image = <usize>(task / blocks);
    const from = <usize>(task % blocks) << 6;
    const bytes = min<usize>(64, rowBytes - from);
    const input = image * <usize>(height * width) * rowBytes + from;
    const output = image * <usize>(outputHeight * outputWidth) * rowBytes + from;
    clearColumns(dx + input, height * width, rowBytes, bytes);
    for (let p = 0; p < outputHeight; p++) {
      const top = p * strideHeight - padTop;
      for (let q = 0; q < outputWidth; q++) {
        const left = q * strideWidth - padLeft;
        const corner = input + <usize>(max(top, 0) * width + max(left, 0)) * rowBytes;
        const window = output + <usize>(p * outputWidth + q) * rowBytes;
        const rows = extent(top, windowHeight, height);
        const columns = <usize>extent(left, windowWidth, width) * rowBytes;
        const lineBytes = <usize>width * rowBytes;
        let c: usize = 0;
        for (; c + 16 <= bytes; c += 16) {
          spread(x + corner + c, v128.load(y + window + c), v128.load(dy + window + c), dx + corner + c, rows, columns, lineBytes, rowBytes);
        }
        for (; c < bytes; c += 4) {
          spreadOne(x + corner + c, load<f32>(y + window + c), load<f32>(dy + window + c), dx + corner + c, rows, columns, lineBytes, rowBytes);
        }
      }
    }
  }
}

function clearColumns(at: usize, rows: i32, rowBytes: usize, bytes: usize): void {
  for (; rows > 0; rows--) {
    let c: usize = 0;
    for (; c + 16 <= bytes; c += 16) v128.store(at + c, f32x4.splat(0));
    for (; c < bytes; c += 4) store<f32>(at + c, 0);
    at += rowBytes;
  }
}

/** Adds the gradient of four windows that lie on one another to the first place of each that holds its maximum. */
// @ts-ignore: decorator
@inline
function spread(
  x: usize, greatest: v128, gradient: v128, dx: usize, rows: i32, columns: usize, lineBytes: usize, placeBytes: usize,
): void {
  for (let line: usize = 0; rows > 0; rows--) {
    for (let at = line; at < line + columns; at += placeBytes) {
      const here = f32x4.eq(v128.load(x + at), greatest);
      v128.store(dx + at, f32x4.add(v128.load(dx + at), v128.and(gradient, here)));
      gradient = v128.andnot(gradient, here); // what has been given away
    }
    line += lineBytes;
  }
}

// @ts-ignore: decorator
@inline
function spreadOne(
  x: usize, greatest: f32, gradient: f32, dx: usize, rows: i32, columns: usize, lineBytes: usize, placeBytes: usize,
): void {
  for (let line: usize = 0; rows > 0; rows--) {
    for (let at = line; at < line + columns; at += placeBytes) {
      if (load<f32>(x + at) == greatest) {
        store<f32>(dx + at, load<f32>(dx + at) + gradient);
        return;
      }
    }
    line += lineBytes;
  }
}

/** The greatest of each window. */
export function maxPool(args: usize, part: i32, parts: i32): void {
  const batch = maxPoolArgs.batch(args);
  const height = maxPoolArgs.height(args);
  const width = maxPoolArgs.width(args);
  const rowBytes = <usize>maxPoolArgs.channels(args) << 2;
  const outputHeight = maxPoolArgs.outputHeight(args);
  const outputWidth = maxPoolArgs.outputWidth(args);
  const windowHeight = maxPoolArgs.windowHeight(args);
  const windowWidth = maxPoolArgs.windowWidth(args);
  const strideHeight = maxPoolArgs.strideHeight(args);
  const strideWidth = maxPoolArgs.strideWidth(args);
  const padTop = maxPoolArgs.padTop(args);
  const padLeft = maxPoolArgs.padLeft(args);
  const x = maxPoolArgs.x(args);
  const y = maxPoolArgs.y(args);

  const end = shareStart(batch * outputHeight, part + 1, parts);
  for (let row = shareStart(batch * outputHeight, part, parts); row < end; row++) {
    const image = x + <usize>((row / outputHeight) * height * width) * rowBytes;
    const top = (row % outputHeight) * strideHeight - padTop;
    const rows = extent(top, windowHeight, height);
    for (let q = 0; q < outputWidth; q++) {
      const left = q * strideWidth - padLeft;
      const columns = extent(left, windowWidth, width);
      const target = y + <usize>(row * outputWidth + q) * rowBytes;
      fillColumn(target, -Infinity, rowBytes);
      for (let r = max(top, 0); r < max(top, 0) + rows; r++) {
        const line = image + <usize>(r * width + max(left, 0)) * rowBytes;
        for (let c = 0; c < columns; c++) raise(line + <usize>c * rowBytes, target, rowBytes);
      }
    }
  }
}

/** The mean of each window over the places that exist. */
export function averagePool(args: usize, part: i32, parts: i32): void {
  const batch = averagePoolArgs.batch(args);
  const height = averagePoolArgs.height(args);
  const width = averagePoolArgs.width(args);
  const rowBytes = <usize>averagePoolArgs.channels(args) << 2;
  const outputHeight = averagePoolArgs.outputHeight(args);
  const outputWidth = averagePoolArgs.outputWidth(args);
  const windowHeight = averagePoolArgs.windowHeight(args);
  const windowWidth = averagePoolArgs.windowWidth(args);
  const strideHeight = averagePoolArgs.strideHeight(args);
  const strideWidth = averagePoolArgs.strideWidth(args);
  const padTop = averagePoolArgs.padTop(args);
  const padLeft = averagePoolArgs.padLeft(args);
  const x = averagePoolArgs.x(args);
  const y = averagePoolArgs.y(args);

  const end = shareStart(batch * outputHeight, part + 1, parts);
  for (let row = shareStart(batch * outputHeight, part, parts); row < end; row++) {
    const image = x + <usize>((row / outputHeight) * height * width) * rowBytes;
    const top = (row % outputHeight) * strideHeight - padTop;
    const rows = extent(top, windowHeight, height);
    for (let q = 0; q < outputWidth; q++) {
      const left = q * strideWidth - padLeft;
      const columns = extent(left, windowWidth, width);
      const factor = <f32>(1 / <f64>(rows * columns));
      const target = y + <usize>(row * outputWidth + q) * rowBytes;
      fillColumn(target, rows * columns > 0 ? 0 : NaN, rowBytes);
      for (let r = max(top, 0); r < max(top, 0) + rows; r++) {
        const line = image + <usize>(r * width + max(left, 0)) * rowBytes;
        for (let c = 0; c < columns; c++) addScaled(line + <usize>c * rowBytes, factor, target, rowBytes);
      }
    }
  }
}

/**
 * Each place gets the shares of all windows that it lies in. (tfjs divides by the whole window also at an edge, where
 * its own forward pass divides by the places that exist; here both divide by the same.)
 */
export function averagePoolGrad(args: usize, part: i32, parts: i32): void {
  const batch = averagePoolGradArgs.batch(args);
  const height = averagePoolGradArgs.height(args);
  const width = averagePoolGradArgs.width(args);
  const rowBytes = <usize>averagePoolGradArgs.channels(args) << 2;
  const outputHeight = averagePoolGradArgs.outputHeight(args);
  const outputWidth = averagePoolGradArgs.outputWidth(args);
  const windowHeight = averagePoolGradArgs.windowHeight(args);
  const windowWidth = averagePoolGradArgs.windowWidth(args);
  const strideHeight = averagePoolGradArgs.strideHeight(args);
  const strideWidth = averagePoolGradArgs.strideWidth(args);
  const padTop = averagePoolGradArgs.padTop(args);
  const padLeft = averagePoolGradArgs.padLeft(args);
  const dy = averagePoolGradArgs.dy(args);
  const dx = averagePoolGradArgs.dx(args);

  const end = shareStart(batch * height, part + 1, parts);
  for (let row = shareStart(batch * height, part, parts); row < end; row++) {
    const image = dy + <usize>((row / height) * outputHeight * outputWidth) * rowBytes;
    const h = (row % height) + padTop;
    const p0 = max((h - windowHeight + strideHeight) / strideHeight, 0);
    const p1 = min(h / strideHeight + 1, outputHeight);
    for (let column = 0; column < width; column++) {
      const w = column + padLeft;
      const q0 = max((w - windowWidth + strideWidth) / strideWidth, 0);
      const q1 = min(w / strideWidth + 1, outputWidth);
      const target = dx + <usize>(row * width + column) * rowBytes;
      clearColumns(target, 1, rowBytes, rowBytes);
      for (let p = p0; p < p1; p++) {
        const rows = extent(p * strideHeight - padTop, windowHeight, height);
        for (let q = q0; q < q1; q++) {
          const places = rows * extent(q * strideWidth - padLeft, windowWidth, width);
          addScaled(image + <usize>(p * outputWidth + q) * rowBytes, <f32>(1 / <f64>places), target, rowBytes);
        }
      }
    }
  }
}

function fillColumn(y: usize, value: f32, bytes: usize): void {
  const values = f32x4.splat(value);
  let c: usize = 0;
  for (; c + 16 <= bytes; c += 16) v128.store(y + c, values);
  for (; c < bytes; c += 4) store<f32>(y + c, value);
}

/** y = the greater of x and y, NaN where one is. */
// @ts-ignore: decorator
@inline
function raise(x: usize, y: usize, bytes: usize): void {
  let c: usize = 0;
  for (; c + 16 <= bytes; c += 16) v128.store(y + c, f32x4.max(v128.load(y + c), v128.load(x + c)));
  for (; c < bytes; c += 4) store<f32>(y + c, max(load<f32>(y + c), load<f32>(x + c)));
}

/** y += factor * x */
// @ts-ignore: decorator
@inline
function addScaled(x: usize, factor: f32, y: usize, bytes: usize): void {
  const factors = f32x4.splat(factor);
  let c: usize = 0;
  for (; c + 16 <= bytes; c += 16) {
    v128.store(y + c, f32x4.add(v128.load(y + c), f32x4.mul(v128.load(x + c), factors)));
  }
  for (; c < bytes; c += 4) store<f32>(y + c, load<f32>(y + c) + load<f32>(x + c) * factor);
}
