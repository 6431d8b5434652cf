/** The machine's peaks, beside which a kernel's arithmetic and its traffic are to be seen. */
import * as tf from "@tensorflow/tfjs";
import { assertKnownKeys } from "../../core/options.js";
import { wasmContext } from "./install.js";
import type { WasmContext } from "./kernel.js";
import { runMatrixProduct } from "./kernels/matrix-product-plan.js";

/** How a ceiling of this machine is measured. */
export interface PeakOptions {
  /** How often it is tried; the fastest counts. Default 25. */
  readonly rounds?: number;
}

/**
 * The most that our matrix product reaches on all threads, in multiply-adds a second, on operands that stay in the fastest
 * cache; null where it is not in use. A kernel's share of it says how far its arithmetic is from what this engine can do.
 *
 * @throws ConfigError for an option that there is not
 */
export function measureMatrixPeak(options: PeakOptions = {}): number | null {
  return fastest("engine.measureMatrixPeak", options, ({ backend, pool }) => {
    const [rows, columns, depth, batch] = [24, 32, 512, 16 * pool.threads];
    const [a, b, c] = [tf.ones([rows, depth]), tf.ones([depth, columns]), tf.zeros([batch, rows, columns])].map(
      ({ dataId }) => backend.dataIdMap.get(dataId).memoryOffset,
    );
    const same = { divisor: 1, count: 1 };
    return {
      work: rows * columns * depth * batch,
      run: () => runMatrixProduct(pool, { a, b, c, rows, columns, depth, batch, entriesOfA: same, entriesOfB: same }),
    };
  });
}

/** Of each of the two tensors that are copied: more than a core's own caches hold. */
const copiedBytes = 64 * 2 ** 20;
const blockBytes = 4096;

/**
 * The most that all threads together move through memory, in bytes a second, those read and those written counted: a tensor of
 * 64 MiB is copied. Null where our kernels are not in use.
 *
 * @throws ConfigError for an option that there is not
 */
export function measureMemoryPeak(options: PeakOptions = {}): number | null {
  return fastest("engine.measureMemoryPeak", options, ({ backend, pool }) => {
    const [source, target] = [0, 1].map(() => {
      const { dataId } = tf.zeros([copiedBytes / 4]);
      return backend.dataIdMap.get(dataId).memoryOffset;
    });
    const strides = { sourceStride0: 0, sourceStride1: 0, sourceStride2: blockBytes };
    const targetStrides = { targetStride0: 0, targetStride1: 0, targetStride2: blockBytes };
    const sizes = { bytes: blockBytes, size0: 1, size1: 1, size2: copiedBytes / blockBytes };
    return {
      work: 2 * copiedBytes,
      run: () => pool.run("copyBlocks", { source, target, ...sizes, ...strides, ...targetStrides }),
    };
  });
}

/** Work a second in the fastest round; null where our kernels are not in use. */
function fastest(
  name: string,
  options: PeakOptions,
  prepare: (context: WasmContext) => { readonly work: number; readonly run: () => void },
): number | null {
  assertKnownKeys(name, options, { rounds: true });
  const { rounds = 25 } = options;
  const context = wasmContext();
  if (context === null) return null;
  return tf.tidy(() => {
    const { work, run } = prepare(context);
    let best = Infinity;
    for (let round = 0; round < rounds; round++) {
      const startedAt = performance.now();
      run();
      best = Math.min(best, performance.now() - startedAt);
    }
    return (work * 1000) / best;
  });
}
