/** Models, and trained weights for them: what `axial.models` is. Re-exports only. */
export * from "../models/index.js";
export { pretrainedModels, type ModelCard } from "./card.js";
export { create, type PretrainedOptions } from "./create.js";
