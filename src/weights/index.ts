/** Weights: file formats, and the correspondences to published models. Re-exports only. */
export { families, load, save, type LoadOptions, type LoadReport } from "./checkpoints.js";
export * from "./safetensors.js";
export * from "./torch-checkpoint.js";
