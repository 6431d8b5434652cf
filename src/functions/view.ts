/** The same numbers under another shape. */
import * as tf from "@tensorflow/tfjs";

/**
 * x with another shape of the same size. The gradient of TensorFlow.js's own `reshape` keeps x until the backward pass,
 * for its shape alone, and so keeps activations that nothing else needs; this one keeps nothing.
 *
 * @param shape one entry may be -1 and follows from the others
 */
export function viewAs<T extends tf.Tensor>(x: tf.Tensor, shape: readonly number[]): T {
  const from = x.shape;
  const view = tf.customGrad((input) => ({
    value: (input as tf.Tensor).reshape([...shape]),
    gradFunc: (dy: tf.Tensor) => dy.reshape(from),
  }));
  return view(x) as T;
}
