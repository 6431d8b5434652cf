/** Gradients of resized images, first and second. */
import * as tf from "@tensorflow/tfjs";
import { gradientOf, type Attrs } from "./gradient-of.js";

interface ResizeAttrs {
  readonly halfPixelCenters: boolean;
  readonly alignCorners: boolean;
}

/** One place of a resized axis: places of the axis before, and how much of each it holds. */
type Sources = readonly (readonly [place: number, share: number])[];

/** `middle`: where the middle of the resized place lies on the axis before, whose places have their middles at 0.5, 1.5 and on. */
type FindSources = (middle: number, last: number) => Sources;

const bilinearSources: FindSources = (middle, last) => {
  const position = middle - 0.5;
  const lower = Math.max(0, Math.floor(position));
  const share = position - lower;
  return [
    [lower, 1 - share],
    [Math.min(last, Math.ceil(position)), share],
  ];
};

const nearestSources: FindSources = (middle, last) => [[Math.min(last, Math.floor(middle)), 1]];

/** [1, resized, size]: row i holds the shares of the places that are in place i. */
function sharesOf(size: number, resized: number, findSources: FindSources): tf.Tensor3D {
  const shares = new Float32Array(resized * size);
  for (let i = 0; i < resized; i++)
    for (const [place, share] of findSources((size / resized) * (i + 0.5), size - 1)) shares[i * size + place] += share;
  return tf.tensor3d(shares, [1, resized, size]);
}

/**
 * The gradient of a resized image whose pixels are counted from their middles, which TensorFlow.js takes for counted from their
 * corners: rows and columns are mixed by a matrix each, and so is the gradient, by the transposed ones. [B, h, w, C].
 */
const resizeGradient =
  (gradientKernel: string, findSources: FindSources) =>
  (dy: tf.Tensor, images: tf.Tensor, attrs: Attrs<ResizeAttrs>): tf.Tensor => {
    if (!attrs.halfPixelCenters) return tf.engine().runKernel<tf.Tensor>(gradientKernel, { dy, images }, attrs);
    const [batch, rows, columns, channels] = images.shape;
    const [, resizedRows, resizedColumns] = dy.shape;
    return tf.tidy(() => {
      const ofRows = tf.matMul(
        sharesOf(rows, resizedRows, findSources),
        dy.reshape([batch, resizedRows, resizedColumns * channels]),
        true,
      ); // [B, rows, resizedColumns * C]
      return tf
        .matMul(
          sharesOf(columns, resizedColumns, findSources),
          ofRows.reshape([batch * rows, resizedColumns, channels]),
          true,
        )
        .reshape(images.shape);
    });
  };

/** The gradient of TensorFlow.js's own gradient of resizing, which is linear. */
const resized =
  (kernelName: string) =>
  (d: tf.Tensor, _: tf.Tensor, attrs: tf.NamedAttrMap): tf.Tensor =>
    tf.engine().runKernel<tf.Tensor>(kernelName, { images: d }, attrs);

export const resizeGradients: readonly tf.GradConfig[] = [
  gradientOf("ResizeBilinear", "images", resizeGradient("ResizeBilinearGrad", bilinearSources)),
  gradientOf("ResizeBilinearGrad", "dy", resized("ResizeBilinear"), "images"),
  gradientOf("ResizeNearestNeighbor", "images", resizeGradient("ResizeNearestNeighborGrad", nearestSources)),
  gradientOf("ResizeNearestNeighborGrad", "dy", resized("ResizeNearestNeighbor"), "images"),
];
