/** A thread that makes batches: answers each `BatchRequest`, in order, with one `BatchAnswer`. */
import { parentPort } from "node:worker_threads";
import { AxialError } from "../core/errors.js";
import { createWorkbench, makeBatch, type BatchJob } from "./batch-job.js";
import type { ImageBatch } from "./dataset.js";

export interface BatchRequest {
  readonly id: number;
  readonly job: BatchJob;
  readonly indices: Uint32Array;
  /** Shared; not 0 once the batch is not wanted any more. */
  readonly cancelled: Int32Array;
}

/** `batch` is null where it was cancelled. */
export type BatchAnswer =
  | { readonly id: number; readonly batch: ImageBatch | null }
  | { readonly id: number; readonly message: string; readonly isOwn: boolean };

const bench = createWorkbench();

parentPort?.on("message", ({ id, job, indices, cancelled }: BatchRequest) => {
  try {
    const batch = makeBatch(job, indices, bench, () => Atomics.load(cancelled, 0) !== 0);
    const moved = batch ? [batch.images.buffer, batch.labels.buffer, batch.indices.buffer] : [];
    parentPort?.postMessage({ id, batch } satisfies BatchAnswer, moved as ArrayBuffer[]);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    parentPort?.postMessage({ id, message, isOwn: error instanceof AxialError } satisfies BatchAnswer);
  }
});
