/**
 * What happens in a run, in order: handed to `onEvent` as it happens and kept in `log.jsonl`, one JSON object a line.
 * What the curves read. Steps count from 1, epochs from 0; shares (`top1`, `meanIou`) lie between 0 and 1.
 */
import type { EngineReport } from "../engine/index.js";
import type { TrainConfig } from "./config.js";
import type { Measures, Task } from "./task.js";

/** The event at the start of a run. */
export interface RunStarted {
  event: "start";
  /** ISO 8601. */
  time: string;
  /** The resolved configuration, nothing left to defaults. */
  config: TrainConfig;
  /** What the tensors are computed with. */
  engine: EngineReport | { backend: string };
  /** Trainable numbers of the model. */
  parameters: number;
  stepsPerEpoch: number;
  /** Steps of the whole run. */
  steps: number;
  /** The measure of validation that decides. */
  score: Task["score"];
  resumedFromStep?: number;
}

/** The event after a step. */
export interface StepDone {
  event: "step";
  /** Steps done, this one included. */
  step: number;
  epoch: number;
  /** The mean over the batch, with what training adds to it, such as label smoothing. */
  loss: number;
  learningRate: number;
  /** Of this step alone, waiting included. */
  imagesPerSecond: number;
  /** Seconds that the step waited for its images. */
  waited: number;
  /** Global norm of the gradients before clipping, where the run clips. */
  gradientNorm?: number;
  /** Seconds of this step that rank 0 stood in the exchange, waiting for slower ranks included; where there are several. */
  exchanging?: number;
  /**
   * Share of the gradient, 0 to 1, whose sum over the ranks had come back when the backward pass ended; where there are
   * several.
   */
  overlapped?: number;
}

/** The event at the end of an epoch. */
export interface EpochDone {
  event: "epoch";
  epoch: number;
  /** Steps done. */
  step: number;
  /** Of training and validation together. */
  seconds: number;
  /** In training, waiting included. */
  imagesPerSecond: number;
  /** Side of the training images, in pixels. */
  size: number;
  /** The loss and the task's measures while training: on augmented images, over the epoch's changing weights. */
  training: Measures;
  /** The loss and the task's measures after it; of the averaged weights where the run averages. */
  validation: Measures;
  /** Of the last step. */
  learningRate: number;
  /** Whether no earlier epoch had as good a score. */
  best: boolean;
  /** Most that tensors and kernels held until now of the engine's WebAssembly memory; null on other engines. */
  peakHeapBytes?: number | null;
}

/** The event at the end of a run. */
export interface RunEnded {
  event: "end";
  time: string;
  /** Of the whole run, earlier parts included where it was resumed. */
  seconds: number;
  /** The best score of all epochs; null before the first validation. */
  bestScore: number | null;
  /** What ended it. */
  reason: "done" | "early stop" | "interrupted";
  /** Most memory that the process ever held. */
  peakMemoryBytes: number;
  /** Most that tensors and kernels ever held of the engine's WebAssembly memory; null on other engines. */
  peakHeapBytes: number | null;
}

/** What a run reports, and its log keeps a line each. */
export type RunEvent = RunStarted | StepDone | EpochDone | RunEnded;
