/** The weights of a batch norm, for every layer that has one. */
import * as tf from "@tensorflow/tfjs";
import type { BatchNormWeights } from "../functions/batch-norm.js";
import type { AddWeight } from "./layer.js";

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
