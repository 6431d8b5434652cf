/** The data set that a command line names. */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { InvalidArgumentError, Option } from "commander";
import { ConfigError } from "../core/errors.js";
import {
  augmentationPresets,
  imagenette,
  type AugmentationPreset,
  type Dataset,
  type Progress,
} from "../data/index.js";
import { number } from "./arguments.js";
import { commandTask } from "./tasks.js";

export interface DataChoice {
  /** `generated`, `imagenette` or `folder`. */
  readonly data: string;
  /** A local archive or folder of Imagenette; the folder of any other images. */
  readonly from?: string;
  /** How many generated images there are, for training and for validation. */
  readonly images?: readonly [train: number, validation: number];
  readonly augmentation?: AugmentationPreset;
  /** Share of the training images that validation is on. */
  readonly holdOut?: number;
}

const names = ["generated", "imagenette", "folder"];

export const dataOption = (before: string): Option =>
  new Option("--data <name>", `the images: ${names.join(", ")}, or a folder's path (default: ${before})`).argParser(
    nameOrFolder,
  );

function nameOrFolder(text: string): string {
  if (names.includes(text) || statSync(text, { throwIfNoEntry: false })?.isDirectory() === true) return text;
  throw new InvalidArgumentError(`Allowed choices are ${names.join(", ")}, or the path of a folder.`);
}

export const fromOption = [
  "--from <path>",
  "local Imagenette archive (.tgz) or folder; for --data folder, one with train/CLASS and val/CLASS",
] as const;

export const imagesOption = [
  "--images <train:validation>",
  "how many images the generated data set has",
  counts,
] as const;

export const augmentationOption = new Option(
  "--augmentation <name>",
  "of photographs: crops and flips as in fastai (default), lighter, or with flips that alternate, the reference's rotation, warp and lighting, or none",
).choices(Object.keys(augmentationPresets));

export const holdOutOption = [
  "--hold-out <share>",
  "validate on this share of the training photographs, and leave those for validation alone: for choices",
  number,
] as const;

/** Opens the data set for a task of this kind, which may mean to download it. The caller closes it. */
export async function openData(
  { data, from, images, augmentation, holdOut }: DataChoice,
  task: string,
  options: { signal?: AbortSignal; onProgress?: (progress: Progress) => void } = {},
): Promise<Dataset> {
  switch (data) {
    case "generated":
      if (from !== undefined) {
        throw new ConfigError(`--from: the generated data set has no files, got ${from}; add --data imagenette`);
      }
      if (holdOut !== undefined) {
        throw new ConfigError(`--hold-out: the generated data set holds nothing out, got ${holdOut}; leave it out`);
      }
      return commandTask(task).generated(images ? { trainCount: images[0], validationCount: images[1] } : {});
    case "imagenette":
      return imagenette({ from, augmentation, holdOut, ...options });
    case "folder":
      if (from === undefined) throw new ConfigError("--data folder: the folder must be given, got none; add --from");
      return openFolder(from, { augmentation, holdOut }, task);
    default:
      throw new ConfigError(`--data: must be a data set that brings itself, got ${data}; use ${names.join(" or ")}`);
  }
}

async function openFolder(
  path: string,
  options: Pick<DataChoice, "augmentation" | "holdOut">,
  task: string,
): Promise<Dataset> {
  const { folder } = commandTask(task);
  if (folder === undefined)
    throw new ConfigError(
      `--data folder: ${task} reads no folders, got ${path}; leave --data out for generated images`,
    );
  return folder(path, options);
}

/** What the command line says of the data, else what was said before. */
export function choiceOf(given: Partial<DataChoice>, before: Partial<DataChoice>): DataChoice {
  // A folder by its path.
  const isPath = given.data !== undefined && !names.includes(given.data);
  const said = isPath ? { ...given, data: "folder", from: given.data } : given;
  const data = said.data ?? before.data ?? "generated";
  // What was said of one data set does not suit another.
  const known: Partial<DataChoice> = data === before.data ? before : {};
  const choice = {
    data,
    // What a run keeps must be found from any folder.
    from: said.from === undefined ? known.from : resolve(said.from),
    images: said.images ?? known.images,
    augmentation: said.augmentation ?? known.augmentation,
    holdOut: said.holdOut ?? known.holdOut,
  };
  return Object.fromEntries(Object.entries(choice).filter(([, value]) => value !== undefined)) as typeof choice;
}

/** `4096:512`, an option's argument. */
function counts(text: string): readonly [number, number] {
  const parts = text.split(":").map(number);
  if (parts.length !== 2) throw new InvalidArgumentError("It must be two numbers, as in 4096:512.");
  return [parts[0], parts[1]];
}
