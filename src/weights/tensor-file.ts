/** Opens whatever holds weights, told apart by its first bytes. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { FileError } from "../core/errors.js";
import { fileBytes, type ByteSource } from "./byte-source.js";
import { foreignKind, tellingBytes } from "./foreign-file.js";
import { openSafetensors } from "./safetensors.js";
import { joinShards, readShardIndex } from "./sharded-file.js";
import type { StateDict, TensorInFile } from "./state-dict.js";
import { openTorchCheckpoint } from "./torch-checkpoint.js";

export interface TensorFile {
  readonly dicts: readonly StateDict[];
  /** Whether it is a checkpoint of `axial.training.train`. */
  readonly isOwnRun: boolean;
  close(): Promise<void>;
}

/** The format that `training` writes into its checkpoints. */
const ownFormat = "axial-lab checkpoint";

/**
 * Opens a `.safetensors`, `.pth`, `.pt`, `.bin` or `.ckpt` file of any size, or the index of weights in several files; no
 * tensor is read yet.
 */
export async function openTensorFile(path: string): Promise<TensorFile> {
  assertNoFolder(path);
  return open(path, true);
}

async function open(path: string, mayBeIndex: boolean): Promise<TensorFile> {
  const source = await fileBytes("weights", path);
  try {
    const first = await source.read(0, Math.min(tellingBytes, source.size));
    const kind = foreignKind(first);
    if (kind !== null)
      throw new FileError(
        `weights: ${path} must be safetensors or a PyTorch checkpoint, got one that ${kind.is}; ${kind.remedy}`,
      );
    if (mayBeIndex && /^\uFEFF?\s*\{/.test(new TextDecoder("utf-8", { ignoreBOM: true }).decode(first))) {
      return await openShards(await readShardIndex(source, path), source, path);
    }
    // A safetensors header begins with its length and an opening brace.
    const isSafetensors =
      first.length > 8 && first[8] === 0x7b && new DataView(first.buffer).getBigUint64(0, true) < 100_000_000n;
    if (!isSafetensors) {
      const dicts = await openTorchCheckpoint(source, path);
      return { dicts, isOwnRun: false, close: () => source.close() };
    }
    const { tensors, metadata } = await openSafetensors(source, path);
    const isOwnRun = metadata.format === ownFormat;
    // What the optimiser remembers of the weights has their names, too.
    const entries = new Map([...tensors].filter(([name]) => !isOwnRun || !name.startsWith("optimizer/")));
    return { dicts: [{ keys: [], entries: withTied(entries, metadata) }], isOwnRun, close: () => source.close() };
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Opens every file that the index names, each once. */
async function openShards(files: ReadonlyMap<string, string>, index: ByteSource, path: string): Promise<TensorFile> {
  const opened = new Map<string, TensorFile>();
  const close = async (): Promise<void> => {
    for (const file of opened.values()) await file.close();
  };
  try {
    for (const file of new Set(files.values())) opened.set(file, await open(file, false));
    const tables = new Map([...opened].map(([file, { dicts }]) => [file, dicts]));
    const dicts = [joinShards(files, tables, path)];
    await index.close();
    return { dicts, isOwnRun: false, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Weights that share their numbers are written once; the text beside them says under which of their names. */
function withTied(
  tensors: ReadonlyMap<string, TensorInFile>,
  metadata: Readonly<Record<string, string>>,
): ReadonlyMap<string, TensorInFile> {
  const tied = Object.entries(metadata).flatMap(([name, kept]): [string, TensorInFile][] => {
    const tensor = tensors.get(kept);
    return tensor === undefined || tensors.has(name) ? [] : [[name, tensor]];
  });
  return new Map([...tensors, ...tied]);
}

/** What libraries that save a model as a folder call its weights, the usual first. */
const namesInFolders = [
  /^model\.safetensors\.index\.json$/,
  /\.index\.json$/,
  /^model\.safetensors$/,
  /\.safetensors$/,
  /^pytorch_model\.bin$/,
  /\.(pth|pt|bin|ckpt)$/,
];

function assertNoFolder(path: string): void {
  if (!existsSync(path) || !statSync(path).isDirectory()) return;
  const isRun = existsSync(join(path, "last.safetensors"));
  const names = readdirSync(path).sort();
  const [found] = namesInFolders.flatMap((known) => names.filter((name) => known.test(name)));
  const isDistributed = names.includes(".metadata") && names.some((name) => name.endsWith(".distcp"));
  const remedy = isDistributed
    ? `join its parts first: python -m torch.distributed.checkpoint.format_utils dcp_to_torch ${path} ${path}.pth`
    : found === undefined
      ? "give a file in it"
      : `give ${join(path, found)}`;
  throw new FileError(
    `weights: a file must be given, got the folder ${path}; ` +
      (isRun
        ? `it is a run of axial-lab train: give ${join(path, "best.safetensors")}, or build its model with axial.training.restore`
        : remedy),
  );
}
