/**
 * Batch normalisation over the last axis in as few passes over memory as it can be done in, with ReLU and a sum folded
 * in, forward and backward:
 *
 *     output = relu?(normalise(x) + other)      other: nothing, a residual, or a second input normalised by itself
 *
 * Two passes with the statistics of the batch, one with given statistics, two backward; single operations take a
 * dozen and keep their intermediates. Where the current backend has no kernel the answer is null, and the layer
 * composes the same (`composedBatchNorm` in `src/functions/batch-norm.ts`).
 *
 * Kernels: wasm/assembly/batch-norm.ts and batch-norm-grad.ts.
 */
import * as tf from "@tensorflow/tfjs";
import { foldedConvolution } from "./deferred-convolution.js";
import { share } from "./identity.js";
import { defineKernel, output, pointerOf, wasmContext, type KernelCall, type WasmKernel } from "./wasm-kernel.js";

export interface NormalizedInput<T extends tf.Tensor = tf.Tensor2D> {
  /** [..., C] */
  readonly x: T;
  /** [C] */
  readonly gamma: tf.Tensor1D;
  /** [C] */
  readonly beta: tf.Tensor1D;
}

export interface BatchNormInputs<T extends tf.Tensor = tf.Tensor2D> extends NormalizedInput<T> {
  /** Of the shape of x, added after the normalisation and before the ReLU; null: nothing. */
  readonly residual: T | null;
}

export interface BatchNormOptions {
  readonly epsilon: number;
  readonly relu: boolean;
}

export interface Statistics {
  /** Per channel, [C]; without a gradient. */
  readonly mean: tf.Tensor1D;
  /** Per channel, biased, [C]; without a gradient. */
  readonly variance: tf.Tensor1D;
}

export interface BatchNormOutputs<T extends tf.Tensor = tf.Tensor2D> extends Statistics {
  /**
   * relu((x - mean) / sqrt(variance + epsilon) * gamma + beta + residual), of the shape of x; differentiable in all
   * inputs.
   */
  readonly output: T;
}

export interface BatchNormPairOutputs<T extends tf.Tensor = tf.Tensor2D> {
  /** relu(normalise(first) + normalise(second)), of the shape of both; differentiable in all inputs. */
  readonly output: T;
  readonly first: Statistics;
  readonly second: Statistics;
}

/** Training mode: with the statistics of this batch, which come back too. */
export function fusedBatchNorm<T extends tf.Tensor>(
  inputs: BatchNormInputs<T>,
  options: BatchNormOptions,
): BatchNormOutputs<T> | null {
  if (wasmContext() === null) return null;
  const [output, mean, variance] = runNorm([inputs], inputs.residual, null, options);
  return { output: output as T, mean: mean as tf.Tensor1D, variance: variance as tf.Tensor1D };
}

/** Training mode of a sum of two inputs, each normalised with its own statistics of this batch. */
export function fusedBatchNormPair<T extends tf.Tensor>(
  first: NormalizedInput<T>,
  second: NormalizedInput<T>,
  options: BatchNormOptions,
): BatchNormPairOutputs<T> | null {
  if (wasmContext() === null) return null;
  const [output, ...statistics] = runNorm([first, second], null, null, options);
  const [meanA, varianceA, meanB, varianceB] = statistics as tf.Tensor1D[];
  return {
    output: output as T,
    first: { mean: meanA, variance: varianceA },
    second: { mean: meanB, variance: varianceB },
  };
}

/**
 * Evaluation mode: with statistics that are given, and constant. Where x is the result of a product that waits, that is
 * computed with the norm in it, and x not at all.
 */
export function fusedBatchNormGiven<T extends tf.Tensor>(
  inputs: BatchNormInputs<T>,
  statistics: Statistics,
  options: BatchNormOptions,
): T | null {
  if (wasmContext() === null) return null;
  const folded = foldedConvolution<T>(inputs.x, { ...inputs, ...statistics }, inputs.residual, options);
  if (folded !== null) return folded;
  const [output, ...rest] = runNorm([inputs], inputs.residual, [statistics], options);
  tf.dispose(rest);
  return output as T;
}

/** Evaluation mode of a sum of two inputs. */
export function fusedBatchNormPairGiven<T extends tf.Tensor>(
  first: NormalizedInput<T> & Statistics,
  second: NormalizedInput<T> & Statistics,
  options: BatchNormOptions,
): T | null {
  if (wasmContext() === null) return null;
  const [output, ...rest] = runNorm([first, second], null, [first, second], options);
  tf.dispose(rest);
  return output as T;
}

/** What is added to the first normalised input; numbers as in the kernels. */
const form = { alone: 0, residual: 1, pair: 2 } as const;
type Form = (typeof form)[keyof typeof form];

/**
 * a, gammaA, betaA; b of a residual or a pair; gammaB, betaB of a pair; meanA, varianceA (and B) where they are given.
 */
type NormTensors = Record<string, tf.TensorInfo>;

interface NormAttrs {
  epsilon: number;
  form: Form;
  relu: boolean;
  given: boolean;
}

/**
 * tfjs fixes by name which tensors are kept for the gradient: y only where there is a ReLU, b only where it is
 * normalised.
 */
const nameOf = (pair: boolean, relu: boolean): string => `BatchNorm${pair ? "Pair" : ""}${relu ? "Relu" : ""}`;

function runNorm(
  [a, b]: readonly NormalizedInput<tf.Tensor>[],
  residual: tf.Tensor | null,
  given: readonly Statistics[] | null,
  { epsilon, relu }: BatchNormOptions,
): tf.Tensor[] {
  const pair = b !== undefined;
  const inputs = {
    a: a.x,
    gammaA: a.gamma,
    betaA: a.beta,
    ...(residual !== null && { b: residual }),
    ...(pair && { b: b.x, gammaB: b.gamma, betaB: b.beta }),
    ...(given !== null && { meanA: given[0].mean, varianceA: given[0].variance }),
    ...(given !== null && pair && { meanB: given[1].mean, varianceB: given[1].variance }),
  };
  const attrs = {
    epsilon,
    relu,
    given: given !== null,
    form: pair ? form.pair : residual ? form.residual : form.alone,
  };
  return tf.engine().runKernel(nameOf(pair, relu), inputs, attrs);
}

/** Slots of scratch, in float32: the sums of all shares, then what the second pass reads. */
function layoutScratch(call: KernelCall<unknown, unknown>, sums: number, vectors: number, channels: number) {
  const partialBytes = call.pool.threads * sums * channels * 8;
  const base = call.pool.scratch(partialBytes + vectors * channels * 4);
  return { partial: base, vector: (index: number) => base + partialBytes + index * channels * 4 };
}

/** [..., C] as rows of C channels. */
function rowsOf({ shape }: tf.TensorInfo): { rows: number; channels: number } {
  const last = shape.length - 1;
  return { rows: tf.util.sizeFromShape(shape.slice(0, last)), channels: shape[last] };
}

function forward(call: KernelCall<NormTensors, NormAttrs>): tf.TensorInfo[] {
  const { pool, attrs, inputs } = call;
  const { rows, channels } = rowsOf(inputs.a);
  const scratch = layoutScratch(call, 2, 3, channels);
  const address = (name: string): number => pointerOf(call, inputs[name]);
  const shift = scratch.vector(0);

  const outputs = [output(call, inputs.a.shape)];
  const normalise = (name: "A" | "B", x: number, scale: number): number => {
    const mean = given(call, `mean${name}`) ?? output(call, [channels]);
    const variance = given(call, `variance${name}`) ?? output(call, [channels]);
    outputs.push(mean, variance);
    const affine = [address(`gamma${name}`), address(`beta${name}`)];
    const of = [x, rows, channels, scratch.partial];
    const results = [pointerOf(call, mean), pointerOf(call, variance), scale, shift, name === "B" ? 1 : 0];
    if (!attrs.given) pool.run("batchNormMoments", of);
    const finish = attrs.given ? "batchNormScale" : "batchNormStatistics";
    pool.runAlone(finish, [...of, pool.threads, ...affine, attrs.epsilon, ...results]);
    return pointerOf(call, mean);
  };

  const pair = attrs.form === form.pair;
  const [scaleA, scaleB] = [scratch.vector(1), scratch.vector(2)];
  const a = address("a");
  const b = attrs.form === form.alone ? 0 : address("b");
  const meanA = normalise("A", a, scaleA);
  const meanB = pair ? normalise("B", b, scaleB) : 0;
  const options = [rows, channels, attrs.form, attrs.relu ? 1 : 0];
  const results = [b, meanB, scaleB, pointerOf(call, outputs[0])];
  pool.run("batchNormApply", [...options, a, meanA, scaleA, shift, ...results]);
  return outputs;
}

/** An input handed on as an output. */
function given(call: KernelCall<NormTensors, NormAttrs>, name: string): tf.TensorInfo | undefined {
  const tensor = call.inputs[name] as tf.TensorInfo | undefined;
  return tensor && share(call, tensor);
}

/**
 * Inputs dy, [y], a, gammaA, meanA, varianceA, [b, gammaB, meanB, varianceB]; outputs da, dGammaA, dBeta, [db,
 * [dGammaB]].
 */
function backward(call: KernelCall<NormTensors, NormAttrs>): tf.TensorInfo[] {
  const { pool, attrs, inputs } = call;
  const { rows, channels } = rowsOf(inputs.a);
  const scratch = layoutScratch(call, 3, 6, channels);
  const address = (name: string): number => pointerOf(call, inputs[name]);
  const pair = attrs.form === form.pair;
  const residual = attrs.form === form.residual;
  const options = [rows, channels, attrs.form, attrs.relu ? 1 : 0];
  const gradientIn = [address("dy"), attrs.relu ? address("y") : 0];
  const [meanA, meanB] = [address("meanA"), pair ? address("meanB") : 0];
  const [a, b] = [address("a"), pair ? address("b") : 0];

  pool.run("batchNormGradSums", [...options, ...gradientIn, a, meanA, b, meanB, scratch.partial]);
  const dBeta = output(call, [channels]);
  const coefficients = (which: 1 | 2, name: "A" | "B", factors: number): tf.TensorInfo => {
    const dGamma = output(call, [channels]);
    const sums = [rows, channels, scratch.partial, pool.threads, which];
    const statistics = [address(`gamma${name}`), address(`variance${name}`), attrs.epsilon, attrs.given ? 1 : 0];
    const results = [pointerOf(call, dGamma), pointerOf(call, dBeta), factors];
    pool.runAlone("batchNormGradCoefficients", [...sums, ...statistics, ...results]);
    return dGamma;
  };
  const [factorsA, factorsB] = [scratch.vector(0), scratch.vector(3)];
  const dGammaA = coefficients(1, "A", factorsA);
  const dGammaB = pair ? [coefficients(2, "B", factorsB)] : [];

  const da = output(call, inputs.a.shape);
  const db = pair || (residual && attrs.relu) ? [output(call, inputs.a.shape)] : [];
  const results = [pointerOf(call, da), db.length > 0 ? pointerOf(call, db[0]) : 0];
  const second = [b, meanB, factorsB];
  pool.run("batchNormGradApply", [...options, ...gradientIn, a, meanA, factorsA, ...second, ...results]);
  return [da, dGammaA, dBeta, ...db, ...dGammaB];
}

const variants = [false, true].flatMap((pair) => [false, true].map((relu) => ({ pair, relu })));

type GivenInputs = Readonly<Record<"x" | "mean" | "variance", tf.TensorInfo>> &
  Readonly<Partial<Record<"scale" | "offset", tf.TensorInfo>>>;

/** tfjs's own norm with given statistics, which tf.layers evaluates and trains through. */
const tfjsBatchNorm = defineKernel<GivenInputs, { varianceEpsilon: number }>("FusedBatchNorm", (call) => {
  const { x, scale, offset, mean, variance } = call.inputs;
  if (scale === undefined || offset === undefined || x.dtype !== "float32" || sizeOf(x) === 0) return call.original();
  const channels = x.shape[x.shape.length - 1];
  const isVector = (v: tf.TensorInfo) => v.dtype === "float32" && v.shape.at(-1) === channels && sizeOf(v) === channels;
  if (![scale, offset, mean, variance].every(isVector)) return call.original();
  const inputs = { a: x, gammaA: scale, betaA: offset, meanA: mean, varianceA: variance };
  const attrs = { epsilon: call.attrs.varianceEpsilon, relu: false, given: true, form: form.alone };
  const [y, ...statistics] = forward({ ...call, inputs, attrs });
  for (const { dataId } of statistics) call.backend.disposeData(dataId);
  return y;
});

const sizeOf = ({ shape }: tf.TensorInfo): number => tf.util.sizeFromShape(shape);

export const batchNormKernels: readonly WasmKernel[] = [
  tfjsBatchNorm,
  ...variants.map(({ pair, relu }) => defineKernel<NormTensors, NormAttrs>(nameOf(pair, relu), forward)),
  defineKernel<NormTensors, NormAttrs>("BatchNormGrad", backward),
];

export const batchNormGradients: readonly tf.GradConfig[] = variants.map(({ pair, relu }) => ({
  kernelName: nameOf(pair, relu),
  inputsToSave: pair ? ["a", "gammaA", "b", "gammaB"] : ["a", "gammaA"],
  outputsToSave: pair ? [relu, true, true, true, true] : [relu, true, true],
  gradFunc: (dys, saved, attributes) => {
    const attrs = attributes as unknown as NormAttrs;
    const dy = (dys as tf.Tensor[])[0];
    const names = pair ? ["a", "gammaA", "b", "gammaB"] : ["a", "gammaA"];
    names.push(...(relu ? ["y"] : []), "meanA", "varianceA", ...(pair ? ["meanB", "varianceB"] : []));
    const inputs = { dy, ...Object.fromEntries(names.map((name, index) => [name, saved[index]])) };
    // All at once, and not where each is asked for: the sums over the rows serve them all.
    const gradients: tf.Tensor[] = tf.engine().runKernel("BatchNormGrad", inputs, attributes);
    const [da, dGammaA, dBeta, db, dGammaB] = gradients;
    return {
      a: () => da,
      gammaA: () => dGammaA,
      betaA: () => dBeta,
      ...(attrs.form === form.residual && { b: () => db ?? dy.clone() }),
      ...(pair && { b: () => db, gammaB: () => dGammaB, betaB: () => dBeta.clone() }),
    };
  },
}));
