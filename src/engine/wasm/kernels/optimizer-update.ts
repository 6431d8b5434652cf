/**
 * MomentUpdate, MomentumUpdate, MoveTowards and RunningUpdate (ops/optimizer-update.ts): all weights of a model in one pass
 * over memory, in place. They have no outputs.
 *
 * A weight whose memory another tensor shares (a clone, say) gets memory of its own first: nobody else's values change.
 * Kernels: assembly/optimizer-update.ts.
 */
import * as tf from "@tensorflow/tfjs";
import type {
  MomentumUpdateAttrs,
  MomentUpdateAttrs,
  MoveTowardsAttrs,
  RunningUpdateAttrs,
} from "../../ops/optimizer-update.js";
import { defineKernel, pointerOf, type WasmContext, type WasmKernel } from "../kernel.js";
import { announceChange } from "../lazy/data-release.js";
import { hasBorrowedMemory } from "../lazy/lazy-data.js";
import { groups } from "../signatures.js";

/** The tensors themselves, as TensorFlow.js hands them on: what is written to is a variable. */
type Inputs = readonly tf.Tensor[];

const momentUpdate = defineKernel<Inputs, MomentUpdateAttrs>("MomentUpdate", (call) => {
  const { gradientScale, beta1, beta2, rate, root, epsilon, decays } = call.attrs;
  const rows = decays.map(({ addedDecay, shrink }, index) => {
    const [weight, gradient, mean, square] = call.inputs.slice(4 * index, 4 * index + 4);
    return {
      weight: ownPointer(call, weight),
      gradient: pointerOf(call, gradient),
      mean: ownPointer(call, mean),
      square: ownPointer(call, square),
      count: weight.size,
      addedDecay,
      shrink,
    };
  });
  const rests = { rest1: 1 - beta1, rest2: 1 - beta2 };
  const numbers = { gradientScale, beta1, beta2, ...rests, rate, root, epsilon };
  call.pool.run("momentUpdate", { ...tableOf(call, rows), ...numbers });
  return [];
});

const momentumUpdate = defineKernel<Inputs, MomentumUpdateAttrs>("MomentumUpdate", (call) => {
  const { gradientScale, momentum, rate, nesterov, decays } = call.attrs;
  const rows = decays.map(({ addedDecay, shrink }, index) => {
    const [weight, gradient, mean] = call.inputs.slice(3 * index, 3 * index + 3);
    return {
      weight: ownPointer(call, weight),
      gradient: pointerOf(call, gradient),
      mean: ownPointer(call, mean),
      count: weight.size,
      addedDecay,
      shrink,
    };
  });
  const sums = nesterov ? { fresh: 1, stale: momentum } : { fresh: 0, stale: 1 };
  call.pool.run("momentumUpdate", { ...tableOf(call, rows), gradientScale, momentum, rate, ...sums });
  return [];
});

const moveTowards = defineKernel<Inputs, MoveTowardsAttrs>("MoveTowards", (call) => {
  const rows = pairsOf(call.inputs).map(([target, source]) => ({
    weight: ownPointer(call, target),
    gradient: pointerOf(call, source),
    count: target.size,
  }));
  call.pool.run("moveTowards", { ...tableOf(call, rows), share: call.attrs.share });
  return [];
});

/** On the calling thread alone: they are a few hundred numbers, and many. */
const runningUpdate = defineKernel<Inputs, RunningUpdateAttrs>("RunningUpdate", (call) => {
  const { rate, factors } = call.attrs;
  pairsOf(call.inputs).forEach(([running, batch], index) => {
    const target = ownPointer(call, running);
    const { buffer } = call.pool.memory;
    const values = new Float32Array(buffer, target, running.size);
    const source = new Float32Array(buffer, pointerOf(call, batch), running.size);
    for (let i = 0; i < values.length; i++) values[i] += rate * (factors[index] * source[i] - values[i]);
  });
  return [];
});

export const optimizerUpdateKernels: readonly WasmKernel[] = [momentUpdate, momentumUpdate, moveTowards, runningUpdate];

const pairsOf = (tensors: Inputs): [tf.Tensor, tf.Tensor][] =>
  Array.from({ length: tensors.length / 2 }, (_, index) => [tensors[2 * index], tensors[2 * index + 1]]);

const rowSlots = Object.keys(groups.updateRow) as (keyof typeof groups.updateRow)[];
type Row = Readonly<Partial<Record<keyof typeof groups.updateRow, number>>>;

function tableOf({ pool }: WasmContext, rows: readonly Row[]): { table: number; rows: number } {
  const values = rows.flatMap((row) => rowSlots.map((slot) => row[slot] ?? 0));
  const table = pool.scratch(values.length * Float64Array.BYTES_PER_ELEMENT);
  new Float64Array(pool.memory.buffer, table, values.length).set(values);
  return { table, rows: rows.length };
}

/** Address of a variable's elements, which are about to change and which no other tensor shares from here on. */
function ownPointer(context: WasmContext, tensor: tf.Tensor): number {
  const variable = tensor as tf.Variable;
  if (context.backend.refCount(variable.dataId) > 1 || hasBorrowedMemory(variable))
    tf.tidy(() => variable.assign(variable.mul(1)));
  announceChange(variable.dataId);
  return pointerOf(context, variable);
}
