/** Pooling as functions on tensors: the average that strides an attention, and the maximum with explicit padding. */
import * as tf from "@tensorflow/tfjs";
import { fusedAveragePool } from "../engine/ops/pooling.js";
import { assertKnownKeys, type KeysOf } from "../core/options.js";

/**
 * Mean over windows of stride x stride that do not overlap. Where the stride does not divide a size, the last rows or
 * columns are dropped, or kept: then the mean is over the places that there are.
 *
 * Where the backend has no kernel of ours, by reshaping, slicing and adding, gradient included: the average pooling of
 * TensorFlow.js 4.22's WebAssembly reads out of bounds, and gradients of its single operations would keep the whole
 * input.
 *
 * @returns [B, H / stride, W / stride, C], rounded down ("drop") or up ("keep")
 */
export function averagePool(x: tf.Tensor4D, stride: number, remainder: "drop" | "keep"): tf.Tensor4D {
  if (stride === 1) return x;
  const [batch, height, width, channels] = x.shape;
  const round = remainder === "drop" ? Math.floor : Math.ceil;
  const [rows, columns] = [round(height / stride), round(width / stride)];
  const fused = fusedAveragePool(x, { stride, rows, columns });
  if (fused !== null) return fused;
  /** A sum over a window times this is its mean. */
  const factors = () =>
    windowShares(height, rows, stride).mul(windowShares(width, columns, stride).transpose([0, 2, 1, 3]));
  const pool = tf.customGrad((input) => {
    const whole = resizeEdges(input as tf.Tensor4D, rows * stride, columns * stride);
    const byRow = sumMiddle(whole.reshape([batch * rows, stride, columns * stride * channels]));
    const sums = sumMiddle(byRow.reshape([batch * rows * columns, stride, channels]));
    const value = sums.reshape([batch, rows, columns, channels]).mul(factors());
    const gradFunc = (dy: tf.Tensor) => {
      const shares = dy
        .mul(factors())
        .reshape([batch * rows * columns, 1, channels])
        .tile([1, stride, 1]);
      const spread = shares.reshape([batch * rows, 1, columns * stride * channels]).tile([1, stride, 1]);
      return resizeEdges(spread.reshape([batch, rows * stride, columns * stride, channels]), height, width);
    };
    return { value, gradFunc };
  });
  return tf.tidy(() => pool(x) as tf.Tensor4D);
}

/** Cuts rows and columns at the end, or adds zeros there. */
function resizeEdges(x: tf.Tensor4D, height: number, width: number): tf.Tensor4D {
  const [batch, rows, columns, channels] = x.shape;
  const cut =
    height < rows || width < columns
      ? x.slice([0, 0, 0, 0], [batch, Math.min(height, rows), Math.min(width, columns), channels])
      : x;
  if (height <= rows && width <= columns) return cut;
  return cut.pad([
    [0, 0],
    [0, Math.max(0, height - rows)],
    [0, Math.max(0, width - columns)],
    [0, 0],
  ]); // [B, height, width, C]
}

/** [n, stride, m] to [n, m]. */
function sumMiddle(x: tf.Tensor3D): tf.Tensor2D {
  const [first, stride, last] = x.shape;
  const slices = Array.from({ length: stride }, (_, index) => x.slice([0, index, 0], [first, 1, last]));
  return tf.addN<tf.Tensor>(slices).reshape([first, last]);
}

/** 1 / the places in each window along one axis: [1, windows, 1, 1]. */
function windowShares(size: number, windows: number, stride: number): tf.Tensor4D {
  const shares = Array.from({ length: windows }, (_, window) => 1 / Math.min(stride, size - window * stride));
  return tf.tensor4d(shares, [1, windows, 1, 1]);
}

/**
 * Mean over all places, or over windows at every place where one fits.
 *
 * @param x [B, H, W, C]
 * @returns [B, 1, 1, C], or [B, H - h + 1, W - w + 1, C] for windows of [h, w]
 */
export function averageWindows(x: tf.Tensor4D, window: "all" | readonly [number, number]): tf.Tensor4D {
  return tf.tidy(() => {
    if (window === "all") return x.mean<tf.Tensor4D>([1, 2], true);
    const along = (map: tf.Tensor4D, axis: 1 | 2, size: number) => {
      const shape = [...map.shape] as [number, number, number, number];
      shape[axis] += 1 - size;
      const shifted = Array.from({ length: size }, (_, shift) =>
        map.slice([0, axis === 1 ? shift : 0, axis === 2 ? shift : 0, 0], shape),
      );
      return tf.addN(shifted).div<tf.Tensor4D>(size);
    };
    return along(along(x, 1, window[0]), 2, window[1]);
  });
}

/** Which windows a maximum is taken over. */
export interface MaxPoolOptions {
  /** Side of the square window. Default 3. */
  size?: number;
  /** Default 2. */
  stride?: number;
  /**
   * Places beyond every edge, which are ignored. Default (size - 1) / 2, rounded down. With 0 the last window may reach
   * beyond.
   */
  padding?: number;
  /** Let a last window begin within the padding or the map and reach beyond ("ceil_mode" in PyTorch). Default false. */
  ceil?: boolean;
}

const keys: KeysOf<MaxPoolOptions> = { size: true, stride: true, padding: true, ceil: true };

/** Side of the map that {@link maxPool} gives of one of side `side`. */
export function maxPooledSide(side: number, options: MaxPoolOptions): number {
  const { size = 3, stride = 2, padding = (size - 1) >> 1, ceil = false } = options;
  if (!ceil) return Math.ceil(side / stride);
  const windows = Math.ceil((side + 2 * padding - size) / stride) + 1;
  return (windows - 1) * stride >= side + padding ? windows - 1 : windows;
}

/**
 * Maximum over windows of size x size. Sizes that the stride does not divide round up.
 *
 * @param x [B, H, W, C]
 * @returns [B, maxPooledSide(H), maxPooledSide(W), C]
 * @throws ConfigError for an option that there is not
 */
export function maxPool(x: tf.Tensor4D, options: MaxPoolOptions = {}): tf.Tensor4D {
  assertKnownKeys("maxPool", options, keys);
  const { size = 3, stride = 2, padding = (size - 1) >> 1, ceil = false } = options;
  if (padding > 0 && !ceil) return tf.maxPool(x, size, stride, padding);
  const around = (side: number): [number, number] => {
    const covered = (maxPooledSide(side, options) - 1) * stride + size;
    return [padding, Math.max(0, covered - side - padding)];
  };
  return tf.tidy(() => {
    const [rows, columns] = [around(x.shape[1]), around(x.shape[2])];
    const padded = [...rows, ...columns].some(Boolean) ? tf.pad(x, [[0, 0], rows, columns, [0, 0]], -Infinity) : x;
    return tf.maxPool(padded, size, stride, 0);
  });
}
