/**
 * Weights in several files with an index beside them, as Hugging Face's libraries save large models:
 * `model.safetensors.index.json` or `pytorch_model.bin.index.json`, JSON with `weight_map`, from each name to the file, in the
 * same folder, that holds it. A name is looked for in its own file alone.
 */
import { dirname, isAbsolute, join, normalize, sep } from "node:path";
import { FileError } from "../core/errors.js";
import { decodeText, jsonFault, parseJson } from "../core/json.js";
import type { ByteSource } from "./byte-source.js";
import type { StateDict, TensorInFile, Unreadable } from "./state-dict.js";

/** An index is text of names: one that is larger than this is no index. */
const largestIndex = 2 ** 28;

/** The files that an index names, each once, and which file each weight is in. `path` is the index's own. */
export async function readShardIndex(source: ByteSource, path: string): Promise<ReadonlyMap<string, string>> {
  const refuse = (got: string): never => {
    throw new FileError(
      `weights: an index must be JSON with weight_map, from each name to a file beside it, got ${got} in ${path}; ` +
        "give the file that the library wrote (model.safetensors.index.json), or one of weights",
    );
  };
  if (source.size > largestIndex) return refuse(`${source.size} bytes`);
  const text = decodeText(await source.read(0, source.size));
  let index: unknown;
  try {
    index = parseJson(text);
  } catch (error) {
    return refuse(jsonFault(error));
  }
  const map = (index as { weight_map?: unknown } | null)?.weight_map;
  if (typeof map !== "object" || map === null || Array.isArray(map)) return refuse("none");
  const files = new Map<string, string>();
  for (const [name, file] of Object.entries(map as Record<string, unknown>)) {
    if (typeof file !== "string" || file === "") return refuse(`${JSON.stringify(file)} for ${name}`);
    if (isAbsolute(file) || normalize(file).split(sep)[0] === "..") return refuse(`the file ${file} elsewhere`);
    files.set(name, join(dirname(path), file));
  }
  return files.size === 0 ? refuse("no names") : files;
}

/**
 * The one table that the index describes, of the tables found in its files by path.
 *
 * @throws FileError where a file lacks a weight that the index says it holds
 */
export function joinShards(
  files: ReadonlyMap<string, string>,
  tables: ReadonlyMap<string, readonly StateDict[]>,
  path: string,
): StateDict {
  const entries = new Map<string, TensorInFile | Unreadable>();
  for (const [name, file] of files) {
    const entry = tables.get(file)?.flatMap((dict) => dict.entries.get(name) ?? [])[0];
    if (entry === undefined)
      throw new FileError(
        `weights: the files of an index must hold what it says, got ${file} without ${name}, which ${path} says it has; ` +
          "download all files of the model anew",
      );
    entries.set(name, entry);
  }
  return { keys: [], entries };
}
