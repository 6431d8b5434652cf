/** The tables of weights in a PyTorch checkpoint, wherever its program put them. */
import type { ByteSource } from "./byte-source.js";
import { FileError } from "../core/errors.js";
import type { StateDict, TensorInFile, Unreadable } from "./state-dict.js";
import { openTorchArchive } from "./torch-archive.js";
import { inFile, TorchTensor } from "./torch-tensor.js";
import { Inert, PickleError, Tuple } from "./unpickle.js";

/** Deeper than any program nests its weights. */
const deepest = 6;

/**
 * Finds every dict of tensors in a checkpoint, nothing of which is executed; `where` names the file in errors.
 *
 * @throws FileError where the file is truncated, foreign or corrupt.
 */
export async function openTorchCheckpoint(source: ByteSource, where: string): Promise<StateDict[]> {
  try {
    const found = stateDicts(await openTorchArchive(source));
    return found.map((dict) => ({ ...dict, entries: guarded(dict.entries, where) }));
  } catch (error) {
    throw asFileError(error, where);
  }
}

function asFileError(error: unknown, where: string): unknown {
  if (!(error instanceof PickleError)) return error;
  return new FileError(
    `weights: ${where} must be a whole PyTorch checkpoint, got one that ${error.message}; it is foreign, truncated or corrupt and was not loaded`,
  );
}

/** The same entries, whose errors name the file. */
function guarded(entries: StateDict["entries"], where: string): StateDict["entries"] {
  const guard = (entry: TensorInFile | Unreadable) =>
    "read" in entry
      ? {
          ...entry,
          read: () =>
            entry.read().catch((error: unknown) => {
              throw asFileError(error, where);
            }),
        }
      : entry;
  return new Map([...entries].map(([name, entry]) => [name, guard(entry)]));
}

function stateDicts(root: unknown): StateDict[] {
  const found: StateDict[] = [];
  const seen = new Set<unknown>();
  const look = (value: unknown, keys: readonly string[]): void => {
    if (typeof value !== "object" || value === null || seen.has(value) || keys.length > deepest) return;
    seen.add(value);
    const isModule = value instanceof Inert && modulesOf(value) !== null;
    const fields = isModule ? new Map(weightsOfModule(value, "", new Set())) : fieldsOf(value);
    const entries = new Map<string, TensorInFile | Unreadable>();
    for (const [name, field] of fields) {
      const entry = entryOf(field);
      if (entry !== null) entries.set(name, entry);
    }
    if ([...entries.values()].some((entry) => "read" in entry)) found.push({ keys, entries });
    if (!isModule) for (const [name, field] of fields) look(field, [...keys, name]);
  };
  look(root, []);
  return found;
}

/** What a dict, a list or an object of another program holds, by name. */
function fieldsOf(value: object): ReadonlyMap<string, unknown> {
  const named = (map: unknown): [string, unknown][] =>
    map instanceof Map ? [...map].filter((field): field is [string, unknown] => typeof field[0] === "string") : [];
  const numbered = (list: readonly unknown[]) => list.map((item, index): [string, unknown] => [String(index), item]);
  if (value instanceof Inert) return new Map([...numbered(value.args), ...named(value.state), ...named(value.items)]);
  const list = value instanceof Tuple ? value.items : Array.isArray(value) ? (value as unknown[]) : null;
  return new Map(list === null ? named(value) : numbered(list));
}

function entryOf(field: unknown): TensorInFile | Unreadable | null {
  if (field instanceof TorchTensor) return inFile(field);
  if (!(field instanceof Inert)) return null;
  const known = explanations.find(([name]) => name.test(field.name));
  return { unreadable: known?.[1] ?? `is a ${field.name}, which only Python can make; save tensors` };
}

/** Why common things that are no plain tensors cannot be taken as weights, and what to do. */
const explanations: readonly [RegExp, string][] = [
  [/_rebuild_sparse/, "is sparse; save it as to_dense() gives it"],
  [/_rebuild_(qtensor|wrapper_subclass)/, "is quantised; save it as dequantize() gives it"],
  [/_rebuild_meta_tensor/, "is on the device meta and has no numbers; save it after it has been loaded"],
  [/_rebuild_nested_tensor/, "is a nested tensor; save its parts"],
  [/^numpy\./, "is a NumPy array; save it as torch.from_numpy(array)"],
];

/** The attributes of a whole module that was pickled (`torch.save(model)`, `torch.jit.save`); null for any other object. */
function modulesOf({ name, state }: Inert): ReadonlyMap<unknown, unknown> | null {
  if (!(state instanceof Map)) return null;
  const isModule = state.get("_modules") !== undefined && state.get("_parameters") !== undefined;
  return isModule || name.startsWith("__torch__") ? state : null;
}

/** The parameters and buffers of a pickled module, named as its `state_dict()` names them. */
function weightsOfModule(module: Inert, prefix: string, above: Set<unknown>): [string, unknown][] {
  const state = modulesOf(module);
  if (state === null || above.has(module)) return [];
  above.add(module);
  const table = (name: string) => [...fieldsOf(state.get(name) ?? new Map())];
  // TorchScript keeps parameters, buffers and modules as attributes, one beside the other.
  const fields = state.has("_modules") ? ["_parameters", "_buffers", "_modules"].flatMap(table) : [...fieldsOf(state)];
  const weights = fields.flatMap(([name, value]): [string, unknown][] =>
    value instanceof Inert && modulesOf(value) !== null
      ? weightsOfModule(value, `${prefix}${name}.`, above)
      : [[prefix + name, value]],
  );
  above.delete(module);
  return weights;
}
