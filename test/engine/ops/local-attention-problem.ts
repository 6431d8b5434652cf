/** Inputs of local attention, for its loops in float64 and for its kernels. */
import * as tf from "@tensorflow/tfjs";
import type { AttentionGeometry } from "../../../src/engine/ops/attention.js";
import { localAttentionLoops, type LocalLoopOutputs } from "../../functions/local-attention-loops.js";
import { randomNumbers, type Arrays } from "./tensors-against-loops.js";

export interface Problem extends AttentionGeometry {
  readonly shape: readonly [batch: number, height: number, width: number];
  /** qkv and scales, and of query, key and value the tables that there are. */
  readonly values: Arrays;
}

const names = ["query", "key", "value"] as const;

export function problem(options: {
  readonly shape: Problem["shape"];
  readonly heads: number;
  readonly keyDepth: number;
  readonly valueDepth: number;
  readonly window: Problem["window"];
  readonly tables?: readonly string[];
}): Problem {
  const { tables = names, ...geometry } = options;
  const { shape, heads, keyDepth, valueDepth, window } = geometry;
  const side = window.before + 1 + window.after;
  const values: Arrays = {
    qkv: randomNumbers(shape[0] * shape[1] * shape[2] * heads * (2 * keyDepth + valueDepth), 1),
    scales: randomNumbers(3 * heads, 2).map((value) => Math.fround(value + 1.5)),
  };
  names.forEach((name, index) => {
    if (!tables.includes(name)) return;
    values[name] = randomNumbers(side * side * (name === "value" ? valueDepth : keyDepth), 3 + index);
  });
  return { ...geometry, values };
}

/** What the loops of the equation give for it, statistics included. */
export function loops(given: Problem): LocalLoopOutputs {
  const { qkv, scales, query = null, key = null, value = null } = given.values;
  return localAttentionLoops({ shape: given.shape, qkv, scales, query, key, value }, given);
}

/** The values as tensors; disposed of by the caller's tidy. */
export function tensorsOf({ shape, heads, keyDepth, valueDepth, values }: Problem): Record<string, tf.Tensor> {
  const shapes: Record<string, number[]> = {
    qkv: [...shape, heads * (2 * keyDepth + valueDepth)],
    scales: [3, heads],
    query: [-1, keyDepth],
    key: [-1, keyDepth],
    value: [-1, valueDepth],
  };
  return Object.fromEntries(
    Object.entries(values).map(([name, numbers]) => [
      name,
      tf.tensor(Float32Array.from(numbers)).reshape(shapes[name]),
    ]),
  );
}
