/**
 * Which of tfjs's kernels wait for what follows them, so that plain tf.layers models evaluate as ours do: convolutions and
 * projections without an activation, and the norms and sums behind them. A ReLU has it all computed.
 */
import type * as tf from "@tensorflow/tfjs";
import { deferConvolution } from "./deferred-convolution.js";
import type { NormAttrs, NormTensors } from "../../ops/batch-norm.js";
import type { KernelCall, WasmKernel } from "../kernel.js";
import { share } from "../kernels/identity.js";
import { deferNorm, deferProduct, deferSum, foldNorm, foldRelu } from "./deferred-product.js";
import { isWaiting } from "./lazy-data.js";

/** What folding saves of a smaller result costs less than the waiting does. */
const minimumElements = 65_536;

type Inputs<Names extends string, Optional extends string = never> = Readonly<Record<Names, tf.TensorInfo>> &
  Readonly<Partial<Record<Optional, tf.TensorInfo>>>;

function deferConv2D(
  call: KernelCall<Inputs<"x" | "filter", "bias">, Parameters<typeof deferConvolution>[0]["attrs"] & WithActivation>,
): tf.TensorInfo | null {
  const { x, filter, bias } = call.inputs;
  const { activation = "linear", dataFormat } = call.attrs;
  const plain = activation === "linear" && dataFormat === "NHWC" && x.dtype === "float32";
  return plain && isBias(bias, filter.shape[3]) ? deferConvolution(call, minimumElements) : null;
}

interface WithActivation {
  readonly activation?: string;
}

function deferMatMul(
  call: KernelCall<Inputs<"a" | "b", "bias">, WithActivation & { transposeA: boolean; transposeB: boolean }>,
): tf.TensorInfo | null {
  const { a, b, bias } = call.inputs;
  const { activation = "linear", transposeA, transposeB } = call.attrs;
  const [depth, columns] = b.shape.slice(-2);
  const oneMatrix = b.shape.length <= a.shape.length && b.shape.slice(0, -2).every((size) => size === 1);
  const floats = a.dtype === "float32" && b.dtype === "float32";
  if (activation !== "linear" || transposeA || transposeB || !oneMatrix || !floats) return null;
  if (!isBias(bias, columns) || a.shape.at(-1) !== depth) return null;
  const w = { dataId: b.dataId, dtype: b.dtype, shape: [depth, columns] };
  const shape = [...a.shape.slice(0, -1), columns];
  return deferProduct(call, { kernelName: "FoldedLinear", attrs: {} }, { x: a, w, bias }, shape, minimumElements);
}

/** A clone of what waits, which the sum of tf.layers begins with, waits too. */
const cloneWaiting = (call: KernelCall<Inputs<"x">>): tf.TensorInfo | null =>
  isWaiting(call.inputs.x) ? share(call, call.inputs.x) : null;

/** Our norm with given statistics: computed with the product that x is the result of, and x then not at all. */
function foldGivenNorm(call: KernelCall<NormTensors, NormAttrs>): tf.TensorInfo[] | null {
  if (!call.attrs.given) return null;
  const { a, gammaA: gamma, betaA: beta, meanA: mean, varianceA: variance, b: residual } = call.inputs;
  const y = foldNorm(call, a, { gamma, beta, mean, variance, residual }, call.attrs);
  return y && [y, share(call, mean), share(call, variance)];
}

/** Nothing, or one value for each channel. */
const isBias = (bias: tf.TensorInfo | undefined, channels: number): boolean =>
  bias === undefined || (bias.shape.at(-1) === channels && bias.shape.slice(0, -1).every((size) => size === 1));

type Defer = NonNullable<WasmKernel["defer"]>;

/** By tfjs's names. */
const deferrals = new Map(
  Object.entries({
    Conv2D: deferConv2D,
    FusedConv2D: deferConv2D,
    _FusedMatMul: deferMatMul,
    FusedBatchNorm: deferNorm,
    BatchNorm: foldGivenNorm,
    BatchNormRelu: foldGivenNorm,
    Add: deferSum,
    Identity: cloneWaiting,
    Relu: foldRelu,
  }) as unknown as [string, Defer][],
);

/** The kernels, those that wait doing so; where tfjs's own is the one that waits, that too. */
export function withDeferrals(kernels: readonly WasmKernel[]): readonly WasmKernel[] {
  const named = new Set(kernels.map(({ kernelName }) => kernelName));
  const others = [...deferrals.keys()].filter((kernelName) => !named.has(kernelName));
  const tfjsOwn = others.map((kernelName): WasmKernel => ({ kernelName, run: (call) => call.original() }));
  return [...kernels, ...tfjsOwn].map((kernel) => ({ ...kernel, defer: deferrals.get(kernel.kernelName) }));
}
