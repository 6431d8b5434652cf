/**
 * Convolutions that wait to see who asks for their result. A batch norm in evaluation mode does not read it: it has the
 * convolution computed with the norm, the residual and the ReLU in it, in one pass. Whatever else asks for the values finds
 * them there, computed at that moment (lazy-data.ts).
 */
import * as tf from "@tensorflow/tfjs";
import { assertGroups, convolutionShape, convolve, groupedConvolution, products } from "./convolution.js";
import type { GroupedConvolutionOptions } from "./convolution.js";
import { foldedWeights, isRecording, type GivenNorm, type GivenNormInfo } from "./folded-norm.js";
import { computeLater, lazyOutput } from "./lazy-data.js";
import { defineKernel, pointerOf, wasmContext, type WasmKernel } from "./wasm-kernel.js";

interface Deferred {
  readonly x: tf.Tensor4D;
  readonly filter: tf.Tensor4D;
  readonly options: GroupedConvolutionOptions;
}

/** By the data of the results. */
const deferred = new WeakMap<tf.TensorInfo["dataId"], Deferred>();

/**
 * What {@link groupedConvolution} gives, computed when it is asked for, and not at all where only {@link foldedConvolution}
 * asks. Null where there is no kernel for it, and while operations are recorded for gradients, which need the values.
 */
export function deferredConvolution(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  options: GroupedConvolutionOptions = {},
): tf.Tensor4D | null {
  const context = wasmContext();
  if (context === null || isRecording() || x.dtype !== "float32") return null;
  assertGroups(x, filter);
  const y = tf.engine().runKernel<tf.Tensor4D>("DeferredConv2D", { x, filter }, attributesOf(options));
  const operands = { x: tf.keep(x.clone()), filter: tf.keep(filter.clone()) };
  deferred.set(y.dataId, { ...operands, options });
  computeLater(context.backend, y, {
    compute: () => groupedConvolution(operands.x, operands.filter, options)!,
    finish: () => {
      deferred.delete(y.dataId);
      tf.dispose(operands);
    },
  });
  return y;
}

/**
 * relu((x - mean) / sqrt(variance + epsilon) * gamma + beta + residual) of a convolution's result that still waits: computed
 * in one pass, the norm being folded into the filter.
 *
 * @param x what {@link deferredConvolution} gave, [B, H, W, N], or a view of it
 * @param residual of the same size, or null
 * @returns of the shape of x; null where x is nothing of that kind, or operations are recorded for gradients
 */
export function foldedConvolution<T extends tf.Tensor>(
  x: T,
  { gamma, beta, mean, variance }: GivenNorm,
  residual: tf.Tensor | null,
  { epsilon, relu }: { readonly epsilon: number; readonly relu: boolean },
): T | null {
  const convolution = deferred.get(x.dataId);
  if (convolution === undefined || isRecording()) return null;
  const { options, ...operands } = convolution;
  const inputs = { ...operands, gamma, beta, mean, variance, ...(residual === null ? {} : { residual }) };
  const attrs = { ...attributesOf(options), epsilon, relu, shape: x.shape };
  return tf.engine().runKernel<T>("FoldedConv2D", inputs, attrs);
}

type Operands = Readonly<Record<"x" | "filter", tf.TensorInfo>>;
type Attributes = ReturnType<typeof attributesOf>;

const attributesOf = ({ stride = 1, padding = 0, dilation = 1 }: GroupedConvolutionOptions) => ({
  strides: stride,
  pad: padding,
  dilations: dilation,
  dataFormat: "NHWC" as const,
});

const deferredConv2D = defineKernel<Operands, Attributes>(
  "DeferredConv2D",
  ({ inputs: { x, filter }, attrs, backend }) => {
    const { images, outputRows, outputColumns, outputChannels } = convolutionShape(x.shape, filter.shape, attrs);
    return lazyOutput(backend, [images, outputRows, outputColumns, outputChannels]);
  },
);

type FoldedInputs = Operands & GivenNormInfo & { readonly residual?: tf.TensorInfo };

const foldedConv2D = defineKernel<FoldedInputs, Attributes & { epsilon: number; relu: boolean; shape: number[] }>(
  "FoldedConv2D",
  (call) => {
    const { x, filter, residual, ...norm } = call.inputs;
    const { epsilon, relu, shape } = call.attrs;
    const { weights, shift } = foldedWeights(call, filter, norm, epsilon);
    const epilogue = {
      shift: pointerOf(call, shift),
      residual: residual === undefined ? 0 : pointerOf(call, residual),
      relu,
    };
    const y = convolve({ ...call, inputs: { x, filter: weights } }, call.attrs, epilogue) as tf.TensorInfo;
    return { ...y, shape };
  },
  ({ inputs, outputs }) => products(outputs[0].shape, inputs.filter.shape),
);

export const deferredConvolutionKernels: readonly WasmKernel[] = [deferredConv2D, foldedConv2D];
