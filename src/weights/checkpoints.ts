/**
 * Weights of published models into ours and back: `load` reads safetensors and PyTorch checkpoints, `save` writes safetensors that
 * the original loads. Names and layouts are those of the family that the file belongs to.
 */
import { open } from "node:fs/promises";
import * as tf from "@tensorflow/tfjs";
import { ConfigError, FileError } from "../core/errors.js";
import { fromForeign, toForeign, type Link } from "./correspondence.js";
import { familiesOf, weightsByName, type Family } from "./checkpoint-families.js";
import { readSafetensors, toFloat32, writeSafetensors, type StoredTensor } from "./safetensors.js";
import { readTorchCheckpoint } from "./torch-checkpoint.js";

/** A model, or a single layer that has been built. */
export type WeightOwner = tf.LayersModel | tf.layers.Layer;

export interface LoadOptions {
  /** The family that the file belongs to. Default: the one that shares most names with it. */
  readonly family?: string;
  /** Whether a missing, unexpected or misshapen tensor is an error (default) or is left out and reported. */
  readonly strict?: boolean;
}

/** What `load_state_dict` reports, and the shapes that differ. */
export interface LoadReport {
  readonly family: string;
  /** Names that the model needs and the file lacks. */
  readonly missing: readonly string[];
  /** Names that the file has and the model does not need. */
  readonly unexpected: readonly string[];
  readonly misshapen: readonly { name: string; expected: readonly number[]; got: readonly number[] }[];
}

/** Tables that the originals compute when they are built: integers in every file, needed by none of ours. */
const derived = /(^|\.)(num_batches_tracked|flatten_index|distance_matrix|relative_index)$/;

/**
 * Loads weights from a `.safetensors`, `.pth` or `.pt` file into a model or a built layer.
 *
 *     const report = await load(model, "axial26s.pth");                       // everything must fit
 *     const report = await load(model, "axial26s.pth", { strict: false });    // another number of classes: the rest
 *
 * @throws FileError when the file is unreadable or, unless `strict` is false, does not fit; nothing has changed then.
 */
export async function load(owner: WeightOwner, path: string, options: LoadOptions = {}): Promise<LoadReport> {
  const { strict = true } = options;
  const tensors = await readTensors(path);
  const family = chooseFamily(owner, [...tensors.keys()], options.family, path);
  const fits = (link: Link, tensor: StoredTensor) => tf.util.arraysEqual([...link.shape], [...tensor.shape]);
  const names = new Set(family.links.map(({ name }) => name));
  const report: LoadReport = {
    family: family.name,
    missing: [...names].filter((name) => !tensors.has(name)),
    unexpected: [...tensors.keys()].filter(
      (name) => !names.has(name) && !derived.test(name) && family.optional?.test(name) !== true,
    ),
    misshapen: family.links.flatMap((link) => {
      const tensor = tensors.get(link.name);
      return tensor === undefined || fits(link, tensor)
        ? []
        : [{ name: link.name, expected: link.shape, got: tensor.shape }];
    }),
  };
  if (strict) assertWhole(report, path);
  const misshapen = new Set(report.misshapen.map(({ name }) => name));
  const variables = weightsByName(owner);
  const changed = new Map<string, Float32Array>();
  const numbersOf = (name: string): Float32Array => {
    const numbers = changed.get(name) ?? Float32Array.from(variables.get(name)!.read().dataSync());
    changed.set(name, numbers);
    return numbers;
  };
  for (const link of family.links) {
    const tensor = tensors.get(link.name);
    if (tensor !== undefined && !misshapen.has(link.name)) fromForeign(link, toFloat32(tensor), numbersOf);
  }
  for (const [name, numbers] of changed) {
    const variable = variables.get(name)!;
    tf.tidy(() => void variable.write(tf.tensor(numbers, variable.shape as number[])));
  }
  return report;
}

/**
 * Saves weights as safetensors under the names and in the layouts of a family, with the integer tables that the original keeps
 * beside them, so that its `load_state_dict` takes them as they are.
 *
 *     await save(model, "mine.safetensors", { family: "csrhddlam" });
 *     // Python: model.load_state_dict(safetensors.torch.load_file("mine.safetensors"))
 *
 * @throws ConfigError when the model does not belong to the family.
 */
export async function save(owner: WeightOwner, path: string, options: { family?: string } = {}): Promise<void> {
  const family = familyNamed(owner, options.family ?? "axial-lab");
  const variables = weightsByName(owner);
  const numbers = new Map<string, ArrayLike<number>>();
  for (const [name, variable] of variables) numbers.set(name, await variable.read().data());
  const tensors = new Map<string, StoredTensor>();
  for (const link of family.links) {
    const data = toForeign(link, (weight) => numbers.get(weight)!);
    tensors.set(link.name, { dtype: "F32", shape: link.shape, data });
    for (const [name, table] of family.derived(link)) tensors.set(name, table);
  }
  await writeSafetensors(path, { tensors, metadata: { format: "pt", family: family.name } });
}

/** The names of the families that a model's weights can be read from and written for. */
export function families(owner: WeightOwner): string[] {
  return familiesOf(owner).map(({ name }) => name);
}

/** The tensors of either kind of file, told apart by their first bytes. */
async function readTensors(path: string): Promise<ReadonlyMap<string, StoredTensor>> {
  const file = await open(path).catch((error: unknown) => {
    throw new FileError(`weights: cannot read ${path} (${(error as Error).message}); give the path of a file`);
  });
  const { buffer, bytesRead } = await file.read(Buffer.alloc(9), 0, 9, 0).finally(() => file.close());
  // A safetensors header begins with its length and an opening brace.
  const isSafetensors = bytesRead === 9 && buffer[8] === 0x7b && buffer.readBigUInt64LE(0) < 100_000_000n;
  return isSafetensors ? (await readSafetensors(path)).tensors : readTorchCheckpoint(path);
}

function chooseFamily(owner: WeightOwner, names: string[], asked: string | undefined, path: string): Family {
  if (asked !== undefined) return familyNamed(owner, asked);
  const given = new Set(names);
  const shared = ({ links }: Family) => links.filter(({ name }) => given.has(name)).length / links.length;
  const best = familiesOf(owner)
    .map((family) => ({ family, share: shared(family) }))
    .sort((a, b) => b.share - a.share)[0];
  if (best === undefined || best.share === 0)
    throw new FileError(
      `weights.load: ${path} must share names with a family of this model (${families(owner).join(", ")}), ` +
        `got ${names.slice(0, 4).join(", ")} ...; build the model that it belongs to`,
    );
  return best.family;
}

function familyNamed(owner: WeightOwner, name: string): Family {
  const found = familiesOf(owner).find((family) => family.name === name);
  if (found === undefined)
    throw new ConfigError(`weights: family must be one of ${families(owner).join(", ")} for this model, got ${name}`);
  return found;
}

function assertWhole({ family, missing, unexpected, misshapen }: LoadReport, path: string): void {
  const list = (label: string, items: readonly string[]) =>
    items.length === 0
      ? []
      : [`${items.length} ${label} (${items.slice(0, 5).join(", ")}${items.length > 5 ? ", ..." : ""})`];
  const complaints = [
    ...list("missing", missing),
    ...list("unexpected", unexpected),
    ...list(
      "misshapen",
      misshapen.map(({ name, expected, got }) => `${name} [${got.join(", ")}] for [${expected.join(", ")}]`),
    ),
  ];
  if (complaints.length > 0)
    throw new FileError(
      `weights.load: ${path} must fit the model as ${family}, got ${complaints.join("; ")}; ` +
        `build the model that it belongs to, or load what fits with strict: false`,
    );
}
