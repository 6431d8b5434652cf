/** What a pool and its threads agree on: who makes batches, what is asked and what is answered. */
import type { Batch } from "./dataset.js";

/** Makes the batch of these images, or null where `isCancelled` says, between two of them, that nobody wants it any more. */
export type BatchMaker<Job, B extends Batch> = (job: Job, indices: Uint32Array, isCancelled: () => boolean) => B | null;

/** What the module of a pool exports. Every thread has a maker of its own, which may keep files and memory between batches. */
export interface BatchMakerModule<Job, B extends Batch> {
  createBatchMaker(): BatchMaker<Job, B>;
}

/** Asks a thread for a batch. */
export interface BatchRequest<Job = unknown> {
  readonly id: number;
  readonly job: Job;
  readonly indices: Uint32Array;
  /** Shared; not 0 once the batch is not wanted any more. */
  readonly cancelled: Int32Array;
}

/** `batch` is null where it was cancelled. */
export type BatchAnswer =
  | { readonly id: number; readonly batch: Batch | null }
  | { readonly id: number; readonly message: string; readonly isOwn: boolean };
