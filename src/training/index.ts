/** Training, evaluation and checkpoints. Re-exports only. */
export * from "./averaging.js";
export * from "./checkpoint.js";
export * from "./config.js";
export * from "./evaluate.js";
export * from "./events.js";
export * from "./losses.js";
export * from "./metrics.js";
export * from "./optimizers.js";
export * from "./presets.js";
export * from "./restore.js";
export { readRunLog } from "./run-log.js";
export * from "./schedule.js";
export * from "./train.js";
