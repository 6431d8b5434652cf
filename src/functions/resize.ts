/**
 * Resizing with aligned corners, as deeplab2's `model/utils.py` does: output i reads position i (h - 1) / (H - 1), so
 * that corners stay corners, and sizes of 16 k + 1 divide evenly.
 */
import * as tf from "@tensorflow/tfjs";
import { ShapeError } from "../core/errors.js";

/** [height, width] */
export type MapSize = readonly [number, number];

/** [B, h, w, C] to [B, H, W, C]. Differentiable. */
export function resizeBilinear(x: tf.Tensor4D, [height, width]: MapSize): tf.Tensor4D {
  if (x.shape[1] === height && x.shape[2] === width) return x.clone();
  return tf.image.resizeBilinear(x, [height, width], true);
}

/**
 * The nearest place's values, for labels; halves are rounded up.
 *
 * @param x [B, H, W, C]
 * @returns [B, height, width, C]
 */
export function resizeNearest(x: tf.Tensor4D, [height, width]: MapSize): tf.Tensor4D {
  if (x.shape[1] === height && x.shape[2] === width) return x.clone();
  return tf.image.resizeNearestNeighbor(x, [height, width], true);
}

/**
 * Offsets (y, x): resized, and stretched as the map is, by (H - 1) / (h - 1) and (W - 1) / (w - 1), so that they lead to
 * the same object.
 *
 * @param x [B, h, w, 2]
 * @throws ShapeError when the map has one row or column only, along which nothing says how far it is stretched.
 */
export function resizeOffsets(x: tf.Tensor4D, [height, width]: MapSize): tf.Tensor4D {
  const [, h, w, channels] = x.shape;
  if (channels !== 2 || h < 2 || w < 2)
    throw new ShapeError(
      `resizeOffsets: offsets must be [B, h, w, 2] with h and w of 2 or more, got [${x.shape.join(", ")}]; use larger maps`,
    );
  return tf.tidy(() =>
    resizeBilinear(x, [height, width]).mul<tf.Tensor4D>(tf.tensor1d([(height - 1) / (h - 1), (width - 1) / (w - 1)])),
  );
}

/** Of 16 k + 1 pixels, say, the size at another scale, corners kept: trunc((size - 1) * scale + 1). */
export function scaledSize([height, width]: MapSize, scale: number): MapSize {
  const scaled = (size: number) => Math.trunc((size - 1) * scale + 1);
  return [scaled(height), scaled(width)];
}
