/** axial-lab: the public API. Re-exports only. */
export * from "./errors.js";
export * as weights from "./weights/index.js";
