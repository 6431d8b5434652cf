/**
 * Checkpoints: everything that the rest of a run depends on, in one safetensors file.
 *
 *     model/<weight>       every weight of the model, running statistics included
 *     average/<weight>     their moving average, where the run keeps one
 *     optimizer/<slot>/<weight>
 *
 * and as metadata `format`, `version`, `run`, the JSON of `{config, state}`, and `sha256` of all that. There is no state
 * of a random generator to save: every random number of a run is a function of its seed and of the place in the run
 * (epoch, image or step).
 */
import { createHash } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type * as tf from "@tensorflow/tfjs";
import { FileError } from "../core/errors.js";
import type { StoredTensor } from "../weights/dtypes.js";
import { readSafetensors, writeSafetensors } from "../weights/safetensors.js";
import type { TrainConfig } from "./config.js";
import { storedTensors } from "./weights.js";

/** Where a run stands. */
export interface RunState {
  /** Steps done. */
  step: number;
  /** The epoch at hand, from 0; `epochs` when all are done. */
  epoch: number;
  /** Batches of this epoch's order that are done; where all are, its validation is next. */
  batch: number;
  /** The task's score after each epoch, its sign turned where the lowest is best: higher is better. */
  scores: number[];
  /** Sums over the epoch so far: of the loss times images, of the task's counts by name. */
  sums: { loss: number; images: number; seconds: number; counts: Record<string, number> };
  /** Seconds of earlier epochs and earlier parts of the run. */
  seconds: number;
}

/** A run as a file keeps it: weights, optimiser, averages, where it stands, and its configuration. */
export interface Checkpoint {
  readonly config: TrainConfig;
  readonly state: RunState;
  /** Stored values by the weights' names. */
  readonly model: ReadonlyMap<string, StoredTensor>;
  readonly average: ReadonlyMap<string, StoredTensor>;
  readonly optimizer: ReadonlyMap<string, StoredTensor>;
}

const format = "axial-lab checkpoint";
const formatVersion = "2";
const sections = ["model", "average", "optimizer"] as const;

export const freshState = (): RunState => ({
  step: 0,
  epoch: 0,
  batch: 0,
  scores: [],
  sums: { loss: 0, images: 0, seconds: 0, counts: {} },
  seconds: 0,
});

/** The file that a path names: itself, or `last.safetensors` in the folder that it is. */
export const checkpointPath = (path: string): string =>
  existsSync(path) && statSync(path).isDirectory() ? join(path, "last.safetensors") : path;

/** Writes a checkpoint, whole or not at all. */
export async function writeCheckpoint(
  path: string,
  { config, state }: { config: TrainConfig; state: RunState },
  variables: Record<(typeof sections)[number], ReadonlyMap<string, tf.Tensor>>,
): Promise<void> {
  const tensors = sections.flatMap((section) =>
    [...variables[section]].map(([name, tensor]) => [`${section}/${name}`, tensor] as const),
  );
  const stored = new Map(await storedTensors(tensors));
  const run = JSON.stringify({ config, state });
  const metadata = { format, version: formatVersion, run, sha256: digest(run, stored) };
  await writeSafetensors(path, { tensors: stored, metadata });
}

/**
 * Reads a checkpoint, or `last.safetensors` of the folder that the path names.
 *
 * @throws FileError where it is missing, another safetensors file, of another version, truncated or corrupt
 */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const file = checkpointPath(path);
  const { tensors, metadata } = await readSafetensors(file);
  if (metadata.format !== format) {
    throw new FileError(
      `checkpoint: ${file} must be written by axial-lab train, got another safetensors file; read weights with axial.weights.load`,
    );
  }
  if (metadata.version !== formatVersion) {
    throw new FileError(
      `checkpoint: ${file} must have version ${formatVersion}, got ${metadata.version}; read it with the axial-lab that wrote it`,
    );
  }
  if (metadata.sha256 !== digest(metadata.run ?? "", tensors)) {
    throw new FileError(`checkpoint: ${file} must have the sha256 that it says, got another; the file is corrupt`);
  }
  const split: Record<(typeof sections)[number], Map<string, StoredTensor>> = {
    model: new Map(),
    average: new Map(),
    optimizer: new Map(),
  };
  for (const [name, tensor] of tensors) {
    const section = sections.find((section) => name.startsWith(`${section}/`));
    if (!section)
      throw new FileError(
        `checkpoint: ${file} must hold sections that are known, got ${name}; the file is corrupt, take an earlier one`,
      );
    split[section].set(name.slice(section.length + 1), tensor);
  }
  return { ...parseRun(metadata.run, file), ...split };
}

function digest(run: string, tensors: ReadonlyMap<string, StoredTensor>): string {
  const hash = createHash("sha256").update(run);
  for (const [name, { dtype, shape, data }] of tensors) {
    hash.update(JSON.stringify([name, dtype, shape]));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}

function parseRun(text: string | undefined, file: string): { config: TrainConfig; state: RunState } {
  let run: { config?: unknown; state?: unknown } = {};
  try {
    run = JSON.parse(text ?? "") as typeof run;
  } catch {
    // Said below.
  }
  if (!hasFormOf(run?.state, freshState()) || typeof run.config !== "object" || run.config === null) {
    throw new FileError(`checkpoint: ${file} must say where its run stands, got metadata without it; it is corrupt`);
  }
  return run as { config: TrainConfig; state: RunState };
}

/** Whether `value` has every field of `model`, of the same types, down to numbers that are finite. */
function hasFormOf(value: unknown, model: unknown): boolean {
  if (typeof model === "number") return Number.isFinite(value);
  if (Array.isArray(model)) return Array.isArray(value) && value.every(Number.isFinite);
  if (typeof model !== "object" || model === null) return typeof value === typeof model;
  return (
    typeof value === "object" &&
    value !== null &&
    Object.entries(model).every(([key, field]) => hasFormOf((value as Record<string, unknown>)[key], field))
  );
}
