/**
 * A few threads that make batches ahead of the consumer. While a training step keeps the main thread busy, its images are
 * made beside it: what is asked for is already in the threads' queues.
 */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { AxialError, FileError } from "../core/errors.js";
import type { BatchAnswer, BatchRequest } from "./batch-maker.js";
import type { Batch } from "./dataset.js";

/** What a batch is made from besides its indices: plain data, which goes to the threads. */
export interface BatchJob {
  /** Side of the images that come out, in pixels. */
  readonly size: number;
}

export interface BatchPool<Job, B extends Batch> {
  /** The batches of these indices, in this order. */
  stream(
    job: Job,
    plan: readonly Uint32Array[],
    options?: { readonly signal?: AbortSignal },
  ): AsyncGenerator<B, void, undefined>;
  /** Ends the threads; batches still waited for are refused. */
  close(): Promise<void>;
}

export interface BatchPoolOptions {
  /** Default: 2, or 1 on a single core: enough for several thousand images of 64 px a second. */
  readonly threads?: number;
  /** Batches made ahead. Default: as many as fit in 128 MiB, from 2 to 16. */
  readonly prefetch?: number;
}

interface Waiting {
  readonly resolve: (batch: Batch | null) => void;
  readonly reject: (reason: unknown) => void;
}

const prefetchBytes = 128 << 20;

/**
 * `where` begins the error messages. `maker` is the path of a `BatchMakerModule`, which the threads load. They start with
 * the first stream, and never keep the process alive by themselves.
 */
export function createBatchPool<Job extends BatchJob, B extends Batch>(
  where: string,
  maker: string,
  options: BatchPoolOptions = {},
): BatchPool<Job, B> {
  const { threads = Math.min(2, availableParallelism()), prefetch } = options;
  const workers: Worker[] = [];
  const waiting = new Map<number, Waiting>();
  let nextId = 0;
  let closed = false;

  const fail = (reason: unknown): void => {
    for (const { reject } of waiting.values()) reject(reason);
    waiting.clear();
  };
  const startWorker = (): Worker => {
    const worker = new Worker(join(__dirname, "batch-worker.js"), { name: "axial-lab batches", workerData: maker });
    worker.unref();
    worker.on("message", (answer: BatchAnswer) => {
      const entry = settle(answer.id);
      if ("batch" in answer) entry?.resolve(answer.batch);
      else entry?.reject(errorOf(answer));
    });
    worker.on("error", fail);
    worker.on("exit", (code) => {
      if (!closed)
        fail(
          new AxialError(
            `${where}: a thread that makes batches must not end, got exit code ${code}; make the data set again, with fewer workers where memory is short`,
          ),
        );
    });
    return worker;
  };
  /** Takes the batch off the list; with nothing under way, idle threads let the process end. */
  const settle = (id: number): Waiting | undefined => {
    const entry = waiting.get(id);
    waiting.delete(id);
    if (waiting.size === 0 && !closed) for (const worker of workers) worker.unref();
    return entry;
  };
  const request = (job: Job, indices: Uint32Array, cancelled: Int32Array) => {
    const id = nextId++;
    const batch = new Promise<Batch | null>((resolve, reject) => waiting.set(id, { resolve, reject }));
    batch.catch(() => undefined); // Reported when its turn comes, if it does.
    for (const worker of workers) worker.ref();
    workers[id % workers.length].postMessage({ id, job, indices, cancelled } satisfies BatchRequest<Job>);
    return { id, batch };
  };
  const assertOpen = (): void => {
    if (closed) throw new AxialError(`${where}: the data set must be open, got one that is closed; make a new one`);
  };

  async function* stream(
    job: Job,
    plan: readonly Uint32Array[],
    { signal }: { readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<B, void, undefined> {
    assertOpen();
    signal?.throwIfAborted();
    while (workers.length < threads) workers.push(startWorker());
    const batchBytes = (plan[0]?.length ?? 1) * job.size * job.size * 3 * 4;
    const ahead = prefetch ?? Math.min(16, Math.max(2, Math.floor(prefetchBytes / batchBytes)));
    const cancelled = new Int32Array(new SharedArrayBuffer(4));
    const underWay: { id: number; batch: Promise<Batch | null> }[] = [];
    const onAbort = (): void => {
      for (const { id } of underWay) settle(id)?.reject(signal?.reason);
    };
    signal?.addEventListener("abort", onAbort);
    try {
      for (let next = 0; ;) {
        assertOpen();
        for (; underWay.length < ahead && next < plan.length; next++) {
          underWay.push(request(job, plan[next], cancelled));
        }
        if (underWay.length === 0) return;
        const batch = await underWay[0].batch;
        underWay.shift();
        if (batch) yield batch as B;
        signal?.throwIfAborted();
      }
    } finally {
      Atomics.store(cancelled, 0, 1);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  return {
    stream,
    async close() {
      closed = true;
      // Referenced first: a process that waits for nothing but their end would end itself, before whoever waits goes on.
      await Promise.all(
        workers.map((worker) => {
          worker.ref();
          return worker.terminate();
        }),
      );
      fail(
        new AxialError(
          `${where}: the data set must stay open, got close() while a batch was waited for; take what you need first`,
        ),
      );
    },
  };
}

/** The library's own errors lose their class on the way between threads. */
function errorOf({ message, isOwn }: Extract<BatchAnswer, { message: string }>): Error {
  return isOwn ? new FileError(message) : new Error(`internal: ${message}`);
}
