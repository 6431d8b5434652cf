/**
 * Batch normalisation over the last axis: the pure function, its weights, and the layer. Written anew because
 * that of TensorFlow.js trains through a dozen single operations, fails without gamma or beta, and knows neither PyTorch's
 * constants nor its running variance. ReLU and the sum with a residual fold in, so that a fused kernel can do all in
 * one pass over the activations.
 */
import * as tf from "@tensorflow/tfjs";
import { fusedBatchNorm } from "../engine/ops/batch-norm.js";
import { ConfigError } from "../errors.js";
import { channelsOf, Layer, singleShape, type AddWeight, type CallOptions, type LayerArgs } from "./layer.js";

/**
 * `torch`: running statistics move by 0.1 towards the batch's, the running variance is the unbiased one,
 * epsilon 1e-5. `tf`: by 0.01, the biased one, epsilon 1e-3 (Keras and deeplab2: "momentum 0.99").
 */
export type BatchNormPreset = "torch" | "tf";

export interface BatchNormConstants {
  /** How far the running statistics move towards those of each batch (PyTorch's `momentum`, 1 - Keras's). */
  readonly rate: number;
  /** Added to the variance before its root is taken. */
  readonly epsilon: number;
  /** Whether the running variance divides by n - 1. The normalisation itself always divides by n. */
  readonly unbiased: boolean;
}

export const batchNormPresets: Readonly<Record<BatchNormPreset, BatchNormConstants>> = {
  torch: { rate: 0.1, epsilon: 1e-5, unbiased: true },
  tf: { rate: 0.01, epsilon: 1e-3, unbiased: false },
};

/** The four weights of a batch norm, [C] each or of any other shape that the statistics have. */
export interface BatchNormWeights {
  readonly gamma: tf.LayerVariable;
  readonly beta: tf.LayerVariable;
  readonly movingMean: tf.LayerVariable;
  readonly movingVariance: tf.LayerVariable;
}

/** Adds gamma, beta (trainable) and the running statistics (not) to a layer; names are `${prefix}gamma` and so on. */
export function addBatchNormWeights(
  add: AddWeight,
  prefix: string,
  shape: number[],
  { zeroGamma = false }: { zeroGamma?: boolean } = {},
): BatchNormWeights {
  return {
    gamma: add(`${prefix}gamma`, shape, zeroGamma ? tf.initializers.zeros() : tf.initializers.ones(), true),
    beta: add(`${prefix}beta`, shape, tf.initializers.zeros(), true),
    movingMean: add(`${prefix}moving_mean`, shape, tf.initializers.zeros(), false),
    movingVariance: add(`${prefix}moving_variance`, shape, tf.initializers.ones(), false),
  };
}

/** Moves the running statistics towards those of a batch of `count` values. Has no gradient. */
export function updateRunningStatistics(
  { movingMean, movingVariance }: BatchNormWeights,
  batch: { mean: tf.Tensor; variance: tf.Tensor; count: number },
  { rate, unbiased }: BatchNormConstants,
): void {
  tf.tidy(() => {
    const bessel = unbiased && batch.count > 1 ? batch.count / (batch.count - 1) : 1;
    const move = (running: tf.Tensor, value: tf.Tensor, factor: number) =>
      running.mul(1 - rate).add(value.mul(rate * factor));
    movingMean.write(move(movingMean.read(), batch.mean, 1));
    movingVariance.write(move(movingVariance.read(), batch.variance, bessel));
  });
}

export interface BatchNormOptions {
  readonly training: boolean;
  readonly constants: BatchNormConstants;
  /** Added after the normalisation, of the shape of x. Default none. */
  readonly residual?: tf.Tensor | null;
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
 * @returns the shape of x
 */
export function batchNorm<T extends tf.Tensor>(x: T, weights: BatchNormWeights, options: BatchNormOptions): T {
  const { training, constants, residual = null, relu = false, update = true } = options;
  const channels = x.shape[x.rank - 1];
  const gamma = weights.gamma.read() as tf.Tensor1D;
  const beta = weights.beta.read() as tf.Tensor1D;
  return tf.tidy(() => {
    const rows = x.reshape<tf.Tensor2D>([-1, channels]); // [rows, C]
    const residualRows = residual === null ? null : residual.reshape<tf.Tensor2D>([-1, channels]);
    if (!training) {
      const scale = gamma.mul(weights.movingVariance.read().add(constants.epsilon).rsqrt());
      const centred = rows.sub(weights.movingMean.read()).mul(scale).add(beta);
      const summed = residualRows === null ? centred : centred.add(residualRows);
      return (relu ? summed.relu() : summed).reshape(x.shape) as unknown as T;
    }
    const inputs = { x: rows, gamma, beta, residual: residualRows };
    const fusedOptions = { epsilon: constants.epsilon, relu };
    const { output, mean, variance } = fusedBatchNorm(inputs, fusedOptions) ?? composedBatchNorm(inputs, fusedOptions);
    if (update) updateRunningStatistics(weights, { mean, variance, count: rows.shape[0] }, constants);
    return output.reshape(x.shape) as unknown as T;
  });
}

/**
 * Training-mode batch norm from single operations, with its gradient written out: what {@link fusedBatchNorm}
 * must equal. Mean and variance (biased) of the batch come back without a gradient.
 */
export function composedBatchNorm(
  inputs: Parameters<typeof fusedBatchNorm>[0],
  { epsilon, relu }: Parameters<typeof fusedBatchNorm>[1],
): NonNullable<ReturnType<typeof fusedBatchNorm>> {
  const { x, gamma, beta, residual } = inputs;
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

export interface BatchNormArgs extends LayerArgs {
  /** A preset's name or constants of your own. Default `torch`. */
  constants?: BatchNormPreset | BatchNormConstants;
  /** Start gamma at zero: a residual branch that ends so begins as the identity. Default false. */
  zeroGamma?: boolean;
  /** `relu` clamps the result at zero. Default null. */
  activation?: "relu" | null;
}

/** The constants themselves. `where` begins the error when there are none of that name. */
export function resolveConstants(constants: BatchNormArgs["constants"], where: string): BatchNormConstants {
  if (typeof constants === "object") return constants;
  const preset = (batchNormPresets as Partial<Record<string, BatchNormConstants>>)[constants ?? "torch"];
  if (preset === undefined)
    throw new ConfigError(
      `${where}: constants must be "torch", "tf" or { rate, epsilon, unbiased }, got ${String(constants)}; choose one`,
    );
  return preset;
}

/**
 * Batch normalisation over the last axis, see {@link batchNorm}. Takes [..., C], or a pair of such: the
 * second is a residual that is added after the normalisation and before the activation.
 */
export class BatchNorm extends Layer {
  static readonly className = "BatchNorm";
  private readonly constants: BatchNormConstants;
  private parameters!: BatchNormWeights;

  constructor(private readonly args: BatchNormArgs = {}) {
    super(args);
    this.constants = resolveConstants(args.constants, `BatchNorm ${this.name}`);
    if (args.activation !== undefined && args.activation !== null && args.activation !== "relu")
      throw new ConfigError(
        `BatchNorm ${this.name}: activation must be "relu" or null, got ${String(args.activation)}; add a layer for others`,
      );
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const shape = singleShape(inputShape);
    const channels = channelsOf(shape);
    if (channels === null)
      throw new ConfigError(
        `BatchNorm ${this.name}: the last axis must have a size, got [${shape.join(", ")}]; give its channels`,
      );
    this.parameters = addBatchNormWeights(this.add, "", [channels], { zeroGamma: this.args.zeroGamma });
    this.built = true;
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    return singleShape(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[], { training = false }: CallOptions = {}): tf.Tensor {
    const [x, residual] = Array.isArray(inputs) ? inputs : [inputs];
    const relu = this.args.activation === "relu";
    return batchNorm(x, this.parameters, { training, constants: this.constants, residual, relu });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return this.configOf(this.args);
  }
}

tf.serialization.registerClass(BatchNorm);
