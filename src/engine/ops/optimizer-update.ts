/**
 * Updates of all weights of a model in one pass over memory, in place, on all threads. Each function answers false, having
 * done nothing, where the current backend lacks the kernel: the optimiser then composes the rule from single operations.
 *
 * A weight whose memory another tensor shares (a clone, say) gets memory of its own first: nobody else's values change.
 */
import * as tf from "@tensorflow/tfjs";
import { announceChange } from "./data-release.js";
import { hasBorrowedMemory } from "./lazy-data.js";
import { pointerOf, wasmContext, type WasmContext } from "./wasm-kernel.js";

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

export function fusedMomentUpdate(updates: readonly MomentUpdate[], numbers: MomentNumbers): boolean {
  const context = wasmContext();
  if (context === null) return false;
  const { gradientScale, beta1, beta2, rate, root, epsilon } = numbers;
  const rows = updates.map(({ weight, gradient, mean, square, addedDecay, shrink }) => [
    ...[ownPointer(context, weight), pointerOf(context, gradient), ownPointer(context, mean)],
    ...[ownPointer(context, square), weight.size, addedDecay, shrink],
  ]);
  runTable(context, "momentUpdate", rows, [gradientScale, beta1, 1 - beta1, beta2, 1 - beta2, rate, root, epsilon]);
  return true;
}

export function fusedMomentumUpdate(updates: readonly MomentumUpdate[], numbers: MomentumNumbers): boolean {
  const context = wasmContext();
  if (context === null) return false;
  const { gradientScale, momentum, rate, nesterov } = numbers;
  const rows = updates.map(({ weight, gradient, mean, addedDecay, shrink }) => [
    ...[ownPointer(context, weight), pointerOf(context, gradient), ownPointer(context, mean)],
    ...[0, weight.size, addedDecay, shrink],
  ]);
  runTable(context, "momentumUpdate", rows, [gradientScale, momentum, rate, ...(nesterov ? [1, momentum] : [0, 1])]);
  return true;
}

/** target += share (source - target), for each pair. */
export function fusedMoveTowards(
  pairs: readonly { readonly target: tf.Variable; readonly source: tf.Tensor }[],
  share: number,
): boolean {
  const context = wasmContext();
  if (context === null) return false;
  const rows = pairs.map(({ target, source }) => [
    ...[ownPointer(context, target), pointerOf(context, source)],
    ...[0, 0, target.size, 0, 0],
  ]);
  runTable(context, "moveTowards", rows, [share]);
  return true;
}

/**
 * running += rate (factor batch - running), for each pair: running statistics of norms. On the calling thread alone: they are
 * a few hundred numbers, and many.
 */
export function fusedRunningUpdate(
  pairs: readonly { readonly running: tf.Variable; readonly batch: tf.Tensor; readonly factor: number }[],
  rate: number,
): boolean {
  const context = wasmContext();
  if (context === null) return false;
  for (const { running, batch, factor } of pairs) {
    const target = ownPointer(context, running);
    const { buffer } = context.pool.memory;
    const values = new Float32Array(buffer, target, running.size);
    const source = new Float32Array(buffer, pointerOf(context, batch), running.size);
    for (let i = 0; i < values.length; i++) values[i] += rate * (factor * source[i] - values[i]);
  }
  return true;
}

function runTable({ pool }: WasmContext, kernel: string, rows: readonly number[][], numbers: number[]): void {
  const values = rows.flat();
  const table = pool.scratch(values.length * Float64Array.BYTES_PER_ELEMENT);
  new Float64Array(pool.memory.buffer, table, values.length).set(values);
  pool.run(kernel, [table, rows.length, ...numbers]);
}

/** Address of a variable's elements, which are about to change and which no other tensor shares from here on. */
function ownPointer(context: WasmContext, variable: tf.Variable): number {
  if (context.backend.refCount(variable.dataId) > 1 || hasBorrowedMemory(variable))
    tf.tidy(() => variable.assign(variable.mul(1)));
  announceChange(variable.dataId);
  return pointerOf(context, variable);
}
