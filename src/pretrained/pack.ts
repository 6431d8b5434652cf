/** Trained weights as a small file with its card. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type * as tf from "@tensorflow/tfjs";
import { writeFileAtomically } from "../core/atomic-file.js";
import { ConfigError } from "../core/errors.js";
import { encodeSafetensors, type StoredTensor } from "../weights/index.js";
import { toHalf } from "../weights/half.js";
import type { ModelCard } from "./card.js";

/** The weights of a model by name, as float16. */
export async function packedWeights(model: tf.LayersModel): Promise<Map<string, StoredTensor>> {
  const packed = new Map<string, StoredTensor>();
  for (const weight of model.weights) {
    const data = toHalf(await weight.read().data());
    if (data.some((bits) => (bits & 0x7c00) === 0x7c00))
      throw new ConfigError(
        `packWeights: float16 must hold every number of ${weight.originalName}, got one beyond 65504; train with weight decay`,
      );
    packed.set(weight.originalName, { dtype: "F16", shape: weight.shape as number[], data });
  }
  return packed;
}

/** Writes `NAME.safetensors` and `NAME.json` into a folder. */
export async function writePretrained(
  folder: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  card: Omit<ModelCard, "sha256">,
): Promise<ModelCard> {
  const bytes = encodeSafetensors({ tensors, metadata: { name: card.name, licence: card.licence } });
  const whole = { ...card, sha256: createHash("sha256").update(bytes).digest("hex") };
  await writeFileAtomically(join(folder, `${card.name}.safetensors`), [bytes]);
  await writeFileAtomically(join(folder, `${card.name}.json`), [Buffer.from(`${JSON.stringify(whole, null, 2)}\n`)]);
  return whole;
}
