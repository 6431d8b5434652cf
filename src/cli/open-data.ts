/** The data set that a command line names. */
import { InvalidArgumentError } from "commander";
import { generated, type ImageDataset } from "../data/index.js";
import { ConfigError } from "../errors.js";

export interface DataChoice {
  /** `generated` or `imagenette`. */
  readonly data: string;
  /** A local archive or folder, for Imagenette. */
  readonly from?: string;
  /** How many generated images there are, for training and for validation. */
  readonly images?: readonly [train: number, validation: number];
}

export const dataNames = ["generated", "imagenette"];

/** Opens the data set. The caller closes it. */
export function openData({ data, from, images }: DataChoice): ImageDataset {
  switch (data) {
    case "generated":
      if (from !== undefined) {
        throw new ConfigError(`--from: the generated data set has no files, got ${from}; add --data imagenette`);
      }
      return generated(images && { trainCount: images[0], validationCount: images[1] });
    default:
      throw new ConfigError(`--data: must be one of ${dataNames.join(", ")}, got ${data}`);
  }
}

/** What the command line says of the data, else what was said before. */
export function choiceOf({ data, from, images }: Partial<DataChoice>, before: Partial<DataChoice>): DataChoice {
  const same = data === undefined || data === before.data;
  const said = { from: from ?? (same ? before.from : undefined), images: images ?? (same ? before.images : undefined) };
  return {
    data: data ?? before.data ?? "generated",
    ...(said.from !== undefined && { from: said.from }),
    ...(said.images !== undefined && { images: said.images }),
  };
}

/** An option's argument. */
export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || Number.isNaN(value)) throw new InvalidArgumentError("It must be a number.");
  return value;
}

/** `4096:512`, an option's argument. */
export function counts(text: string): readonly [number, number] {
  const parts = text.split(":").map(number);
  if (parts.length !== 2) throw new InvalidArgumentError("It must be two numbers, as in 4096:512.");
  return [parts[0], parts[1]];
}
