/**
 * Batch normalisation over the last axis as functions, and the weights and constants they go by. Written anew because
 * that of TensorFlow.js trains through a dozen single operations, fails without gamma or beta, and knows neither
 * PyTorch's constants nor its running variance. ReLU and a sum with a residual or with a second normalised input fold
 * in, so that a fused kernel does all in one pass over the activations.
 */
import * as tf from "@tensorflow/tfjs";
import {
  fusedBatchNorm,
  fusedBatchNormGiven,
  fusedBatchNormPair,
  fusedBatchNormPairGiven,
  type BatchNormInputs,
  type BatchNormOptions as RowsOptions,
  type BatchNormOutputs,
  type Statistics,
} from "../engine/ops/batch-norm.js";
import { fusedRunningUpdate } from "../engine/ops/optimizer-update.js";
import { ConfigError } from "../core/errors.js";
import { momentsOfAll, synchronizesNorms } from "./synchronized-moments.js";
import { viewAs } from "./view.js";

/**
 * `torch`: running statistics move by 0.1 towards the batch's, the running variance is the unbiased one,
 * epsilon 1e-5. `tf`: by 0.01, the biased one, epsilon 1e-3 (Keras and deeplab2: "momentum 0.99").
 */
export type BatchNormPreset = "torch" | "tf";

/** The constants in which frameworks' batch norms differ. */
export interface BatchNormConstants {
  /** How far the running statistics move towards those of each batch (PyTorch's `momentum`, 1 - Keras's). */
  readonly rate: number;
  /** Added to the variance before its root is taken. */
  readonly epsilon: number;
  /** Whether the running variance divides by n - 1. The normalisation itself always divides by n. */
  readonly unbiased: boolean;
}

/** The constants that the two frameworks of the published weights use. */
export const batchNormPresets: Readonly<Record<BatchNormPreset, BatchNormConstants>> = {
  torch: { rate: 0.1, epsilon: 1e-5, unbiased: true },
  tf: { rate: 0.01, epsilon: 1e-3, unbiased: false },
};

/** The constants themselves. `where` begins the error when there are none of that name. */
export function resolveConstants(
  constants: BatchNormPreset | BatchNormConstants | undefined,
  where: string,
): BatchNormConstants {
  if (typeof constants === "object") return constants;
  const preset = (batchNormPresets as Partial<Record<string, BatchNormConstants>>)[constants ?? "torch"];
  if (preset === undefined)
    throw new ConfigError(
      `${where}: constants must be "torch", "tf" or { rate, epsilon, unbiased }, got ${String(constants)}; choose one`,
    );
  return preset;
}

/** The four weights of a batch norm, [C] each or of any other shape that the statistics have. */
export interface BatchNormWeights {
  readonly gamma: tf.LayerVariable;
  readonly beta: tf.LayerVariable;
  readonly movingMean: tf.LayerVariable;
  readonly movingVariance: tf.LayerVariable;
}

let updating = true;

/** Does the work, which must be synchronous, without moving running statistics: a pass that repeats another must not. */
export function withoutRunningUpdates<T>(work: () => T): T {
  const before = updating;
  updating = false;
  try {
    return work();
  } finally {
    updating = before;
  }
}

/** Moves the running statistics towards those of a batch of `count` values. Has no gradient. */
export function updateRunningStatistics(
  { movingMean, movingVariance }: BatchNormWeights,
  batch: { mean: tf.Tensor; variance: tf.Tensor; count: number },
  { rate, unbiased }: BatchNormConstants,
): void {
  if (!updating) return;
  const bessel = unbiased && batch.count > 1 ? batch.count / (batch.count - 1) : 1;
  const mean = { running: movingMean.read() as tf.Variable, batch: batch.mean, factor: 1 };
  const variance = { running: movingVariance.read() as tf.Variable, batch: batch.variance, factor: bessel };
  if (fusedRunningUpdate([mean, variance], rate)) return;
  tf.tidy(() => {
    const move = (running: tf.Tensor, value: tf.Tensor, factor: number) =>
      running.mul(1 - rate).add(value.mul(rate * factor));
    movingMean.write(move(movingMean.read(), batch.mean, 1));
    movingVariance.write(move(movingVariance.read(), batch.variance, bessel));
  });
}

/** How batch norm is applied, to one input or to a pair. */
export interface BatchNormMode {
  /** With the statistics of this batch; otherwise with the running ones. */
  readonly training: boolean;
  readonly constants: BatchNormConstants;
  /** Clamp the result at zero. Default false. */
  readonly relu?: boolean;
  /** Move the running statistics in training. Default true. */
  readonly update?: boolean;
}

/**
 * y = relu((x - mean) / sqrt(variance + epsilon) * gamma + beta + residual), the last two steps where asked for.
 * Training: with the statistics of this batch over all axes but the last, the running ones being updated on the way.
 * Otherwise: with the running statistics.
 *
 * @param x [..., C]
 * @param mode.residual added after the normalisation, of the shape of x; default none
 * @returns the shape of x
 */
export function batchNorm<T extends tf.Tensor>(
  x: T,
  weights: BatchNormWeights,
  { residual = null, ...mode }: BatchNormMode & { readonly residual?: tf.Tensor | null },
): T {
  const { training, constants, update = true } = mode;
  const options = rowsOptions(mode);
  return tf.tidy(() => {
    const input = { ...normalizedInput(x, weights), residual: residual as T | null };
    if (!training) {
      const running = runningStatistics(weights);
      const fused = fusedBatchNormGiven(input, running, options);
      return fused ?? viewAs<T>(composedBatchNormGiven(asRows(input), running, options), x.shape);
    }
    if (synchronizesNorms()) {
      const { output, ...all } = synchronizedBatchNorm(asRows(input), options);
      if (update) updateRunningStatistics(weights, all, constants);
      return viewAs<T>(output, x.shape);
    }
    const fused = fusedBatchNorm(input, options);
    const { output, ...batch } = fused ?? composedBatchNorm(asRows(input), options);
    if (update) updateRunningStatistics(weights, { ...batch, count: countOf(x) }, constants);
    return fused?.output ?? viewAs<T>(output, x.shape);
  });
}

/** y = relu(batchNorm(a) + batchNorm(b)), each with weights and statistics of its own: see {@link batchNorm}. */
export function batchNormPair<T extends tf.Tensor>(
  a: { readonly x: T; readonly weights: BatchNormWeights },
  b: { readonly x: T; readonly weights: BatchNormWeights },
  mode: BatchNormMode,
): T {
  const { training, constants, update = true } = mode;
  const options = rowsOptions(mode);
  return tf.tidy(() => {
    const [first, second] = [normalizedInput(a.x, a.weights), normalizedInput(b.x, b.weights)];
    const fused = training
      ? synchronizesNorms()
        ? null
        : fusedBatchNormPair(first, second, options)
      : fusedBatchNormPairGiven(
          { ...first, ...runningStatistics(a.weights) },
          { ...second, ...runningStatistics(b.weights) },
          options,
        );
    if (fused === null)
      return batchNorm(b.x, b.weights, { ...mode, residual: batchNorm(a.x, a.weights, { ...mode, relu: false }) });
    if (!("first" in fused)) return fused;
    if (update) {
      updateRunningStatistics(a.weights, { ...fused.first, count: countOf(a.x) }, constants);
      updateRunningStatistics(b.weights, { ...fused.second, count: countOf(b.x) }, constants);
    }
    return fused.output;
  });
}

/**
 * What batch norm with running statistics does to each channel: y = x * scale + shift, [C] both. A projection that it
 * follows can take it over.
 */
export function runningAffine(
  { gamma, beta, movingMean, movingVariance }: BatchNormWeights,
  { epsilon }: BatchNormConstants,
): { scale: tf.Tensor1D; shift: tf.Tensor1D } {
  const scale = gamma.read().mul<tf.Tensor1D>(movingVariance.read().add(epsilon).rsqrt());
  return { scale, shift: beta.read().sub<tf.Tensor1D>(movingMean.read().mul(scale)) };
}

/** Everything that batch norm with running statistics goes by, [C] each. */
export const givenNorm = (weights: BatchNormWeights) => ({
  gamma: weights.gamma.read() as tf.Tensor1D,
  beta: weights.beta.read() as tf.Tensor1D,
  ...runningStatistics(weights),
});

const rowsOptions = ({ constants, relu = false }: BatchNormMode): RowsOptions => ({ epsilon: constants.epsilon, relu });

/** How many values of each channel there are in [..., C]. */
const countOf = (x: tf.Tensor): number => x.size / x.shape[x.rank - 1];

/** [..., C] to [rows, C]. */
function asRows({ x, residual, ...affine }: BatchNormInputs<tf.Tensor>): BatchNormInputs {
  const rows = (tensor: tf.Tensor) => viewAs<tf.Tensor2D>(tensor, [-1, x.shape[x.rank - 1]]);
  return { ...affine, x: rows(x), residual: residual && rows(residual) };
}

const normalizedInput = <T extends tf.Tensor>(x: T, { gamma, beta }: BatchNormWeights) => ({
  x,
  gamma: gamma.read() as tf.Tensor1D,
  beta: beta.read() as tf.Tensor1D,
});

const runningStatistics = ({ movingMean, movingVariance }: BatchNormWeights): Statistics => ({
  mean: movingMean.read() as tf.Tensor1D,
  variance: movingVariance.read() as tf.Tensor1D,
});

/** Training-mode batch norm with the statistics of all processes' images, by differentiation of single operations. */
function synchronizedBatchNorm({ x, gamma, beta, residual }: BatchNormInputs, { epsilon, relu }: RowsOptions) {
  const own = tf.moments(x, 0) as { mean: tf.Tensor1D; variance: tf.Tensor1D };
  const all = momentsOfAll({ ...own, count: x.shape[0] });
  const normalized = x.sub(all.mean).mul(gamma.mul(all.variance.add(epsilon).rsqrt()));
  const affine = normalized.add<tf.Tensor2D>(beta);
  const sum = residual === null ? affine : affine.add<tf.Tensor2D>(residual);
  return { ...all, output: relu ? sum.relu() : sum };
}

/** Evaluation-mode batch norm from single operations: what {@link fusedBatchNormGiven} must equal. */
export function composedBatchNormGiven(
  { x, gamma, beta, residual }: BatchNormInputs,
  { mean, variance }: Statistics,
  { epsilon, relu }: RowsOptions,
): tf.Tensor2D {
  return tf.tidy(() => {
    const normalized = x
      .sub(mean)
      .mul(gamma.mul(variance.add(epsilon).rsqrt()))
      .add<tf.Tensor2D>(beta);
    const sum = residual === null ? normalized : normalized.add<tf.Tensor2D>(residual);
    return relu ? sum.relu() : sum;
  });
}

/**
 * Training-mode batch norm from single operations, with its gradient written out: what {@link fusedBatchNorm}
 * must equal. Mean and variance (biased) of the batch come back without a gradient.
 */
export function composedBatchNorm(
  { x, gamma, beta, residual }: BatchNormInputs,
  { epsilon, relu }: RowsOptions,
): BatchNormOutputs {
  const [count] = x.shape;
  // One tensor, because a custom gradient has one output. Nothing of it is recorded for the backward pass.
  const moments = tf.customGrad((rows) => ({
    value: tf.stack(Object.values(tf.moments(rows as tf.Tensor2D, 0))),
    gradFunc: () => tf.zerosLike(rows as tf.Tensor2D),
  }))(x); // [2, C]
  const [mean, variance] = tf.unstack(moments) as tf.Tensor1D[];
  const normalize = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const save = args[args.length - 1] as tf.GradSaveFunc;
    const rstd = variance.add(epsilon).rsqrt(); // [C]
    const affine = x.sub(mean).mul(gamma.mul(rstd)).add(beta);
    const summed = residual === null ? affine : affine.add(residual);
    const value = relu ? summed.relu() : summed;
    save([x, gamma, mean, rstd, ...(relu ? [value] : [])]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [x, gamma, mean, rstd, y] = saved;
      const dSum = relu ? dy.mul(y.step()) : dy; // [rows, C]
      const normalized = x.sub(mean).mul(rstd); // [rows, C]
      const dBeta = dSum.sum(0); // [C]
      const dGamma = dSum.mul(normalized).sum(0); // [C]
      const dx = dSum
        .sub(dBeta.div(count))
        .sub(normalized.mul(dGamma.div(count)))
        .mul(gamma.mul(rstd));
      return [dx, dGamma, dBeta, ...(residual === null ? [] : [dSum])];
    };
    return { value, gradFunc };
  });
  const output = normalize(x, gamma, beta, ...(residual === null ? [] : [residual])) as tf.Tensor2D;
  return { output, mean, variance };
}
