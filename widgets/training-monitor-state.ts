/** What the training monitor's code and its view in the browser share. */

/** The reader sets `stopping`; the rest follows the run. */
export interface TrainingMonitorState {
  /** "step 120 of 400", and what was measured last. */
  status: string;
  /** From 0 to 1; -1 while it is not known. */
  progress: number;
  /** Whether the reader has asked to stop. */
  stopping: boolean;
  ended: boolean;
}
