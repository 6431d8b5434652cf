/** What the panoptic cases have in common: tensors by name, a configuration, comparisons. */
import * as tf from "@tensorflow/tfjs";
import { FileError } from "../../core/errors.js";
import { toFloat32 } from "../../weights/dtypes.js";
import { readSafetensors } from "../../weights/safetensors.js";
import type { Values } from "../values.js";
import { relativeError, type Comparison } from "../compare.js";

export interface StoredCase {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: ReadonlyMap<string, Values>;
  /** @throws FileError when there is no such tensor. */
  tensor(name: string): Values;
  /** The largest error allowed; 0 where a case is compared exactly. */
  readonly limit: number;
}

export async function readStored(path: string, name: string): Promise<StoredCase> {
  const { tensors: stored, metadata } = await readSafetensors(path);
  const config = JSON.parse(metadata.config ?? "{}") as Record<string, unknown>;
  const tensors = new Map([...stored].map(([key, tensor]) => [key, { shape: tensor.shape, data: toFloat32(tensor) }]));
  return {
    name,
    config,
    tensors,
    limit: typeof config.limit === "number" ? config.limit : 0,
    tensor(key) {
      const values = tensors.get(key);
      if (values === undefined)
        throw new FileError(`verify: a case must hold ${key}, got ${path} without it; make the file again`);
      return values;
    },
  };
}

/** One comparison with a stored tensor. */
export function compare(stored: StoredCase, name: string, ours: ArrayLike<number>, limit = stored.limit): Comparison {
  return { tensor: name, error: relativeError(ours, stored.tensor(name).data), limit };
}

/** One comparison with a number; null stands for "there is none" on both sides. */
export function compareNumber(tensor: string, ours: number | null, stored: number | null, limit: number): Comparison {
  const error = ours === null || stored === null ? (ours === stored ? 0 : Infinity) : relativeError([ours], [stored]);
  return { tensor, error, limit };
}

export const integers = ({ data }: Values): Int32Array => Int32Array.from(data);

/** A stored tensor on the engine. */
export const tensorOf = <T extends tf.Tensor>({ data, shape }: Values, dtype: "float32" | "int32" = "float32"): T =>
  tf.tensor(data, [...shape], dtype) as T;
