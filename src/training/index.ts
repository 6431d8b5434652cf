/** Training, evaluation and checkpoints. Re-exports only. */
export { createAverage, type AverageConfig, type WeightAverage } from "./averaging.js";
export { readCheckpoint, type Checkpoint, type RunState } from "./checkpoint.js";
export {
  defaultRate,
  resolveConfig,
  sizeAt,
  type GrowingSize,
  type RunDefinition,
  type TrainConfig,
  type TrainSettings,
} from "./config.js";
export { evaluate, type EvaluateOptions } from "./evaluate.js";
export type { EpochDone, RunEnded, RunEvent, RunStarted, StepDone } from "./events.js";
export { crossEntropy, maskedCrossEntropy } from "./losses.js";
export { countConfusion, countTop, crossEntropies, intersectionOverUnion, predictions, ranks } from "./metrics.js";
export {
  clipScale,
  createOptimizer,
  optimizerKinds,
  resolveOptimizer,
  type AdamConfig,
  type MuonConfig,
  type Optimizer,
  type OptimizerConfig,
  type Parameter,
  type RadamConfig,
  type RangerConfig,
  type ResolvedOptimizer,
  type SgdConfig,
  type StepOptions,
} from "./optimizers.js";
export type { TrainOptions } from "./options.js";
export { preset, presets, type Preset, type PresetName } from "./presets.js";
export { restore, type Restored, type RestoreOptions } from "./restore.js";
export { logFormats, readRunLog, type LogFormat } from "./run-log.js";
export {
  plateaus,
  rateFactor,
  resolveSchedule,
  scheduleKinds,
  type ConstantSchedule,
  type CosineSchedule,
  type FlatCosineSchedule,
  type Moment,
  type OneCycleSchedule,
  type PlateauSchedule,
  type ResolvedSchedule,
  type Schedule,
  type StepSchedule,
} from "./schedule.js";
export type { Evaluation, Measures, Meter, ModelConfig, StepContext, Task, TaskConfig, TaskLoss } from "./task.js";
export { classification, type ClassificationEvaluation, type ClassificationOptions } from "./tasks/classification.js";
export { createTask, taskKinds, type TaskKind } from "./tasks/index.js";
export {
  semanticSegmentation,
  type SegmentationEvaluation,
  type SemanticSegmentationOptions,
} from "./tasks/semantic-segmentation.js";
export { meanWithInterval, type MeanWithInterval } from "./statistics.js";
export { collectRuns, scoreText, type CollectedRow } from "./collect-runs.js";
export { compareRows, comparisonText, type RowComparison } from "./compare-rows.js";
export { missingText, plannedRuns, type PlannedRow, type PlannedRuns, type PlannedVariant } from "./planned-runs.js";
export { type SweepRow, type SweepRun } from "./run-rows.js";
export { sweep, type SweepOptions, type SweepResult, type SweepSettings } from "./sweep.js";
export { train, type TrainResult } from "./train.js";
