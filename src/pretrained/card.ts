/**
 * Trained weights that come with the package, `pretrained/NAME.safetensors`, and beside each its card, `NAME.json`: what it
 * is, what it was trained on and how, how good it is, and under which licence.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, FileError } from "../core/errors.js";
import { nearest, shown } from "../core/options.js";
import { packageFolder } from "../core/version.js";
import type { ResNetConfig } from "../models/index.js";

/** What is known of weights that come with the package: data, training, licence, score. */
export interface ModelCard {
  /** What `models.create` calls it. */
  readonly name: string;
  readonly summary: string;
  /** The architecture: a name of the zoo, or its data. */
  readonly model: string | ResNetConfig;
  /** Names of the classes, in the order of the logits. */
  readonly classes: readonly string[];
  /** Side of the images that it was trained on, in pixels. */
  readonly size: number;
  readonly parameters: number;
  /** The data, with where they are from and under which licence. */
  readonly data: string;
  /** The resolved configuration of the run. */
  readonly recipe: Readonly<Record<string, unknown>>;
  /** The run's log, from the repository's folder; null where it is not kept. */
  readonly log: string | null;
  /** On all validation images; `of` says whether of the float16 weights in the file or of the run that they are from. */
  readonly score: { readonly measure: string; readonly value: number; readonly of: "file" | "run" };
  /** Of the weights. */
  readonly licence: string;
  /** Of the file beside the card. */
  readonly sha256: string;
}

/** The folder of the package's own weights. */
export const pretrainedFolder = join(packageFolder, "pretrained");

/** The cards of all weights that come with the package, by name. */
export function pretrainedModels(folder = pretrainedFolder): ModelCard[] {
  return namesIn(folder).map((name) => JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as ModelCard);
}

const namesIn = (folder: string): string[] =>
  readdirSync(folder)
    .flatMap((file) => (file.endsWith(".json") ? [file.slice(0, -".json".length)] : []))
    .sort();

/** @throws ConfigError for a name that no weights have. */
export function cardOf(name: string, folder = pretrainedFolder): ModelCard {
  const known = namesIn(folder);
  if (!known.includes(name))
    throw new ConfigError(
      `models.create: pretrained must name weights that come with the package, got ${shown(name)}; ` +
        `did you mean ${nearest(shown(name), known)}? There are ${known.join(", ")}; train others, and read them with weights.load`,
    );
  const card = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as ModelCard;
  if (card.name !== name)
    throw new FileError(`models.create: the card of ${name} must say its name, got ${card.name}; rename the file`);
  return card;
}
