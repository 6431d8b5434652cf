/**
 * What attention along an axis, in a window and across rows and columns have in common: how their kernels are called, and that
 * the gradient of kernel X is kernel XGrad.
 */
import * as tf from "@tensorflow/tfjs";
import { UnsupportedError } from "../../core/errors.js";
import { isRecording } from "../recording.js";

export interface AttentionAttrs {
  readonly heads: number;
  readonly keyDepth: number;
  readonly valueDepth: number;
  readonly window: { readonly before: number; readonly after: number };
  /** Which of the optional tables are among the inputs. */
  readonly tables: { readonly query: boolean; readonly key: boolean; readonly value: boolean };
  /** Whether content and position are added up: one output in the place of two. */
  readonly sum?: boolean;
}

export interface StatisticsAttrs extends AttentionAttrs {
  /** Whether qkv itself is the last output: see `fusedNormedAxialAttention`. */
  readonly passesOn: boolean;
}

/** Runs a kernel whose inputs are a list that ends in the tables that there are. */
export function runAttention(
  kernelName: string,
  tensors: readonly tf.Tensor[],
  { query, key, value }: Readonly<Record<"query" | "key" | "value", tf.Tensor | null>>,
  { heads, keyDepth, valueDepth, window }: Omit<AttentionAttrs, "tables">,
  more: Readonly<Record<string, boolean>> = {},
): tf.Tensor[] {
  const tables = { query: query !== null, key: key !== null, value: value !== null };
  const attrs: AttentionAttrs = { heads, keyDepth, valueDepth, window, tables, ...more };
  const inputs = [...tensors, query, key, value].filter((tensor) => tensor !== null);
  // tfjs keeps all inputs for the gradient only of kernels whose inputs are a list, which its types leave out.
  return tf.engine().runKernel(kernelName, inputs as unknown as tf.NamedTensorMap, attrs as unknown as tf.NamedAttrMap);
}

/** The gradients of a kernel whose inputs are a list: what XGrad gives of them, then of the results' gradients. */
export const attentionGradient = (kernelName: string): tf.GradConfig => ({
  kernelName,
  saveAllInputs: true,
  gradFunc: (dOutputs, saved, attrs) => gradientsOf(kernelName, [...saved, ...[dOutputs].flat()], attrs),
});

/** As {@link attentionGradient}, of statistics: their gradient needs the mean that was found. */
export const statisticsGradient = (kernelName: string): tf.GradConfig => ({
  ...attentionGradient(kernelName),
  outputsToSave: [true, false, false],
});

/** Throws UnsupportedError where the gradient at hand is to be differentiated itself. */
export function assertFirstDerivative(kernelName: string): void {
  if (isRecording())
    throw new UnsupportedError(
      `${kernelName}: fused attention has first derivatives only, got a gradient of its gradient; ` +
        `start the engine with backend "cpu", where it is composed of operations that have all`,
    );
}

function gradientsOf(kernelName: string, inputs: tf.Tensor[], attrs: tf.NamedAttrMap): ReturnType<tf.GradFunc> {
  assertFirstDerivative(kernelName);
  const list = inputs as unknown as tf.NamedTensorMap;
  const gradients = tf.engine().runKernel<tf.Tensor[]>(`${kernelName}Grad`, list, attrs);
  return gradients.map((gradient) => () => gradient) as unknown as ReturnType<tf.GradFunc>;
}
