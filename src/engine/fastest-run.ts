/** How long a computation takes on the running engine. */
import * as tf from "@tensorflow/tfjs";
import { assertPositiveIntegers } from "../core/checks.js";
import { assertKnownKeys, type KeysOf } from "../core/options.js";

/** How often `fastestRun` runs. */
export interface FastestRunOptions {
  /** How many runs are measured, after one that is not. Default 3. */
  readonly runs?: number;
}

const keys: KeysOf<FastestRunOptions> = { runs: true };

/**
 * Milliseconds of the fastest of a few runs: what the work takes where nothing else gets in its way. The result is waited
 * for by reading one number of it, and disposed.
 *
 *     const milliseconds = engine.fastestRun(() => tf.matMul(a, b));
 *
 * @throws ConfigError for an option that there is not, or `runs` that are no positive integer
 */
export function fastestRun(work: () => tf.Tensor, options: FastestRunOptions = {}): number {
  assertKnownKeys("engine.fastestRun", options, keys);
  const { runs = 3 } = options;
  assertPositiveIntegers("engine.fastestRun", { runs });
  const once = (): number =>
    tf.tidy(() => {
      const start = performance.now();
      work().flatten().slice(0, 1).dataSync();
      return performance.now() - start;
    });
  once();
  let fastest = Infinity;
  for (let run = 0; run < runs; run++) fastest = Math.min(fastest, once());
  return fastest;
}
