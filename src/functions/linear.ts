/** The affine map of channels: one matrix product over all pixels, in one pass where the backend has it. */
import * as tf from "@tensorflow/tfjs";
import { fusedLinear } from "../engine/ops/linear.js";

/**
 * x [rows, K] times w [K, N] plus bias [N]: [rows, N].
 *
 * @throws ShapeError where the kernel w is not [K, N] for the K channels of x, or the bias not [N]
 */
export function linear(x: tf.Tensor2D, w: tf.Tensor2D, bias: tf.Tensor1D | null): tf.Tensor2D {
  const fused = fusedLinear(x, w, { shift: bias });
  if (fused !== null) return fused;
  const product = tf.matMul<tf.Tensor2D>(x, w);
  return bias === null ? product : product.add<tf.Tensor2D>(bias);
}
