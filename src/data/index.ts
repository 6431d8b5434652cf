/** Image data sets: plain arrays in, plain arrays out. Re-exports only. */
export * from "./dataset.js";
export { imagenetStatistics, toBytes } from "./normalize.js";
export { batchesPerEpoch } from "./plan.js";
export * from "./scene.js";
export * from "./synthetic.js";
