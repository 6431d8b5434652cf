/** What every form of export says of a network, whatever it is written in. */
import type * as tf from "@tensorflow/tfjs";
import { UnsupportedError } from "../core/errors.js";

/** For whoever feeds it. */
export const normalization = "(value / 255 - mean) / std, mean 0.485 0.456 0.406, std 0.229 0.224 0.225";

/** Of the outputs, in order; of a network with other outputs than these, by number. */
export const logitNames: readonly string[] = ["logits", "auxiliary_logits"];

/**
 * The one input of a network, [B, H, W, C].
 *
 * @throws UnsupportedError where the model takes anything else
 */
export function imageOf({ inputs }: tf.LayersModel, form: string): tf.SymbolicTensor {
  const [image] = inputs;
  if (inputs.length === 1 && image.shape.length === 4) return image;
  const shapes = inputs.map(({ shape }) => `[${shape.join(", ")}]`).join(", ");
  throw new UnsupportedError(
    `export to ${form}: a model must take one batch of images, got inputs of ${shapes}; nothing was written`,
  );
}
