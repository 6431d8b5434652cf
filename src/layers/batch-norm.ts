/** Batch normalisation as a layer; the functions are in functions/batch-norm.ts. */
import * as tf from "@tensorflow/tfjs";
import { assertOneOf } from "../core/checks.js";
import { ConfigError } from "../core/errors.js";
import {
  batchNorm,
  resolveConstants,
  type BatchNormConstants,
  type BatchNormPreset,
  type BatchNormWeights,
} from "../functions/batch-norm.js";
import { addBatchNormWeights } from "./batch-norm-weights.js";
import { channelsOf, Layer, singleShape, type CallOptions, type LayerArgs, type OwnKeys } from "./layer.js";

/** What a `BatchNorm` layer is made of. */
export interface BatchNormArgs extends LayerArgs {
  /** A preset's name or constants of your own. Default `torch`. */
  constants?: BatchNormPreset | BatchNormConstants;
  /** Start gamma at zero: a residual branch that ends so begins as the identity. Default false. */
  zeroGamma?: boolean;
  /** `relu` clamps the result at zero. Default null. */
  activation?: "relu" | null;
}

const keys: OwnKeys<BatchNormArgs> = {
  constants: { rate: true, epsilon: true, unbiased: true },
  zeroGamma: true,
  activation: true,
};

/**
 * Batch normalisation over the last axis, see {@link batchNorm}. Takes [..., C], or a pair of such: the
 * second is a residual that is added after the normalisation and before the activation. Gives [..., C].
 *
 * @throws ConfigError for constants or an activation that are not known, and for an option that there is not
 */
export class BatchNorm extends Layer {
  static readonly className = "BatchNorm";
  private readonly constants: BatchNormConstants;
  private parameters!: BatchNormWeights;

  constructor(private readonly args: BatchNormArgs = {}) {
    super(args, keys);
    this.constants = resolveConstants(args.constants, this.where);
    assertOneOf(this.where, "activation", args.activation, ["relu", null]);
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const shape = singleShape(inputShape);
    const channels = channelsOf(shape);
    if (channels === null)
      throw new ConfigError(
        `${this.where}: the last axis must have a size, got [${shape.join(", ")}]; give its channels`,
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
