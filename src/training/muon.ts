/**
 * Muon: momentum whose step is orthogonalised, for weights that are matrices. Source: Jordan et al., "Muon: an optimizer for
 * hidden layers in neural networks" (kellerjordan.github.io/posts/muon, 2024); size of the step: Liu et al., arXiv
 * 2502.16982, section 2.2.
 */
import * as tf from "@tensorflow/tfjs";
import type { MomentumUpdate } from "../engine/ops/optimizer-update.js";

/** Of the polynomial p(s) = a s + b s^3 + c s^5 that brings singular values towards 1 (Jordan et al.). */
const [a, b, c] = [3.4445, -4.775, 2.0315];

/**
 * A matrix with the singular vectors of the one given and singular values near 1 (0.7 to 1.2 where they were not very small):
 *
 *     X_0 = M / |M|,   X_{k+1} = a X_k + (b A + c A^2) X_k,   A = X_k X_k^T
 *
 * with |M| the root of the sum of squares. [R, C] to [R, C]; A is of the shorter side. All zeros stay so.
 */
export function orthogonalized(matrix: tf.Tensor2D, steps: number): tf.Tensor2D {
  return tf.tidy(() => {
    const [rows, columns] = matrix.shape;
    const wide = columns > rows;
    let x = matrix.div<tf.Tensor2D>(matrix.square().sum().sqrt().add(1e-12));
    for (let k = 0; k < steps; k++) {
      const squared = tf.matMul(x, x, !wide, wide); // [S, S], S the shorter side
      const polynomial = squared.mul(b).add<tf.Tensor2D>(tf.matMul(squared, squared).mul(c));
      x = x.mul(a).add(wide ? tf.matMul(polynomial, x) : tf.matMul(x, polynomial)); // [R, C]
    }
    return x;
  });
}

/** What is the same for all matrices of a step. */
export interface OrthogonalNumbers {
  readonly gradientScale: number;
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly newtonSchulzSteps: number;
  /** Of a step whose numbers have a root mean square of a fifth: what AdamW's have about. */
  readonly rate: number;
}

/**
 * m = momentum m + g; w -= shrink w + rate 0.2 sqrt(max(R, C)) O(m), or O(g + momentum m) with Nesterov's look ahead. A
 * kernel [..., in, out] of a convolution is the matrix of all that goes into each channel, [R, C] = [... in, out].
 */
export function updateByOrthogonalMomentum(updates: readonly MomentumUpdate[], numbers: OrthogonalNumbers): void {
  const { gradientScale, momentum, nesterov, newtonSchulzSteps, rate } = numbers;
  for (const { weight, gradient, mean, addedDecay, shrink } of updates) {
    tf.tidy(() => {
      const g = gradient.mul(gradientScale).add(weight.mul(addedDecay));
      const m = mean.mul(momentum).add(g);
      mean.assign(m);
      const columns = weight.shape[weight.rank - 1];
      const rows = weight.size / columns;
      const step = orthogonalized((nesterov ? g.add(m.mul(momentum)) : m).reshape([rows, columns]), newtonSchulzSteps);
      const size = rate * 0.2 * Math.sqrt(Math.max(rows, columns));
      weight.assign(weight.mul(1 - shrink).sub(step.reshape(weight.shape).mul(size)));
    });
  }
}
