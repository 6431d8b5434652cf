/** Gradients of operations that are linear in one input, with the types that TensorFlow.js leaves open. */
import * as tf from "@tensorflow/tfjs";

export type Attrs<T> = T & tf.NamedAttrMap;

/** `shapeOnly`: another input, of which the operation takes the shape alone. */
export const gradientOf = <T>(
  kernelName: string,
  input: string,
  gradient: (dy: tf.Tensor, x: tf.Tensor, attrs: Attrs<T>) => tf.Tensor,
  shapeOnly?: string,
): tf.GradConfig => ({
  kernelName,
  inputsToSave: shapeOnly === undefined ? [input] : [input, shapeOnly],
  gradFunc: (dy, [x, other], attrs) => ({
    [input]: () => gradient(dy as tf.Tensor, x, attrs as Attrs<T>),
    ...(shapeOnly === undefined ? {} : { [shapeOnly]: () => tf.zerosLike(other) }),
  }),
});
