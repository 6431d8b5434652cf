/** Randomness that a resumed run repeats: every number depends on the run's seed and on the step, and on nothing else. */
import { randomOf, type Random } from "../core/random.js";

/** Keeps the uses of a run's seed apart from each other and from those of the data sets. */
const purpose = { initialWeights: 101, step: 102, task: 103 } as const;

/** The seed of a model's initial weights. Far apart for neighbouring seeds of runs, as models count on from it. */
export const initialSeed = (seed: number): number => randomOf(purpose.initialWeights, seed).integer(2 ** 31);

/** Of what the random numbers of a step are a function. */
export interface StepPlace {
  readonly seed: number;
  readonly step: number;
  /** Which of the processes that train together: each drops other units of other images. */
  readonly rank: number;
}

/** The random numbers of a task for one part of the batch of a step. */
export const taskRandom = ({ seed, step, rank }: StepPlace, part: number): Random =>
  randomOf(purpose.task, seed, step, rank, part);

/**
 * Does the work of one step, which must be synchronous, with `Math.random` giving numbers drawn from the run's seed and
 * the step.
 *
 * TensorFlow.js seeds whatever has no seed of its own (drop-out) from `Math.random`, and drop-out that has one drops the
 * same units at every step. This is therefore the one way to repeat a model that nobody wrote with resumption in mind.
 * Nothing else runs in between, and the original comes back whatever happens.
 */
export function withStepRandom<T>({ seed, step, rank }: StepPlace, work: () => T): T {
  const original = Object.getOwnPropertyDescriptor(Math, "random") as PropertyDescriptor;
  const random = randomOf(purpose.step, seed, step, rank);
  Object.defineProperty(Math, "random", { ...original, value: () => random.uniform() });
  try {
    return work();
  } finally {
    Object.defineProperty(Math, "random", original);
  }
}
