/** A thread that makes batches: answers each `BatchRequest`, in order, with one `BatchAnswer`. */
import { createRequire } from "node:module";
import { parentPort, workerData } from "node:worker_threads";
import { AxialError } from "../core/errors.js";
import type { BatchAnswer, BatchMakerModule, BatchRequest } from "./batch-maker.js";
import type { Batch } from "./dataset.js";

const loaded = createRequire(__filename)(workerData as string) as BatchMakerModule<unknown, Batch>;
const makeBatch = loaded.createBatchMaker();

parentPort?.on("message", ({ id, job, indices, cancelled }: BatchRequest) => {
  try {
    const batch = makeBatch(job, indices, () => Atomics.load(cancelled, 0) !== 0);
    parentPort?.postMessage({ id, batch } satisfies BatchAnswer, buffersOf(batch));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    parentPort?.postMessage({ id, message, isOwn: error instanceof AxialError } satisfies BatchAnswer);
  }
});

/** The memory of a batch, which moves to the thread that asked for it. */
const buffersOf = (batch: Batch | null): ArrayBuffer[] =>
  Object.values(batch ?? {}).flatMap((value: unknown) =>
    ArrayBuffer.isView(value) ? [value.buffer as ArrayBuffer] : [],
  );
