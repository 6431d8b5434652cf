/** Exponential moving average of a model's weights: what is validated in place of the weights themselves. */
import * as tf from "@tensorflow/tfjs";
import { copy, moveTowards, ownVariable } from "./optimizers.js";
import type { NamedWeight } from "./weights.js";

/** An exponential average of the weights. */
export interface AverageConfig {
  /** d, 0 to 1: the average looks back over about 1 / (1 - d) steps. */
  decay: number;
}

/** A running average of the weights. */
export interface WeightAverage {
  /** By the weights' names. */
  readonly state: ReadonlyMap<string, tf.Variable>;
  /** a += (1 - d_t)(w - a), d_t = min(d, (1 + t) / (10 + t)) after step t: early weights are soon forgotten. */
  update(step: number): void;
  /** Runs `work` with the averages in place of the weights, which come back whatever happens. */
  during<T>(work: () => Promise<T>): Promise<T>;
  /** Puts the averages in place of the weights for good. */
  apply(): void;
  dispose(): void;
}

/**
 * An average of all weights, running statistics of norms included: they belong to the weights that they were measured
 * with. It starts at the weights as they are.
 */
export function createAverage(weights: readonly NamedWeight[], { decay }: AverageConfig): WeightAverage {
  const pairs = weights.map(({ variable }) => ({ variable, average: ownVariable(() => copy(variable)) }));
  const apply = () => tf.tidy(() => pairs.forEach(({ variable, average }) => variable.assign(copy(average))));
  return {
    state: new Map(pairs.map(({ average }, i) => [weights[i].name, average])),
    update(step) {
      const share = 1 - Math.min(decay, (1 + step) / (10 + step));
      moveTowards(
        pairs.map(({ variable: source, average: target }) => ({ target, source })),
        share,
      );
    },
    async during(work) {
      // Taking turns on the same memory costs nothing; no step is taken while two tensors share it.
      const originals = pairs.map(({ variable }) => variable.clone());
      pairs.forEach(({ variable, average }) => variable.assign(average));
      try {
        return await work();
      } finally {
        pairs.forEach(({ variable }, i) => variable.assign(originals[i]));
        tf.dispose(originals);
      }
    },
    apply,
    dispose: () => pairs.forEach(({ average }) => average.dispose()),
  };
}
