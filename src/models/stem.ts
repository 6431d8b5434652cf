/** From pixels to features: the first layers of a network. */
import type * as tf from "@tensorflow/tfjs";
import { BatchNorm, Convolution, MaxPool } from "../layers/index.js";
import { strided, type StemConfig } from "./config.js";
import type { Builder, Features } from "./residual-block.js";

/** [B, H, W, 3] to [B, H / 4, W / 4, filters]. */
export function applyStem(image: Features, { filters }: StemConfig, builder: Builder): Features {
  const { constants, seed } = builder;
  const convolution = new Convolution({ name: "stem.convolution", filters, kernelSize: 7, stride: 2, seed: seed() });
  const norm = new BatchNorm({ name: "stem.norm", constants, activation: "relu" });
  const pool = new MaxPool({ name: "stem.pool" });
  const features = [convolution, norm, pool].reduce((x, layer) => layer.apply(x) as tf.SymbolicTensor, image.tensor);
  return { tensor: features, side: strided(strided(image.side, 2), 2) }; // [B, H / 4, W / 4, filters]
}
