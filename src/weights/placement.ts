/**
 * Where in a file a model's weights are. Training programs put them beside other things, under a key (`state_dict`), behind
 * prefixes (`module.`, `net.`), inside wrappers (`_orig_mod.`), and often twice: as trained, and as their moving average.
 * The names that the model needs say which place is meant.
 */
import type { Link } from "./correspondence.js";
import { isReadable, type StateDict, type TensorInFile, type Unreadable } from "./state-dict.js";

/** One place in a file whose names agree with a family's. */
export interface Placement {
  /** Keys and prefix, joined by dots: `state_dict.module`; empty: the file itself. */
  readonly place: string;
  /** Whether its name says that these weights are a moving average (EMA, SWA). */
  readonly isAveraged: boolean;
  /** What stands there, under the family's names where they agree and under its own else. */
  readonly entries: ReadonlyMap<string, TensorInFile | Unreadable>;
  /** How many of the names that the family needs are there, and how many of those with the shape it needs. */
  readonly named: number;
  readonly fitting: number;
}

/** Modules that hold another and stand in the names of its weights, at the front or inside. */
const wrappers = new Set([
  "module", // DataParallel, DistributedDataParallel, AveragedModel
  "_orig_mod", // torch.compile
  "_fsdp_wrapped_module", // FullyShardedDataParallel
  "_checkpoint_wrapped_module", // activation checkpointing
  "_forward_module", // Lightning Fabric
]);

const averagedWords = new Set(["ema", "swa", "avg", "averaged", "average", "polyak", "shadow"]);

/** Counts that a wrapper keeps beside the weights. */
export const wrapperCounts = /(^|\.)(n_averaged|initted|num_updates)$/;

/** Keys that hold weights by custom, the usual first: of places that agree equally well the first is taken. */
const customaryKeys = ["state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights", "params"];

/** All places in the file that hold some of a family's names, the best first. */
export function placementsOf(dicts: readonly StateDict[], links: readonly Link[]): Placement[] {
  const shapes = new Map(links.map(({ name, shape }) => [name, shape]));
  // Where Lightning averages weights, the average is under `state_dict` and the weights as trained beside it.
  const swapped = dicts.some(({ keys }) => keys[0] === "current_model_state");
  return dicts
    .flatMap((dict) => {
      const isAverage = swapped && dict.keys[0] === "state_dict";
      const isWrapped = [...dict.entries.keys()].some((name) => /(^|\.)n_averaged$/.test(name));
      return prefixesIn(dict, shapes).map((prefix) => placementAt(dict, prefix, shapes, isAverage || isWrapped));
    })
    .sort((a, b) => b.fitting - a.fitting || b.named - a.named || custom(a) - custom(b));
}

/** The place of the key among the customary ones. */
function custom({ place }: Placement): number {
  const index = customaryKeys.indexOf(place.split(".")[0]);
  return index < 0 ? customaryKeys.length : index;
}

/** Whether nothing but the caller's wish can tell two places apart. */
export const isEquallyGood = (a: Placement, b: Placement): boolean =>
  a.fitting === b.fitting && a.named === b.named && custom(a) === custom(b);

/** What stands before the family's names in the names of a table, `""` and `"net."` among others. */
function prefixesIn({ entries }: StateDict, shapes: ReadonlyMap<string, readonly number[]>): string[] {
  const prefixes = new Set<string>();
  for (const name of entries.keys())
    for (const cut of cuts(name)) if (agreement(name.slice(cut), shapes) !== null) prefixes.add(name.slice(0, cut));
  return [...prefixes];
}

/** Where a name may be cut in two: at its start and behind each dot or slash. */
function cuts(name: string): number[] {
  return [0, ...[...name.matchAll(/[./]/g)].map(({ index }) => index + 1)];
}

/** The family's name that a name agrees with, as it is or without the wrappers in it. */
function agreement(name: string, shapes: ReadonlyMap<string, readonly number[]>): string | null {
  if (shapes.has(name)) return name;
  const parts = name.split(".");
  if (wrappers.has(parts[0])) return null; // A prefix, which a later cut leaves out.
  const unwrapped = parts.filter((part) => !wrappers.has(part)).join(".");
  return shapes.has(unwrapped) ? unwrapped : null;
}

function placementAt(
  { keys, entries }: StateDict,
  prefix: string,
  shapes: ReadonlyMap<string, readonly number[]>,
  averaged: boolean,
): Placement {
  const within = new Map<string, TensorInFile | Unreadable>();
  let [named, fitting] = [0, 0];
  for (const [name, entry] of entries) {
    if (!name.startsWith(prefix)) continue;
    const rest = name.slice(prefix.length);
    const known = agreement(rest, shapes);
    if (known !== null) {
      named++;
      if (isReadable(entry) && arraysEqual(entry.shape, shapes.get(known)!)) fitting++;
    }
    within.set(known ?? rest, entry);
  }
  const place = [...keys, ...(prefix === "" ? [] : [prefix.slice(0, -1)])].join(".");
  const isAveraged = averaged || place.split(/[._/\s-]/).some((word) => averagedWords.has(word.toLowerCase()));
  return { place, isAveraged, entries: within, named, fitting };
}

const arraysEqual = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis]);
