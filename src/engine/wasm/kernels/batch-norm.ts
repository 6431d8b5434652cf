/**
 * BatchNorm in its four variants, BatchNormGrad (ops/batch-norm.ts), and FusedBatchNorm, TensorFlow.js's own.
 *
 * Kernels: assembly/batch-norm.ts and batch-norm-grad.ts.
 */
import * as tf from "@tensorflow/tfjs";
import { normForm, normName, normVariants, type NormAttrs, type NormTensors } from "../../ops/batch-norm.js";
import { defineKernel, output, pointerOf, type KernelCall, type WasmKernel } from "../kernel.js";
import { share } from "./identity.js";

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
    const { partial } = scratch;
    if (!attrs.given) pool.run("batchNormMoments", { x, rows, channels, partial });
    pool.runAlone(attrs.given ? "batchNormScale" : "batchNormStatistics", {
      x,
      rows,
      channels,
      partial,
      shares: pool.threads,
      gamma: address(`gamma${name}`),
      beta: address(`beta${name}`),
      epsilon: attrs.epsilon,
      mean: pointerOf(call, mean),
      variance: pointerOf(call, variance),
      scale,
      shift,
      second: Number(name === "B"),
    });
    return pointerOf(call, mean);
  };

  const pair = attrs.form === normForm.pair;
  const [scaleA, scaleB] = [scratch.vector(1), scratch.vector(2)];
  const a = address("a");
  const b = attrs.form === normForm.alone ? 0 : address("b");
  const meanA = normalise("A", a, scaleA);
  const meanB = pair ? normalise("B", b, scaleB) : 0;
  const y = pointerOf(call, outputs[0]);
  const [form, relu] = [attrs.form, Number(attrs.relu)];
  pool.run("batchNormApply", { rows, channels, form, relu, a, meanA, scaleA, shift, b, meanB, scaleB, y });
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
  const pair = attrs.form === normForm.pair;
  const passesResidual = attrs.form === normForm.residual && attrs.relu;
  const [form, relu] = [attrs.form, Number(attrs.relu)];
  const [dy, y] = [address("dy"), attrs.relu ? address("y") : 0];
  const [meanA, meanB] = [address("meanA"), pair ? address("meanB") : 0];
  const [a, b] = [address("a"), pair ? address("b") : 0];

  const { partial } = scratch;
  pool.run("batchNormGradSums", { rows, channels, form, relu, dy, y, a, meanA, b, meanB, partial });
  const dBeta = output(call, [channels]);
  const coefficients = (which: 1 | 2, name: "A" | "B", factors: number): tf.TensorInfo => {
    const dGamma = output(call, [channels]);
    pool.runAlone("batchNormGradCoefficients", {
      rows,
      channels,
      partial,
      shares: pool.threads,
      which,
      factors,
      gamma: address(`gamma${name}`),
      variance: address(`variance${name}`),
      epsilon: attrs.epsilon,
      given: Number(attrs.given),
      dGamma: pointerOf(call, dGamma),
      dBeta: pointerOf(call, dBeta),
    });
    return dGamma;
  };
  const [factorsA, factorsB] = [scratch.vector(0), scratch.vector(3)];
  const dGammaA = coefficients(1, "A", factorsA);
  const dGammaB = pair ? [coefficients(2, "B", factorsB)] : [];

  const da = output(call, inputs.a.shape);
  const db = pair || passesResidual ? [output(call, inputs.a.shape)] : [];
  pool.run("batchNormGradApply", {
    rows,
    channels,
    form,
    relu,
    dy,
    y,
    a,
    meanA,
    factorsA,
    b,
    meanB,
    factorsB,
    da: pointerOf(call, da),
    db: db.length > 0 ? pointerOf(call, db[0]) : 0,
  });
  return [da, dGammaA, dBeta, ...db, ...dGammaB];
}

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
  const attrs = { epsilon: call.attrs.varianceEpsilon, relu: false, given: true, form: normForm.alone };
  const [y, ...statistics] = forward({ ...call, inputs, attrs });
  for (const { dataId } of statistics) call.backend.disposeData(dataId);
  return y;
});

const sizeOf = ({ shape }: tf.TensorInfo): number => tf.util.sizeFromShape(shape);

export const batchNormKernels: readonly WasmKernel[] = [
  tfjsBatchNorm,
  ...normVariants.map(({ pair, relu }) => defineKernel<NormTensors, NormAttrs>(normName(pair, relu), forward)),
  defineKernel<NormTensors, NormAttrs>("BatchNormGrad", backward),
];
