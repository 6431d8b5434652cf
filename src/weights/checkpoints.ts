/**
 * Weights of published models into ours and back: `load` reads safetensors and PyTorch checkpoints, `save` writes safetensors that
 * the original loads. Names and layouts are those of the family that the file belongs to.
 */
import * as tf from "@tensorflow/tfjs";
import { ConfigError, FileError } from "../core/errors.js";
import { isShard } from "./foreign-file.js";
import { fromForeign, toForeign, type Link } from "./correspondence.js";
import { weightsByName, type WeightOwner } from "./checkpoint-families.js";
import { choose, familyNamed } from "./choice.js";
import { toFloat32, unrealReason, type StoredTensor } from "./dtypes.js";
import { wrapperCounts } from "./placement.js";
import { placeAxis, resizedTable } from "./position-tables.js";
import { writeSafetensors } from "./safetensors.js";
import { isReadable, type TensorInFile } from "./state-dict.js";
import { openTensorFile, type TensorFile } from "./tensor-file.js";
import { assertKnownKeys, type KeysOf } from "../core/options.js";

/** How `load` reads a file of weights. */
export interface LoadOptions {
  /** The family that the file belongs to. Default: the one that shares most names with it. */
  readonly family?: string;
  /**
   * Which of a file's weights: `"trained"`, as the optimiser left them; `"ema"`, their moving average, where the file has one;
   * or the place of others, such as `"teacher"` or `"state_dict.student"`. Default: `"trained"`; of a run of our own, those that
   * validation measured, averaged where the run averages.
   */
  readonly weights?: "trained" | "ema" | (string & {});
  /**
   * Tables of positions of another length, as a checkpoint has that was trained on images of another size: an error
   * (`"exact"`, default), or resampled (`"resize"`, linearly).
   */
  readonly positions?: "exact" | "resize";
  /** Layers, or weights, of the model that stay as they are: `["classifier"]` for another number of classes. Default: none. */
  readonly leave?: readonly string[];
  /** Beginnings of names of the file that are none of the model's concern: `["fc"]` where its classifier is not there. Default: none. */
  readonly ignore?: readonly string[];
  /** Whether a missing, unexpected or misshapen tensor is an error (default) or is left out and reported. */
  readonly strict?: boolean;
}

/** What `load_state_dict` reports, the shapes that differ, and where in the file the weights were. */
export interface LoadReport {
  readonly family: string;
  /** Keys and prefix of the weights in the file, such as `state_dict.module`; empty: its top. */
  readonly place: string;
  /** Other places in the file with weights of this model, for the option `weights`. */
  readonly otherPlaces: readonly string[];
  /** Names that the model needs and the file lacks. */
  readonly missing: readonly string[];
  /**
   * Names that the file has and the model does not need. An error only where they are of a dtype that weights have: integer
   * tables, complex and quantised tensors are no part of any network here.
   */
  readonly unexpected: readonly string[];
  readonly misshapen: readonly { name: string; expected: readonly number[]; got: readonly number[] }[];
  /** Names of the tables of positions that were resampled. */
  readonly resized: readonly string[];
}

/** The dtypes in which weights are kept. */
const weightDtypes: ReadonlySet<string> = new Set(["F64", "F32", "F16", "BF16"]);

/** Tables that the originals compute when they are built: integers in every file, needed by none of ours. */
const derived = /(^|\.)(num_batches_tracked|flatten_index|distance_matrix|relative_index)$/;

/**
 * Loads weights from a `.safetensors`, `.pth`, `.pt` or `.ckpt` file, of any size, into a model or a built layer. Where in the file
 * they are is found by their names; `docs/weights.md` says what is read and what is refused.
 *
 *     await load(model, "axial26s.pth");                                   // everything must fit
 *     await load(model, "axial26s.pth", { positions: "resize" });          // trained on images of another size
 *     await load(model, "axial26s.pth", { leave: ["classifier"] });        // other classes: the rest must fit
 *     await load(model, "timm.pth.tar", { weights: "ema" });               // the moving average
 *
 * @throws FileError when the file is unreadable or, unless `strict` is false, does not fit; nothing has changed then
 * @throws ConfigError for options, and for a layer that has not been built
 */
export async function load(owner: WeightOwner, path: string, options: LoadOptions = {}): Promise<LoadReport> {
  assertOptions(options);
  assertBuilt(owner, "load");
  const file = await openTensorFile(path);
  try {
    return await loadFrom(file, owner, path, options);
  } finally {
    await file.close();
  }
}

async function loadFrom(
  file: TensorFile,
  owner: WeightOwner,
  path: string,
  { strict = true, positions = "exact", leave = [], ignore = [], ...asked }: LoadOptions,
): Promise<LoadReport> {
  const { family, placement, others } = choose(file, owner, asked, path);
  const { entries } = placement;
  const links = linksWithout(family.links, leave, owner);
  const resized = new Map<string, number>();
  const missing: string[] = [];
  const misshapen: { link: Link; got: readonly number[] }[] = [];
  const fitting: { link: Link; tensor: TensorInFile }[] = [];
  for (const link of links) {
    const entry = entries.get(link.name);
    if (entry === undefined) {
      missing.push(link.name);
      continue;
    }
    const unreal = isReadable(entry) ? unrealReason(entry.dtype) : null;
    const reason = isReadable(entry) ? unreal && `${unreal}; save it as real numbers` : entry.unreadable;
    if (!isReadable(entry) || reason !== null) {
      throw new FileError(
        `weights.load: ${path} must hold ${link.name} as a tensor of real numbers, got one that ${reason}`,
      );
    }
    const axis = positions === "resize" ? placeAxis(link, entry.shape) : null;
    if (axis !== null) resized.set(link.name, axis);
    if (axis !== null || tf.util.arraysEqual([...link.shape], [...entry.shape])) fitting.push({ link, tensor: entry });
    else misshapen.push({ link, got: entry.shape });
  }
  const needed = new Set(family.links.map(({ name }) => name));
  const elsewhere = others.map(({ place }) => place.slice(placement.place === "" ? 0 : placement.place.length + 1));
  const isAnotherPlace = (name: string) => elsewhere.some((prefix) => prefix !== "" && name.startsWith(`${prefix}.`));
  const unexpected = [...entries]
    .filter(
      ([name, entry]) => isReadable(entry) && !needed.has(name) && !derived.test(name) && !wrapperCounts.test(name),
    )
    .map(([name]) => name)
    .filter((name) => family.optional?.test(name) !== true && !isAnotherPlace(name))
    .filter((name) => !ignore.some((beginning) => name.startsWith(beginning)));
  const asWeights = unexpected.filter((name) => weightDtypes.has((entries.get(name) as TensorInFile).dtype));
  const report: LoadReport = {
    family: family.name,
    place: placement.place,
    otherPlaces: others.map(({ place }) => place),
    missing,
    unexpected,
    misshapen: misshapen.map(({ link, got }) => ({ name: link.name, expected: link.shape, got })),
    resized: [...resized.keys()],
  };
  const isOfAnotherSize = misshapen.length > 0 && misshapen.every(({ link, got }) => placeAxis(link, got) !== null);
  if (strict) assertWhole({ ...report, unexpected: asWeights }, path, { isOwnRun: file.isOwnRun, isOfAnotherSize });
  await write(owner, fitting, resized);
  return report;
}

/** Puts the tensors into the weights, all of them or, on an error, none. */
async function write(
  owner: WeightOwner,
  tensors: readonly { link: Link; tensor: TensorInFile }[],
  resized: ReadonlyMap<string, number>,
): Promise<void> {
  const variables = weightsByName(owner);
  const changed = new Map<string, Float32Array>();
  const numbersOf = (name: string): Float32Array => {
    const numbers = changed.get(name) ?? Float32Array.from(variables.get(name)!.read().dataSync());
    changed.set(name, numbers);
    return numbers;
  };
  for (const { link, tensor } of tensors) {
    const stored: StoredTensor = { dtype: tensor.dtype, shape: tensor.shape, data: await tensor.read() };
    const axis = resized.get(link.name);
    const values = axis === undefined ? toFloat32(stored) : resizedTable(stored, axis, link.shape[axis]);
    fromForeign(link, values, numbersOf);
  }
  for (const [name, numbers] of changed) {
    const variable = variables.get(name)!;
    tf.tidy(() => void variable.write(tf.tensor(numbers, variable.shape as number[])));
  }
}

/**
 * Saves weights as safetensors under the names and in the layouts of a family, with the integer tables that the original keeps
 * beside them, so that its `load_state_dict` takes them as they are.
 *
 *     await save(model, "mine.safetensors", { family: "csrhddlam" });
 *     // Python: model.load_state_dict(safetensors.torch.load_file("mine.safetensors"))
 *
 * @throws ConfigError for options, for a layer that has not been built, and when the model does not belong to the family
 */
export async function save(owner: WeightOwner, path: string, options: { family?: string } = {}): Promise<void> {
  assertKnownKeys("weights.save", options, { family: true });
  assertBuilt(owner, "save");
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

/** The links of a family but for those that bring nothing to the layers or weights that are to be left as they are. */
function linksWithout(links: readonly Link[], leave: readonly string[], owner: WeightOwner): Link[] {
  const isLeft = (weight: string) => leave.some((name) => weight === name || weight.startsWith(`${name}/`));
  const names = [...weightsByName(owner).keys()];
  const strange = leave.find((name) => !names.some((weight) => weight === name || weight.startsWith(`${name}/`)));
  if (strange !== undefined) {
    const layers = new Set(owner.trainableWeights.map(({ originalName }) => originalName.split("/")[0]));
    throw new ConfigError(
      `weights.load: leave must name layers or weights of the model, got ${strange}; it has ${[...layers].slice(-4).join(", ")}`,
    );
  }
  return links.filter(({ parts }) => !parts.every(({ weight }) => isLeft(weight)));
}

const optionNames: KeysOf<LoadOptions> = {
  family: true,
  weights: true,
  positions: true,
  leave: true,
  ignore: true,
  strict: true,
};

function assertOptions(options: LoadOptions): void {
  assertKnownKeys("weights.load", options, optionNames);
  const { positions = "exact" } = options;
  if (!["exact", "resize"].includes(positions))
    throw new ConfigError(
      `weights.load: positions must be "exact" or "resize", got ${JSON.stringify(positions)}; choose one`,
    );
}

function assertBuilt(owner: WeightOwner, verb: "load" | "save"): void {
  if (owner.weights.length > 0) return;
  throw new ConfigError(
    `weights.${verb}: ${owner.name} must be built, got a layer without weights; call it once, or layer.build(inputShape)`,
  );
}

function assertWhole(
  { family, missing, unexpected, misshapen }: LoadReport,
  path: string,
  { isOwnRun, isOfAnotherSize }: { isOwnRun: boolean; isOfAnotherSize: boolean },
): void {
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
  if (complaints.length === 0) return;
  const remedy = isOwnRun
    ? "it is a run of axial-lab train: axial.training.restore builds its model"
    : isShard(path)
      ? "it is one of several files: give their index, which ends in .index.json"
      : "build the model that it belongs to, or load what fits with strict: false";
  const sizes = isOfAnotherSize ? ', or, for images of another size, with positions: "resize"' : "";
  throw new FileError(
    `weights.load: ${path} must fit the model as ${family}, got ${complaints.join("; ")}; ${remedy}${sizes}`,
  );
}
