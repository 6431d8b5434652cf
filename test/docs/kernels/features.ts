/** Every line of the comparison of kernels, in the order of its table. */
import type { Feature } from "./feature.js";
import { languageFeatures } from "./language-features.js";
import { protocolFeatures } from "./protocol-features.js";

export const features: readonly Feature[] = [...protocolFeatures, ...languageFeatures];
