/**
 * Convolution of every channel by itself, x [B, H, W, C] with w [R, S, C] into y [B, P, Q, C], and its gradient with
 * respect to w:
 *
 *     y[b, p, q, c] = epilogue(sum over r, s: x[b, p strideY + r dilationY - padTop, q strideX + s dilationX - padLeft, c] w[r, s, c])
 *
 * Without a stride, and with the window mirrored, the first is the gradient with respect to the input too. A product
 * finds nothing to share between channels here; this reads each weight once for eight places of a row, four channels at a
 * time. Shares are ranges of rows of y; of the gradient, parts of all rows (which do not depend on the number of threads)
 * times 16 channels.
 */
import { shareStart } from "./arguments";
import { madd } from "./simd";
import { depthwiseConvolutionArgs, depthwiseFilterGradArgs } from "./slots";

/** The first tap, at `start` and every `dilation` from there, that is not before place 0. */
// @ts-ignore: decorator
@inline
function firstInside(start: i32, dilation: i32): i32 {
  return start >= 0 ? 0 : (dilation - 1 - start) / dilation;
}

/** The first tap that is at place `size` or beyond it. */
// @ts-ignore: decorator
@inline
function firstBeyond(start: i32, dilation: i32, size: i32, taps: i32): i32 {
  return start >= size ? 0 : min(taps, (size - 1 - start) / dilation + 1);
}

export function depthwiseConvolution(args: usize, part: i32, parts: i32): void {
  const height = depthwiseConvolutionArgs.height(args);
  const width = depthwiseConvolutionArgs.width(args);
  const pixelBytes = <usize>depthwiseConvolutionArgs.channels(args) << 2;
  const outputRows = depthwiseConvolutionArgs.outputRows(args);
  const outputColumns = depthwiseConvolutionArgs.outputColumns(args);
  const windowRows = depthwiseConvolutionArgs.windowRows(args);
  const windowColumns = depthwiseConvolutionArgs.windowColumns(args);
  const strideY = depthwiseConvolutionArgs.strideY(args);
  const strideX = depthwiseConvolutionArgs.strideX(args);
  const dilationY = depthwiseConvolutionArgs.dilationY(args);
  const dilationX = depthwiseConvolutionArgs.dilationX(args);
  const padTop = depthwiseConvolutionArgs.padTop(args);
  const padLeft = depthwiseConvolutionArgs.padLeft(args);
  const mirrored = depthwiseConvolutionArgs.mirrored(args);
  const shift = depthwiseConvolutionArgs.shift(args);
  const relu = depthwiseConvolutionArgs.relu(args);
  const y = depthwiseConvolutionArgs.y(args);
  const residual = depthwiseConvolutionArgs.residual(args);
  const besideY = residual - y;
  const repeats = residual !== y;

  const taps = windowRows * windowColumns;
  const w = depthwiseConvolutionArgs.w(args) + (mirrored ? <usize>(taps - 1) * pixelBytes : 0);
  const weightStep = mirrored ? 0 - pixelBytes : pixelBytes;
  const tapBytes = <usize>dilationX * pixelBytes;
  const placeBytes = <usize>strideX * pixelBytes;
  const lineBytes = <usize>width * pixelBytes;
  /** Places whose whole window lies between the left and the right edge. */
  const inner = (max(padLeft, 0) + strideX - 1) / strideX;
  const room = width - 1 + padLeft - (windowColumns - 1) * dilationX;
  const innerEnd = room < 0 ? 0 : min(outputColumns, room / strideX + 1);

  const rows = depthwiseConvolutionArgs.images(args) * outputRows;
  const end = shareStart(rows, part + 1, parts);
  for (let row = shareStart(rows, part, parts); row < end; row++) {
    const top = (row % outputRows) * strideY - padTop;
    const firstRow = firstInside(top, dilationY);
    const endRow = firstBeyond(top, dilationY, height, windowRows);
    const image = depthwiseConvolutionArgs.x(args) + <usize>(row / outputRows) * (<usize>height * lineBytes);
    const line = image + <usize>(top + firstRow * dilationY) * lineBytes;
    const weights = w + <usize>(firstRow * windowColumns) * weightStep;
    const rowTaps = max(endRow - firstRow, 0);
    const target = y + <usize>row * <usize>outputColumns * pixelBytes;
    let c: usize = 0;
    for (; c + 16 <= pixelBytes; c += 16) {
      const bias = shift === 0 ? f32x4.splat(0) : v128.load(shift + c);
      for (let q = 0; q < outputColumns; ) {
        // The last eight repeat some of those before, unless the result lies where the residual did.
        const together = repeats ? innerEnd - inner : innerEnd - q;
        const block = q < inner || q >= innerEnd || together < 8 ? 1 : 8;
        if (block === 8) q = min(q, innerEnd - 8);
        const left = q * strideX - padLeft;
        const to = target + <usize>q * pixelBytes + c;
        if (block === 8) {
          let from = line + <usize>left * pixelBytes + c;
          let weight = weights + c;
          let a0 = bias, a1 = bias, a2 = bias, a3 = bias, a4 = bias, a5 = bias, a6 = bias, a7 = bias;
          for (let r = 0; r < rowTaps; r++) {
            let tap = from;
            for (let s = 0; s < windowColumns; s++) {
              const v = v128.load(weight);
              let place = tap;
              a0 = madd(v128.load(place), v, a0);
              a1 = madd(v128.load((place += placeBytes)), v, a1);
              a2 = madd(v128.load((place += placeBytes)), v, a2);
              a3 = madd(v128.load((place += placeBytes)), v, a3);
              a4 = madd(v128.load((place += placeBytes)), v, a4);
              a5 = madd(v128.load((place += placeBytes)), v, a5);
              a6 = madd(v128.load((place += placeBytes)), v, a6);
              a7 = madd(v128.load((place += placeBytes)), v, a7);
              tap += tapBytes;
              weight += weightStep;
            }
            from += <usize>dilationY * lineBytes;
          }
          let at = to;
          finish(at, a0, residual, besideY, relu);
          finish((at += pixelBytes), a1, residual, besideY, relu);
          finish((at += pixelBytes), a2, residual, besideY, relu);
          finish((at += pixelBytes), a3, residual, besideY, relu);
          finish((at += pixelBytes), a4, residual, besideY, relu);
          finish((at += pixelBytes), a5, residual, besideY, relu);
          finish((at += pixelBytes), a6, residual, besideY, relu);
          finish((at += pixelBytes), a7, residual, besideY, relu);
        } else {
          const first = firstInside(left, dilationX);
          const last = firstBeyond(left, dilationX, width, windowColumns);
          let sum = bias;
          for (let r = 0; r < rowTaps; r++) {
            for (let s = first; s < last; s++) {
              const place = line + <usize>(r * dilationY) * lineBytes + <usize>(left + s * dilationX) * pixelBytes + c;
              const weight = weights + <usize>(r * windowColumns + s) * weightStep + c;
              sum = madd(v128.load(place), v128.load(weight), sum);
            }
          }
          finish(to, sum, residual, besideY, relu);
        }
        q += block;
      }
    }
    for (; c < pixelBytes; c += 4) {
      const bias: f32 = shift === 0 ? 0 : load<f32>(shift + c);
      for (let q = 0; q < outputColumns; q++) {
        const left = q * strideX - padLeft;
        const first = firstInside(left, dilationX);
        const last = firstBeyond(left, dilationX, width, windowColumns);
        let sum = bias;
        for (let r = 0; r < rowTaps; r++) {
          for (let s = first; s < last; s++) {
            const place = line + <usize>(r * dilationY) * lineBytes + <usize>(left + s * dilationX) * pixelBytes + c;
            sum += load<f32>(place) * load<f32>(weights + <usize>(r * windowColumns + s) * weightStep + c);
          }
        }
        const to = target + <usize>q * pixelBytes + c;
        if (residual !== 0) sum += load<f32>(to + besideY);
        // Not a number stays so.
        store<f32>(to, relu && sum < 0 ? 0 : sum);
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function finish(to: usize, value: v128, residual: usize, besideY: usize, relu: bool): void {
  if (residual !== 0) value = f32x4.add(value, v128.load(to + besideY));
  if (relu) value = f32x4.max(value, f32x4.splat(0));
  v128.store(to, value);
}

/** One dw [R, S, C] for each of `pixelShares` parts of the rows of all images, one after the other. */
export function depthwiseFilterGrad(args: usize, part: i32, parts: i32): void {
  const height = depthwiseFilterGradArgs.height(args);
  const width = depthwiseFilterGradArgs.width(args);
  const pixelBytes = <usize>depthwiseFilterGradArgs.channels(args) << 2;
  const outputRows = depthwiseFilterGradArgs.outputRows(args);
  const outputColumns = depthwiseFilterGradArgs.outputColumns(args);
  const windowRows = depthwiseFilterGradArgs.windowRows(args);
  const windowColumns = depthwiseFilterGradArgs.windowColumns(args);
  const strideY = depthwiseFilterGradArgs.strideY(args);
  const strideX = depthwiseFilterGradArgs.strideX(args);
  const dilationY = depthwiseFilterGradArgs.dilationY(args);
  const dilationX = depthwiseFilterGradArgs.dilationX(args);
  const padTop = depthwiseFilterGradArgs.padTop(args);
  const padLeft = depthwiseFilterGradArgs.padLeft(args);
  const pixelShares = depthwiseFilterGradArgs.pixelShares(args);

  const windowBytes = <usize>(windowRows * windowColumns) * pixelBytes;
  const placeBytes = <usize>strideX * pixelBytes;
  const lineBytes = <usize>width * pixelBytes;
  const rows = depthwiseFilterGradArgs.images(args) * outputRows;
  const blocks = <i32>((pixelBytes + 63) >> 6); // of 16 channels
  const end = shareStart(pixelShares * blocks, part + 1, parts);
  for (let task = shareStart(pixelShares * blocks, part, parts); task < end; task++) {
    const share = task / blocks;
    const block = <usize>(task % blocks) << 6;
    const blockEnd = min(block + 64, pixelBytes);
    const dw = depthwiseFilterGradArgs.dw(args) + <usize>share * windowBytes;
    for (let tap: usize = 0; tap < windowBytes; tap += pixelBytes) memory.fill(dw + tap + block, 0, blockEnd - block);

    const endRow = shareStart(rows, share + 1, pixelShares);
    for (let row = shareStart(rows, share, pixelShares); row < endRow; row++) {
      const top = (row % outputRows) * strideY - padTop;
      const image = depthwiseFilterGradArgs.x(args) + <usize>(row / outputRows) * (<usize>height * lineBytes);
      const dy = depthwiseFilterGradArgs.dy(args) + <usize>row * <usize>outputColumns * pixelBytes;
      const last = firstBeyond(top, dilationY, height, windowRows);
      for (let r = firstInside(top, dilationY); r < last; r++) {
        const line = image + <usize>(top + r * dilationY) * lineBytes;
        for (let s = 0; s < windowColumns; s++) {
          const left = s * dilationX - padLeft;
          const q0 = left >= 0 ? 0 : (strideX - 1 - left) / strideX;
          const q1 = left >= width ? 0 : min(outputColumns, (width - 1 - left) / strideX + 1);
          if (q0 >= q1) continue;
          const from = line + <usize>(q0 * strideX + left) * pixelBytes;
          const target = dw + <usize>(r * windowColumns + s) * pixelBytes;
          let c = block;
          for (; c + 16 <= blockEnd; c += 16) {
            const sum = sumOfProducts(from + c, placeBytes, dy + <usize>q0 * pixelBytes + c, pixelBytes, q1 - q0);
            v128.store(target + c, f32x4.add(v128.load(target + c), sum));
          }
          for (; c < blockEnd; c += 4) {
            let sum: f32 = 0;
            let x = from + c;
            for (let q = q0; q < q1; q++, x += placeBytes) sum += load<f32>(x) * load<f32>(dy + <usize>q * pixelBytes + c);
            store<f32>(target + c, load<f32>(target + c) + sum);
          }
        }
      }
    }
  }
}

/** Over `count` places of a row, four channels each. */
// @ts-ignore: decorator
@inline
function sumOfProducts(x: usize, xStep: usize, dy: usize, dyStep: usize, count: i32): v128 {
  let a = f32x4.splat(0), b = f32x4.splat(0), c = f32x4.splat(0), d = f32x4.splat(0);
  for (; count >= 4; count -= 4) {
    a = madd(v128.load(x), v128.load(dy), a);
    b = madd(v128.load((x += xStep)), v128.load((dy += dyStep)), b);
    c = madd(v128.load((x += xStep)), v128.load((dy += dyStep)), c);
    d = madd(v128.load((x += xStep)), v128.load((dy += dyStep)), d);
    x += xStep;
    dy += dyStep;
  }
  for (; count > 0; count--) {
    a = madd(v128.load(x), v128.load(dy), a);
    x += xStep;
    dy += dyStep;
  }
  return f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
}
