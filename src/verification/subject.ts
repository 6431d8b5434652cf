/** What stands trial: a layer, block or network of ours, and how its weights correspond to those of an original. */
import * as tf from "@tensorflow/tfjs";
import { ConfigError } from "../core/errors.js";
import type { AxialAttention } from "../layers/index.js";
import type { Link } from "../weights/correspondence.js";
import type { WeightShapes } from "../weights/families.js";
import type { ReferenceCase } from "./case.js";

export interface Subject {
  readonly weights: readonly tf.LayerVariable[];
  readonly links: readonly Link[];
  /**
   * One pass; input and output have the layout of the case. Activations are named as the case names them.
   */
  apply(
    input: tf.Tensor,
    options: { training: boolean },
  ): { output: tf.Tensor; activations: Record<string, tf.Tensor> };
  /** The attention layers inside, by the path that the case appends to `attention`; "" for the layer itself. */
  readonly attention: ReadonlyMap<string, AxialAttention>;
  dispose(): void;
}

/** Builds the counterpart of one class from a case's arguments. */
export type SubjectBuilder = (reference: ReferenceCase) => Subject;

/** Names and shapes of weights, without the suffix that makes a name unique in the process. */
export function shapesOf(weights: readonly tf.LayerVariable[]): WeightShapes {
  return new Map(weights.map((weight) => [weight.originalName, weight.shape as number[]]));
}

/** Runs an NHWC function on a tensor of the case's layout, and gives its results in that layout. */
export function inLayout(layout: string, x: tf.Tensor, run: (nhwc: tf.Tensor4D) => tf.Tensor): tf.Tensor {
  if (layout === "NHWC") return run(x as tf.Tensor4D);
  if (layout !== "NCHW")
    throw new ConfigError(`verify: layout must be NCHW or NHWC, got ${layout}; make the file again`);
  return toChannelsFirst(run(tf.transpose(x as tf.Tensor4D, [0, 2, 3, 1])));
}

/** [B, H, W, C] to [B, C, H, W]; other ranks have no places and stay. */
export function toChannelsFirst(x: tf.Tensor): tf.Tensor {
  return x.rank === 4 ? tf.transpose(x, [0, 3, 1, 2]) : x;
}

/** Reads one constructor argument, which must be of the given type. */
export function argument<T extends "number" | "boolean" | "string">(
  { args, name }: ReferenceCase,
  key: string,
  type: T,
): T extends "number" ? number : T extends "boolean" ? boolean : string {
  const value = args[key];
  if (typeof value !== type)
    throw new ConfigError(
      `verify ${name}: args.${key} must be a ${type}, got ${JSON.stringify(value)}; make the file again`,
    );
  return value as ReturnType<typeof argument<T>>;
}
