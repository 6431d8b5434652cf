/** The training log: one JSON object a line, in order. What the curves read. */

export interface RunStarted {
  event: "start";
  /** ISO 8601. */
  time: string;
  /** The resolved configuration, nothing left to defaults. */
  config: Record<string, unknown>;
  engine: Record<string, unknown>;
  parameters: number;
  resumedFromStep?: number;
}

export interface StepDone {
  event: "step";
  step: number;
  epoch: number;
  loss: number;
  learningRate: number;
  imagesPerSecond: number;
  /** Seconds that the step waited for its images. */
  waited: number;
}

export interface EpochDone {
  event: "epoch";
  epoch: number;
  step: number;
  seconds: number;
  imagesPerSecond: number;
  trainLoss: number;
  trainTop1: number;
  validationLoss: number;
  validationTop1: number;
  learningRate: number;
}

export interface RunEnded {
  event: "end";
  time: string;
  seconds: number;
  bestTop1: number;
  peakMemoryBytes: number;
}

export type RunEvent = RunStarted | StepDone | EpochDone | RunEnded;
