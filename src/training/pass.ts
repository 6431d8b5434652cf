/** One pass of images through a model, forward and back; several passes as one. */
import * as tf from "@tensorflow/tfjs";
import type { Batch } from "../data/dataset.js";
import { variableGrads, type OnGradientPart } from "../engine/index.js";
import type { Parameter } from "./optimizers.js";
import { applyRematerialized } from "./rematerialize.js";
import type { StepContext, Task } from "./task.js";

/** What is trained, and for what. */
export interface Trainee {
  readonly task: Task;
  readonly model: tf.LayersModel;
  readonly parameters: readonly Parameter[];
  /** Whether residual blocks are computed again in the backward pass rather than kept. Default false. */
  readonly rematerialize?: boolean;
}

/** What a pass gives: shares of the batch's loss and gradients, so that those of its parts add up. */
export interface Pass {
  readonly loss: tf.Scalar;
  /** For each part of the batch, what the task wants to see of it. */
  readonly kept: readonly { readonly part: Batch; readonly tensors: readonly tf.Tensor[] }[];
  /** In the order of the parameters; a weight that the loss does not depend on has none. */
  readonly gradients: readonly (tf.Tensor | null)[];
}

/**
 * Runs the model in training mode on a part of a batch with these totals; gradients go to `onPart` as they are made, and come
 * out too. The caller disposes of what comes out.
 */
export function forwardAndBack(
  { task, model, parameters, rematerialize = false }: Trainee,
  part: Batch,
  totals: readonly number[],
  context: StepContext,
  onPart?: OnGradientPart,
): Pass {
  const inputs = inputsOf(task, part, context);
  const variables = parameters.map(({ variable }) => variable);
  let kept: readonly tf.Tensor[] = [];
  try {
    const { value: loss, grads } = variableGrads(
      () => {
        const outputs = rematerialize
          ? applyRematerialized(model, inputs)
          : outputsOf(model.apply(inputs, { training: true }));
        const result = task.loss(outputs, part, totals, context);
        kept = result.kept.map((tensor) => tf.keep(tensor));
        return result.loss;
      },
      variables,
      onPart,
    );
    const gradients = variables.map(({ name }) => (grads as Partial<typeof grads>)[name] ?? null);
    return { loss, kept: [{ part, tensors: kept }], gradients };
  } catch (error) {
    tf.dispose([...kept]);
    throw error;
  } finally {
    tf.dispose(inputs);
  }
}

/** Both passes as one. Disposes of what they were. */
export function addPasses(a: Pass, b: Pass): Pass {
  const loss = a.loss.add<tf.Scalar>(b.loss);
  const gradients = a.gradients.map((gradient, i) => gradient && b.gradients[i] && gradient.add(b.gradients[i]));
  tf.dispose([a.loss, b.loss, ...presentOf(a.gradients), ...presentOf(b.gradients)]);
  return { loss, kept: [...a.kept, ...b.kept], gradients };
}

export function disposePass({ loss, kept, gradients }: Pass): void {
  tf.dispose([loss, ...kept.flatMap(({ tensors }) => tensors), ...presentOf(gradients)]);
}

/** What the model takes of a batch; the caller's to dispose of. `context` is null outside training. */
export const inputsOf = (task: Task, batch: Batch, context: StepContext | null): tf.Tensor | tf.Tensor[] =>
  task.inputs ? task.inputs(batch, context) : tf.tensor4d(batch.images, [...batch.shape]); // [B, H, W, 3]

/** A model's outputs as a list, whether it has one or more. */
export const outputsOf = (applied: unknown): tf.Tensor[] =>
  Array.isArray(applied) ? (applied as tf.Tensor[]) : [applied as tf.Tensor];

const presentOf = (gradients: Pass["gradients"]): tf.Tensor[] => gradients.filter((gradient) => gradient !== null);
