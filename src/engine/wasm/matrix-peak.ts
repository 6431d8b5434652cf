/** The machine's peak, beside which the arithmetic of a kernel is to be seen. */
import * as tf from "@tensorflow/tfjs";
import { wasmContext } from "./install.js";
import { runMatrixProduct } from "./kernels/matrix-product-plan.js";
import { assertKnownKeys } from "../../core/options.js";

/**
 * The most that our matrix product reaches on all threads, in multiply-adds a second, on operands that stay in the fastest
 * cache; null where it is not in use. A kernel's share of it says how far its arithmetic is from what this engine can do.
 */
export function measureMatrixPeak(options: { rounds?: number } = {}): number | null {
  assertKnownKeys("engine.measureMatrixPeak", options, { rounds: true });
  const { rounds = 25 } = options;
  const context = wasmContext();
  if (context === null) return null;
  const { backend, pool } = context;
  const [rows, columns, depth, batch] = [24, 32, 512, 16 * pool.threads];
  return tf.tidy(() => {
    const [a, b, c] = [tf.ones([rows, depth]), tf.ones([depth, columns]), tf.zeros([batch, rows, columns])].map(
      ({ dataId }) => backend.dataIdMap.get(dataId).memoryOffset,
    );
    const same = { divisor: 1, count: 1 };
    let best = Infinity;
    for (let round = 0; round < rounds; round++) {
      const startedAt = performance.now();
      runMatrixProduct(pool, { a, b, c, rows, columns, depth, batch, entriesOfA: same, entriesOfB: same });
      best = Math.min(best, performance.now() - startedAt);
    }
    return (rows * columns * depth * batch * 1000) / best;
  });
}
