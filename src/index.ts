/** axial-lab: the public API. Re-exports only. */
export * as data from "./data/index.js";
export * from "./errors.js";
export * as weights from "./weights/index.js";
