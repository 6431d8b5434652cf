/** Gradients of resized images, first and second. */
import * as tf from "@tensorflow/tfjs";
import { hasKernel } from "../kernel-registry.js";
import { gradientOf, type Attrs } from "./gradient-of.js";
import { bilinearTaps, type FindTaps, type ResizeAttrs, type Taps } from "./resize-taps.js";

/** The one nearest, of places that are counted from their middles. */
const nearestTaps: FindTaps = (size, resized) =>
  Array.from({ length: resized }, (_, index) => [
    { place: Math.min(size - 1, Math.floor((size / resized) * (index + 0.5))), weight: 1 },
  ]);

/** [1, resized, size]: row i holds the shares of the places that are in place i. */
function matrixOf(taps: Taps, size: number): tf.Tensor3D {
  const shares = new Float32Array(taps.length * size);
  taps.forEach((of, index) => of.forEach(({ place, weight }) => (shares[index * size + place] += weight)));
  return tf.tensor3d(shares, [1, taps.length, size]);
}

/**
 * The gradient of a resized image whose pixels are counted from their middles, which TensorFlow.js takes for counted from their
 * corners: rows and columns are mixed by a matrix each, and so is the gradient, by the transposed ones. [B, h, w, C]. A kernel of
 * ours has it right.
 */
const resizeGradient =
  (gradientKernel: string, findTaps: FindTaps) =>
  (dy: tf.Tensor, images: tf.Tensor, attrs: Attrs<ResizeAttrs>): tf.Tensor => {
    if (!attrs.halfPixelCenters || hasKernel(gradientKernel))
      return tf.engine().runKernel<tf.Tensor>(gradientKernel, { dy, images }, attrs);
    const [batch, rows, columns, channels] = images.shape;
    const [, resizedRows, resizedColumns] = dy.shape;
    return tf.tidy(() => {
      const ofRows = tf.matMul(
        matrixOf(findTaps(rows, resizedRows, attrs), rows),
        dy.reshape([batch, resizedRows, resizedColumns * channels]),
        true,
      ); // [B, rows, resizedColumns * C]
      return tf
        .matMul(
          matrixOf(findTaps(columns, resizedColumns, attrs), columns),
          ofRows.reshape([batch * rows, resizedColumns, channels]),
          true,
        )
        .reshape(images.shape);
    });
  };

/** The gradient of a gradient of resizing, which is linear. */
const resized =
  (kernelName: string) =>
  (d: tf.Tensor, _: tf.Tensor, attrs: tf.NamedAttrMap): tf.Tensor =>
    tf.engine().runKernel<tf.Tensor>(kernelName, { images: d }, attrs);

export const resizeGradients: readonly tf.GradConfig[] = [
  gradientOf("ResizeBilinear", "images", resizeGradient("ResizeBilinearGrad", bilinearTaps)),
  gradientOf("ResizeBilinearGrad", "dy", resized("ResizeBilinear"), "images"),
  gradientOf("ResizeNearestNeighbor", "images", resizeGradient("ResizeNearestNeighborGrad", nearestTaps)),
  gradientOf("ResizeNearestNeighborGrad", "dy", resized("ResizeNearestNeighbor"), "images"),
];
