/**
 * What TensorFlow.js fuses behind a product: a bias and an activation. One value for each channel, and ReLU, go into the
 * product itself; what else there may be is computed behind it, which TensorFlow.js's own kernels get wrong or refuse.
 */
import * as tf from "@tensorflow/tfjs";
import type { WasmContext } from "../kernel.js";
import { pointerOf } from "../kernel.js";
import { share } from "./identity.js";
import type { Epilogue } from "./product-tasks.js";

export interface ProductFollowers {
  /** Of any shape that broadcasts to the product's. */
  readonly bias?: tf.TensorInfo;
  readonly preluActivationWeights?: tf.TensorInfo;
}

export interface ActivationAttrs {
  readonly activation?: "linear" | "relu" | "prelu" | "elu" | "relu6" | "leakyrelu" | "sigmoid";
  readonly leakyreluAlpha?: number;
}

/** activation(product + bias) */
export function followProduct(
  call: WasmContext,
  channels: number,
  { bias, preluActivationWeights }: ProductFollowers,
  { activation = "linear", leakyreluAlpha = 0 }: ActivationAttrs,
  product: (epilogue: Epilogue) => tf.TensorInfo,
): tf.TensorInfo {
  const perChannel = bias === undefined || isPerChannel(bias, channels);
  const inside = perChannel && (activation === "linear" || activation === "relu");
  const y = product({
    shift: perChannel && bias !== undefined ? pointerOf(call, bias) : 0,
    relu: inside && activation === "relu",
  });
  if (inside) return y;
  return compute(call, y, (product) => {
    const sum = perChannel ? product : product.add(viewOf(call, bias));
    switch (activation) {
      case "linear":
        return sum;
      case "prelu":
        return sum.prelu(viewOf(call, preluActivationWeights!));
      case "leakyrelu":
        return sum.leakyRelu(leakyreluAlpha);
      case "relu":
      case "relu6":
      case "elu":
      case "sigmoid":
        return sum[activation]();
    }
  });
}

/** Nothing but one float for each channel. */
const isPerChannel = ({ shape, dtype }: tf.TensorInfo, channels: number): boolean =>
  dtype === "float32" && shape.at(-1) === channels && tf.util.sizeFromShape(shape) === channels;

/** A kernel's input or result as a tensor, for as long as the scope around it lasts. */
export const viewOf = (context: WasmContext, info: tf.TensorInfo): tf.Tensor =>
  tf.engine().makeTensorFromTensorInfo(share(context, info), context.backend);

/** Goes on from a kernel's result, which it takes, with operations of TensorFlow.js. */
export function compute(
  context: WasmContext,
  { dataId, shape, dtype }: tf.TensorInfo,
  next: (tensor: tf.Tensor) => tf.Tensor,
): tf.TensorInfo {
  const result = tf.tidy(() => next(tf.engine().makeTensorFromTensorInfo({ dataId, shape, dtype }, context.backend)));
  const info = share(context, result);
  result.dispose();
  return info;
}
