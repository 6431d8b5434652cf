/** Batch normalisation as a layer; the functions are in functions/batch-norm.ts. */
import * as tf from "@tensorflow/tfjs";
import { ConfigError } from "../core/errors.js";
import {
  batchNorm,
  resolveConstants,
  type BatchNormConstants,
  type BatchNormPreset,
  type BatchNormWeights,
} from "../functions/batch-norm.js";
import { addBatchNormWeights } from "./batch-norm-weights.js";
import { channelsOf, Layer, singleShape, type CallOptions, type LayerArgs } from "./layer.js";

export interface BatchNormArgs extends LayerArgs {
  /** A preset's name or constants of your own. Default `torch`. */
  constants?: BatchNormPreset | BatchNormConstants;
  /** Start gamma at zero: a residual branch that ends so begins as the identity. Default false. */
  zeroGamma?: boolean;
  /** `relu` clamps the result at zero. Default null. */
  activation?: "relu" | null;
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
