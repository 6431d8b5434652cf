/**
 * Updates of all weights of a model in one pass over memory, in place, on all threads. Each function answers false, having
 * done nothing, where the current backend lacks the kernel: the optimiser then composes the rule from single operations.
 *
 * A weight whose memory another tensor shares (a clone, say) gets memory of its own first: nobody else's values change.
 */
import * as tf from "@tensorflow/tfjs";
import { hasKernel } from "../kernel-registry.js";

interface WeightUpdate {
  readonly weight: tf.Variable;
  readonly gradient: tf.Tensor;
  /** Running mean of the gradient. */
  readonly mean: tf.Variable;
  /** Times the weight, added to the gradient: decay as a penalty on squares. */
  readonly addedDecay: number;
  /** Times the weight, taken from it beside the update: decoupled decay. */
  readonly shrink: number;
}

/** One weight's part of Adam or RAdam. */
export interface MomentUpdate extends WeightUpdate {
  /** Running mean of the squared gradient. */
  readonly square: tf.Variable;
}

/** w -= shrink w + rate m / (root sqrt(v) + epsilon), with m and v moved by 1 - beta1 and 1 - beta2 first. */
export interface MomentNumbers {
  readonly gradientScale: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly rate: number;
  readonly root: number;
  readonly epsilon: number;
}

/** One weight's part of SGD with momentum. */
export type MomentumUpdate = WeightUpdate;

/** w -= shrink w + rate (g + momentum m) with Nesterov's look ahead, else rate m; m = momentum m + g first. */
export interface MomentumNumbers {
  readonly gradientScale: number;
  readonly momentum: number;
  readonly rate: number;
  readonly nesterov: boolean;
}

/** Of each weight, in order. */
interface Decays {
  readonly decays: readonly Pick<WeightUpdate, "addedDecay" | "shrink">[];
}

/** Of kernel MomentUpdate, whose inputs are [weight, gradient, mean, square] of each weight. */
export type MomentUpdateAttrs = MomentNumbers & Decays;
/** Of kernel MomentumUpdate, whose inputs are [weight, gradient, mean] of each weight. */
export type MomentumUpdateAttrs = MomentumNumbers & Decays;
/** Of kernel MoveTowards, whose inputs are [target, source] of each pair. */
export interface MoveTowardsAttrs {
  readonly share: number;
}
/** Of kernel RunningUpdate, whose inputs are [running, batch] of each pair. */
export interface RunningUpdateAttrs {
  readonly rate: number;
  readonly factors: readonly number[];
}

export function fusedMomentUpdate(updates: readonly MomentUpdate[], numbers: MomentNumbers): boolean {
  const tensors = updates.flatMap(({ weight, gradient, mean, square }) => [weight, gradient, mean, square]);
  return update<MomentUpdateAttrs>("MomentUpdate", tensors, { ...numbers, decays: updates });
}

export function fusedMomentumUpdate(updates: readonly MomentumUpdate[], numbers: MomentumNumbers): boolean {
  const tensors = updates.flatMap(({ weight, gradient, mean }) => [weight, gradient, mean]);
  return update<MomentumUpdateAttrs>("MomentumUpdate", tensors, { ...numbers, decays: updates });
}

/** target += share (source - target), for each pair. */
export function fusedMoveTowards(
  pairs: readonly { readonly target: tf.Variable; readonly source: tf.Tensor }[],
  share: number,
): boolean {
  const tensors = pairs.flatMap(({ target, source }) => [target, source]);
  return update<MoveTowardsAttrs>("MoveTowards", tensors, { share });
}

/** running += rate (factor batch - running), for each pair: running statistics of norms. */
export function fusedRunningUpdate(
  pairs: readonly { readonly running: tf.Variable; readonly batch: tf.Tensor; readonly factor: number }[],
  rate: number,
): boolean {
  const tensors = pairs.flatMap(({ running, batch }) => [running, batch]);
  return update<RunningUpdateAttrs>("RunningUpdate", tensors, { rate, factors: pairs.map(({ factor }) => factor) });
}

/** Runs a kernel that writes to variables among its inputs and has no output. */
function update<Attrs extends object>(kernelName: string, tensors: readonly tf.Tensor[], attrs: Attrs): boolean {
  if (!hasKernel(kernelName)) return false;
  tf.engine().runKernel<tf.Tensor[]>(kernelName, tensors as unknown as tf.NamedTensorMap, attrs as tf.NamedAttrMap);
  return true;
}
