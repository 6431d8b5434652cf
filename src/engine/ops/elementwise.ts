/**
 * Gradients of elementwise operations. Those of activations in one pass instead of three, that of relu from its result, which
 * is kept anyway by the operation that takes it; on other backends they are composed as TensorFlow.js does. Those of maximum,
 * minimum and squared difference because TensorFlow.js's own do not know operands of different shapes.
 */
import * as tf from "@tensorflow/tfjs";
import { hasKernel } from "../kernel-registry.js";

/** dy where y > 0, and dy times alpha where x is not: linear in dy, so that their own gradients are the same again. */
const activations: readonly tf.GradConfig[] = [
  {
    kernelName: "Relu",
    outputsToSave: [true],
    gradFunc: (dy, [y]) => ({ x: () => reluGradient(dy as tf.Tensor, y) }),
  },
  {
    kernelName: "ReluGrad",
    inputsToSave: ["b"],
    gradFunc: (d, [y]) => ({ a: () => reluGradient(d as tf.Tensor, y), b: () => tf.zerosLike(y) }),
  },
  {
    kernelName: "LeakyRelu",
    inputsToSave: ["x"],
    gradFunc: (dy, [x], attrs) => ({ x: () => leakyReluGradient(dy as tf.Tensor, x, attrs) }),
  },
  {
    kernelName: "LeakyReluGrad",
    inputsToSave: ["b"],
    gradFunc: (d, [x], attrs) => ({
      a: () => leakyReluGradient(d as tf.Tensor, x, attrs),
      b: () => tf.zerosLike(x),
    }),
  },
];

const reluGradient = (dy: tf.Tensor, y: tf.Tensor): tf.Tensor => fused("ReluGrad", dy, y) ?? dy.mul(y.step());

const leakyReluGradient = (dy: tf.Tensor, x: tf.Tensor, attrs: tf.NamedAttrMap): tf.Tensor =>
  fused("LeakyReluGrad", dy, x, attrs) ?? tf.where(x.greater(0), dy, dy.mul(attrs["alpha"] as number));

/** Null where the current backend has no kernel for it. */
function fused(kernelName: string, a: tf.Tensor, b: tf.Tensor, attrs?: tf.NamedAttrMap): tf.Tensor | null {
  if (!hasKernel(kernelName) || a.dtype !== "float32" || b.dtype !== "float32") return null;
  return tf.engine().runKernel<tf.Tensor>(kernelName, { a, b }, attrs);
}

type Factor = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

/** The gradient of an operation with two operands: dy times a factor for each, summed to the operand's shape. */
const binary = (kernelName: string, ofA: Factor, ofB: Factor): tf.GradConfig => ({
  kernelName,
  inputsToSave: ["a", "b"],
  gradFunc: (dy, [a, b]) => {
    const times = (factor: Factor): tf.Tensor => (dy as tf.Tensor).mul(factor(a, b));
    return { a: () => sumTo(times(ofA), a.shape), b: () => sumTo(times(ofB), b.shape) };
  },
});

/** The inverse of broadcasting. */
function sumTo(gradient: tf.Tensor, shape: number[]): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes(shape, gradient.shape);
  return axes.length === 0 ? gradient : gradient.sum(axes).reshape(shape);
}

const whether = (condition: tf.Tensor): tf.Tensor => condition.cast("float32");

/** Of equal operands the first takes the gradient, as in TensorFlow.js. */
const comparisons: readonly tf.GradConfig[] = [
  binary("Maximum", (a, b) => whether(a.greaterEqual(b)), (a, b) => whether(a.less(b))), // prettier-ignore
  binary("Minimum", (a, b) => whether(a.lessEqual(b)), (a, b) => whether(a.greater(b))), // prettier-ignore
  binary("SquaredDifference", (a, b) => a.sub(b).mul(2), (a, b) => b.sub(a).mul(2)), // prettier-ignore
];

export const elementwiseGradients: readonly tf.GradConfig[] = [...activations, ...comparisons];
