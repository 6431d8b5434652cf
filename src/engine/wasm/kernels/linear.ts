/** FusedLinear, FusedLinearRelu and FoldedLinear (ops/linear.ts): products of one matrix, with what follows them. */
import * as tf from "@tensorflow/tfjs";
import type { KernelWork } from "../../kernel-registry.js";
import { defineKernel, output, pointerOf, type WasmContext, type WasmKernel } from "../kernel.js";
import type { FollowerAttributes, Followers } from "../lazy/deferred-product.js";
import { affineOf } from "../lazy/folded-norm.js";
import { runMatrixProduct } from "./matrix-product-plan.js";

type Linear = Record<"x" | "w", tf.TensorInfo> & Partial<Record<"shift" | "residual", tf.TensorInfo>>;

function linear(context: WasmContext, { x, w, shift, residual }: Linear, relu: boolean): tf.TensorInfo {
  const [depth, columns] = w.shape;
  const y = output(context, [...x.shape.slice(0, -1), columns]);
  const rows = tf.util.sizeFromShape(x.shape.slice(0, -1));
  if (rows * columns === 0) return y;
  const pointer = (tensor?: tf.TensorInfo): number => (tensor === undefined ? 0 : pointerOf(context, tensor));
  const epilogue = { shift: pointer(shift), residual: pointer(residual), relu };
  runMatrixProduct(context.pool, { a: pointer(x), b: pointer(w), c: pointer(y), rows, columns, depth, epilogue });
  return y;
}

const work = ({ inputs, outputs }: KernelWork<Pick<Linear, "w">, unknown>): number =>
  tf.util.sizeFromShape(outputs[0].shape) * inputs.w.shape[0];

type FoldedInputs = Record<"x" | "w", tf.TensorInfo> & Followers;

export const linearKernels: readonly WasmKernel[] = [
  defineKernel<Linear>("FusedLinear", (call) => linear(call, call.inputs, false), work),
  defineKernel<Linear>("FusedLinearRelu", (call) => linear(call, call.inputs, true), work),
  defineKernel<FoldedInputs, FollowerAttributes>(
    "FoldedLinear",
    (call) => {
      const { x, w, residual, ...affine } = call.inputs;
      const { epsilon = 0, relu = false, shape } = call.attrs;
      const { weights, shift } = affineOf(call, w, affine, epsilon);
      const y = linear(call, { x, w: weights, shift, residual }, relu);
      return { ...y, shape: shape ?? y.shape };
    },
    work,
  ),
];
