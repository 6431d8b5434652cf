/** The network of the landing page: trained weights that come with the package, or what `axial-lab export --to web` wrote. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as engine from "../engine/index.js";
import { webFiles } from "../export/index.js";
import { cardOf, type ModelCard } from "../pretrained/card.js";
import { configuration } from "../models/index.js";
import { createPretrained } from "../pretrained/create.js";
import { decodeNet } from "../web/net-file.js";

export interface LiveNet {
  /** Scripts that stand beside the page, by name: the network, and the engine with what the page does. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly classes: readonly string[];
  /** What is known of how good it is, as a sentence; empty where nothing is. */
  readonly score: string;
}

const scripts = ["net.js", "live.js"] as const;

/** Which of the package's weights are shown. */
const shown = "axial-resnet-imagenette";

export function netOfFolder(folder: string): LiveNet {
  const { classes } = decodeNet(readFileSync(join(folder, "net.safetensors")), folder);
  return { files: new Map(scripts.map((name) => [name, readFileSync(join(folder, name))])), classes, score: "" };
}

/** The package's weights, in 16 bits as there. */
export async function ownNet(): Promise<LiveNet> {
  const card = cardOf(shown);
  await engine.start({ threads: 1 });
  try {
    const model = createPretrained(shown, { pretrained: true });
    const { classes, size } = card;
    const network = configuration(card.model);
    const files = webFiles(model, { network, classes, size, crop: cropOf(card) });
    const score = `It is right on ${(100 * card.score.value).toFixed(0)} % of Imagenette's validation photos.`;
    return { files: new Map(scripts.map((name) => [name, Buffer.concat(files.get(name)!)])), classes, score };
  } finally {
    await engine.stop();
  }
}

/** Of validation, as the run was configured. */
function cropOf({ recipe }: ModelCard): number {
  const { data } = recipe as { data: { description: { augmentation: { validationCrop: number } } } };
  return data.description.augmentation.validationCrop;
}
