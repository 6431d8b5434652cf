/** Opens either kind of file that holds weights, told apart by their first bytes. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { FileError } from "../core/errors.js";
import { fileBytes } from "./byte-source.js";
import { openSafetensors } from "./safetensors.js";
import type { StateDict } from "./state-dict.js";
import { openTorchCheckpoint } from "./torch-checkpoint.js";

export interface TensorFile {
  readonly dicts: readonly StateDict[];
  /** Whether it is a checkpoint of `axial.training.train`. */
  readonly isOwnRun: boolean;
  close(): Promise<void>;
}

/** The format that `training` writes into its checkpoints. */
const ownFormat = "axial-lab checkpoint";

/** Opens a `.safetensors`, `.pth`, `.pt` or `.ckpt` file of any size; no tensor is read yet. */
export async function openTensorFile(path: string): Promise<TensorFile> {
  assertNoFolder(path);
  const source = await fileBytes("weights", path);
  try {
    const first = await source.read(0, Math.min(9, source.size));
    // A safetensors header begins with its length and an opening brace.
    const isSafetensors =
      first.length === 9 && first[8] === 0x7b && new DataView(first.buffer).getBigUint64(0, true) < 100_000_000n;
    if (!isSafetensors) {
      const dicts = await openTorchCheckpoint(source, path);
      return { dicts, isOwnRun: false, close: () => source.close() };
    }
    const { tensors, metadata } = await openSafetensors(source, path);
    const isOwnRun = metadata.format === ownFormat;
    // What the optimiser remembers of the weights has their names, too.
    const entries = new Map([...tensors].filter(([name]) => !isOwnRun || !name.startsWith("optimizer/")));
    return { dicts: [{ keys: [], entries }], isOwnRun, close: () => source.close() };
  } catch (error) {
    await source.close();
    throw error;
  }
}

function assertNoFolder(path: string): void {
  if (!existsSync(path) || !statSync(path).isDirectory()) return;
  const isRun = existsSync(join(path, "last.safetensors"));
  throw new FileError(
    `weights: a file must be given, got the folder ${path}; ` +
      (isRun
        ? `it is a run of axial-lab train: give ${join(path, "best.safetensors")}, or build its model with axial.training.restore`
        : "give a file in it"),
  );
}
