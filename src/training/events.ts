/**
 * What happens in a run, in order: handed to `onEvent` as it happens and kept in `log.jsonl`, one JSON object a line.
 * What the curves read. Steps count from 1, epochs from 0; shares (top-1, top-5) lie between 0 and 1.
 */
import type { EngineReport } from "../engine/index.js";
import type { TrainConfig } from "./config.js";

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
  resumedFromStep?: number;
}

export interface StepDone {
  event: "step";
  /** Steps done, this one included. */
  step: number;
  epoch: number;
  /** With label smoothing; the mean over the batch. */
  loss: number;
  learningRate: number;
  /** Of this step alone, waiting included. */
  imagesPerSecond: number;
  /** Seconds that the step waited for its images. */
  waited: number;
  /** Global norm of the gradients before clipping, where the run clips. */
  gradientNorm?: number;
}

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
  /** With label smoothing, while training: over the epoch's changing weights. */
  trainLoss: number;
  /** On augmented images, while training. */
  trainTop1: number;
  /** Without label smoothing; of the averaged weights where the run averages. */
  validationLoss: number;
  validationTop1: number;
  validationTop5: number;
  /** Of the last step. */
  learningRate: number;
  /** Whether no earlier epoch had as high a validation top-1. */
  best: boolean;
  /** Most that tensors and kernels held until now of the engine's WebAssembly memory; null on other engines. */
  peakHeapBytes?: number | null;
}

export interface RunEnded {
  event: "end";
  time: string;
  /** Of the whole run, earlier parts included where it was resumed. */
  seconds: number;
  bestTop1: number;
  /** What ended it. */
  reason: "done" | "early stop" | "interrupted";
  /** Most memory that the process ever held. */
  peakMemoryBytes: number;
  /** Most that tensors and kernels ever held of the engine's WebAssembly memory; null on other engines. */
  peakHeapBytes: number | null;
}

export type RunEvent = RunStarted | StepDone | EpochDone | RunEnded;
