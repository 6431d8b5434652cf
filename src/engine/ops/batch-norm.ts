/**
 * Batch normalisation over the last axis in as few passes over memory as it can be done in, with ReLU and a sum folded
 * in, forward and backward:
 *
 *     output = relu?(normalise(x) + other)      other: nothing, a residual, or a second input normalised by itself
 *
 * Two passes with the statistics of the batch, one with given statistics, two backward; single operations take a
 * dozen and keep their intermediates. Where the current backend has no kernel the answer is null, and the layer
 * composes the same (`composedBatchNorm` in `src/functions/batch-norm.ts`).
 */
import * as tf from "@tensorflow/tfjs";
import { hasKernel } from "../kernel-registry.js";
import { isRecording } from "../recording.js";

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
  if (!hasKernel("BatchNorm")) return null;
  const [output, mean, variance] = runNorm([inputs], inputs.residual, null, options);
  return { output: output as T, mean: mean as tf.Tensor1D, variance: variance as tf.Tensor1D };
}

/** Training mode of a sum of two inputs, each normalised with its own statistics of this batch. */
export function fusedBatchNormPair<T extends tf.Tensor>(
  first: NormalizedInput<T>,
  second: NormalizedInput<T>,
  options: BatchNormOptions,
): BatchNormPairOutputs<T> | null {
  if (!hasKernel("BatchNorm")) return null;
  const [output, ...statistics] = runNorm([first, second], null, null, options);
  const [meanA, varianceA, meanB, varianceB] = statistics as tf.Tensor1D[];
  return {
    output: output as T,
    first: { mean: meanA, variance: varianceA },
    second: { mean: meanB, variance: varianceB },
  };
}

/**
 * Evaluation mode: with statistics that are given, and constant. Where x is the result of {@link deferredConvolution}, a
 * backend may compute that with the norm in it, and x not at all.
 */
export function fusedBatchNormGiven<T extends tf.Tensor>(
  inputs: BatchNormInputs<T>,
  statistics: Statistics,
  options: BatchNormOptions,
): T | null {
  if (!hasKernel("BatchNorm")) return null;
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
  if (!hasKernel("BatchNorm")) return null;
  const [output, ...rest] = runNorm([first, second], null, [first, second], options);
  tf.dispose(rest);
  return output as T;
}

/** What is added to the first normalised input; numbers as in the kernels. */
export const normForm = { alone: 0, residual: 1, pair: 2 } as const;
type Form = (typeof normForm)[keyof typeof normForm];

/**
 * a, gammaA, betaA; b of a residual or a pair; gammaB, betaB of a pair; meanA, varianceA (and B) where they are given.
 */
export type NormTensors = Record<string, tf.TensorInfo>;

export interface NormAttrs {
  epsilon: number;
  form: Form;
  relu: boolean;
  given: boolean;
}

/**
 * tfjs fixes by name which tensors are kept for the gradient: y only where there is a ReLU, b only where it is
 * normalised.
 */
export const normName = (pair: boolean, relu: boolean): string => `BatchNorm${pair ? "Pair" : ""}${relu ? "Relu" : ""}`;

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
    form: pair ? normForm.pair : residual ? normForm.residual : normForm.alone,
  };
  return tf.engine().runKernel(normName(pair, relu), inputs, attrs);
}

export const normVariants = [false, true].flatMap((pair) => [false, true].map((relu) => ({ pair, relu })));

export const batchNormGradients: readonly tf.GradConfig[] = normVariants.map(({ pair, relu }) => ({
  kernelName: normName(pair, relu),
  inputsToSave: pair ? ["a", "gammaA", "b", "gammaB"] : ["a", "gammaA"],
  outputsToSave: pair ? [relu, true, true, true, true] : [relu, true, true],
  gradFunc: (dys, saved, attributes) => {
    const attrs = attributes as unknown as NormAttrs;
    const dy = (dys as tf.Tensor[])[0];
    const names = pair ? ["a", "gammaA", "b", "gammaB"] : ["a", "gammaA"];
    names.push(...(relu ? ["y"] : []), "meanA", "varianceA", ...(pair ? ["meanB", "varianceB"] : []));
    const inputs = { dy, ...Object.fromEntries(names.map((name, index) => [name, saved[index]])) };
    if (isRecording()) return differentiableGradients(inputs, attrs);
    // All at once, and not where each is asked for: the sums over the rows serve them all.
    const gradients: tf.Tensor[] = tf.engine().runKernel("BatchNormGrad", inputs, attributes);
    const [da, dGammaA, dBeta, db, dGammaB] = gradients;
    return {
      a: () => da,
      gammaA: () => dGammaA,
      betaA: () => dBeta,
      ...(attrs.form === normForm.residual && { b: () => db ?? dy.clone() }),
      ...(pair && { b: () => db, gammaB: () => dGammaB, betaB: () => dBeta.clone() }),
    };
  },
}));

/** The same gradients by operations that have gradients themselves, for those of higher order. */
function differentiableGradients(
  saved: Readonly<Record<string, tf.Tensor>>,
  { epsilon, form, relu, given }: NormAttrs,
): Record<string, () => tf.Tensor> {
  const { dy, y } = saved;
  const g = relu ? dy.mul(y.step()) : dy;
  const rows = [...Array(g.rank - 1).keys()];
  const dBeta = (): tf.Tensor => g.sum(rows);
  const ofInput = (name: "A" | "B") => {
    const [x, gamma] = [saved[name.toLowerCase()], saved[`gamma${name}`]];
    const normalise = (x: tf.Tensor, gamma: tf.Tensor): tf.Tensor => {
      const mean = given ? saved[`mean${name}`] : x.mean(rows);
      const variance = given ? saved[`variance${name}`] : x.sub(mean).square().mean(rows);
      return x.sub(mean).mul(variance.add(epsilon).rsqrt()).mul(gamma);
    };
    const [dx, dGamma] = tf.grads(normalise)([x, gamma], g);
    return { dx: () => dx, dGamma: () => dGamma };
  };
  const a = ofInput("A");
  const ofA = { a: a.dx, gammaA: a.dGamma, betaA: dBeta };
  if (form === normForm.residual) return { ...ofA, b: () => g.clone() };
  if (form !== normForm.pair) return ofA;
  const b = ofInput("B");
  return { ...ofA, b: b.dx, gammaB: b.dGamma, betaB: dBeta };
}
