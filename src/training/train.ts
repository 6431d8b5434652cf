/** The training loop, from top to bottom; what it calls stands below it or in the file of that name. */
import { setImmediate as turn } from "node:timers/promises";
import * as tf from "@tensorflow/tfjs";
import { AxialError } from "../core/errors.js";
import { partsOf, type Batch, type ImageBatch } from "../data/dataset.js";
import * as engine from "../engine/index.js";
import { assertGradients, noteBackend } from "../engine/verified.js";
import { withSynchronizedNorms } from "../functions/synchronized-moments.js";
import type { ResNetConfig } from "../models/index.js";
import { freshState } from "./checkpoint.js";
import { sizeAt, type TrainConfig } from "./config.js";
import { evaluate } from "./evaluate.js";
import type { RunEnded, RunEvent, RunStarted } from "./events.js";
import { explainMemory } from "./memory.js";
import { clipScale } from "./optimizers.js";
import { assertTrainOptions, type AnyTrainOptions, type TrainOptions } from "./options.js";
import { addPasses, disposePass, forwardAndBack, type Pass } from "./pass.js";
import { openRun, type Run } from "./run.js";
import { rateFactor } from "./schedule.js";
import { taskRandom, withStepRandom, type StepPlace } from "./step-random.js";
import { assertSameOnAllRanks, averageOverRanks, summedAtOnce } from "./summed.js";
import type { Evaluation, Measures, ModelConfig, StepContext } from "./task.js";
import { every, stopwatch, timed } from "./timing.js";

/** What `train` gives: the model, and all that was found on the way. */
export interface TrainResult {
  /** With the weights that were validated last: the averaged ones where the run averages. */
  model: tf.LayersModel;
  config: TrainConfig;
  /** The whole run, earlier parts included where it was resumed beside its log. */
  events: RunEvent[];
  /** The epoch with the best score (of the measure that the task says); null before the first validation. */
  best: { epoch: number; score: number } | null;
  /** Whether the signal ended the run, which may be resumed. */
  interrupted: boolean;
  /** The last checkpoint; null without `out`. */
  checkpoint: string | null;
}

/**
 * Trains a model for a task, by default a classifier. A run is a function of its configuration, its data and the engine with its number of threads:
 * killed at any moment and resumed, it ends with the same bits as one that was not. It disposes of every tensor that it
 * makes; the model is the caller's.
 *
 * @throws ConfigError for options, and for data of another task
 * @throws ShapeError for a model whose outputs are not those of the task
 * @throws FileError for a checkpoint that cannot be resumed, and for weights to start from that cannot be read
 * @throws AxialError where the loss stops being finite (the last checkpoint is from before), and where ranks that train together
 *   have other weights after an epoch
 * @throws UnsupportedError where a pass does not fit in memory, no gradients can be had on the backend, or MPI is not as it should be
 */
export async function train<
  B extends Batch = ImageBatch,
  E extends Evaluation = Evaluation,
  M extends ModelConfig = ResNetConfig,
>(given: TrainOptions<B, E, M>): Promise<TrainResult> {
  const options = given as unknown as AnyTrainOptions;
  assertTrainOptions(options);
  await engine.ready();
  noteBackend("train");
  assertGradients("train");
  const { data, signal } = options;
  const run = await openRun(options);
  const { config, task, state, model, average, exchange } = run;
  const { epochs, batchSize, seed } = config;
  try {
    run.emit(started(run, options));
    const lap = stopwatch(state);
    const checkpointIsDue = every(options.checkpointEvery ?? { minutes: 5 });
    const shard = { rank: exchange.rank, size: exchange.size };
    let ending: RunEnded["reason"] = "done";

    while (state.epoch < epochs) {
      if (config.patience !== null && epochsSinceBest(state.scores) >= config.patience) {
        ending = "early stop";
        break;
      }
      const { epoch } = state;
      const size = sizeAt(config.size, epoch, epochs);
      const order = { split: "train", batchSize, size, seed, epoch, skip: state.batch, shard } as const;
      let stopped = false;

      for await (const { batch, waited } of timed(data.batches(order))) {
        const learningRate = rateAt(run);
        const wishes = { stop: signal?.aborted === true, save: checkpointIsDue(state.step + 1) };
        const done = await trainingStep(run, batch, learningRate, wishes);
        const { loss, images, counts, gradientNorm, overlapped, stop, save } = done;
        assertFinite(loss, run, learningRate);

        const seconds = lap();
        state.step++;
        state.batch++;
        state.sums.loss += loss * images;
        addCounts(state.sums.counts, counts);
        state.sums.images += images;
        state.sums.seconds += seconds;
        run.emit({
          event: "step",
          step: state.step,
          epoch,
          loss,
          learningRate,
          imagesPerSecond: images / seconds,
          waited,
          ...(gradientNorm !== null && { gradientNorm }),
          ...(overlapped !== null && { exchanging: exchange.lap(), overlapped }),
        });
        await turn(); // Signals, timers and decoded images come in.
        stopped = stop || (exchange.size === 1 && signal?.aborted === true);
        if (stopped) break;
        if (save) await run.save("last");
      }

      if (!stopped) await assertSameWeights(run);
      const validation = stopped ? null : await validate(run, options);
      if (!validation) {
        lap();
        await run.save("last");
        ending = "interrupted";
        break;
      }

      const score = validation[task.score.measure];
      const best = isBest(score, run);
      const { sums, step } = state;
      run.emit({
        event: "epoch",
        epoch,
        step,
        seconds: sums.seconds + lap(),
        imagesPerSecond: sums.images / sums.seconds,
        size,
        training: { loss: sums.loss / sums.images, ...task.trainingMeasures(sums.counts) },
        validation,
        learningRate: rateAt(run, step - 1),
        best,
        peakHeapBytes: engine.memory().heap?.peakBytes ?? null,
      });
      state.scores.push(signOf(run) * score);
      Object.assign(state, { epoch: epoch + 1, batch: 0, sums: freshState().sums });
      // The best first: killed between the two, a resumed run validates again and writes it again.
      if (best) await run.save("best");
      await run.save("last");
    }

    average?.apply();
    run.emit(ended(run, ending));
    return {
      model,
      config,
      events: run.events,
      best: bestOf(run),
      interrupted: ending === "interrupted",
      checkpoint: run.checkpoint,
    };
  } finally {
    run.close();
  }
}

interface StepResult {
  loss: number;
  /** In the batch of all ranks. */
  images: number;
  counts: Measures;
  gradientNorm: number | null;
  /** As in `StepDone`; null on one rank. */
  overlapped: number | null;
  /** Whether the signal of any rank says so. */
  stop: boolean;
  /** Whether rank 0 finds that a checkpoint is due. */
  save: boolean;
}

/** What a rank would like to happen after the step. */
type Wishes = Pick<StepResult, "stop" | "save">;

/** One step of gradient descent on one batch: forward, back, sum over the ranks, update. */
async function trainingStep(run: Run, batch: Batch, learningRate: number, wishes: Wishes): Promise<StepResult> {
  const { config, state, task, optimizer, average, exchange, gradientSums } = run;
  exchange.lap();
  const totals = Float64Array.from(task.totals(batch));
  await exchange.sum([totals]);
  const sumOfNorms = config.normsSee === "all" && exchange.size > 1 ? summedAtOnce(exchange) : null;
  const pass = withStepRandom(placeOf(run), () =>
    withSynchronizedNorms(sumOfNorms, () => passInParts(run, batch, [...totals])),
  );
  const sums = await gradientSums?.finish(pass.gradients);
  const gradients = sums?.gradients ?? pass.gradients;
  const clip = config.clipNorm === null ? null : await clipScale(gradients, config.clipNorm);
  optimizer.step(gradients, { learningRate, gradientScale: clip?.scale });
  average?.update(state.step);

  const counts: Record<string, number> = {};
  for (const { part, tensors } of pass.kept) {
    addCounts(counts, task.tally(await Promise.all(tensors.map((tensor) => tensor.data())), part));
  }
  const loss = (await pass.loss.data())[0];
  disposePass({ ...pass, gradients });

  const names = Object.keys(counts);
  const saves = wishes.save && exchange.rank === 0;
  const told = Float64Array.of(loss, batch.shape[0], Number(wishes.stop), Number(saves), ...Object.values(counts));
  await exchange.sum([told]);
  return {
    loss: told[0],
    images: told[1],
    stop: told[2] > 0,
    save: told[3] > 0,
    counts: Object.fromEntries(names.map((name, i) => [name, told[4 + i]])),
    gradientNorm: clip && clip.norm,
    overlapped: sums?.overlapped ?? null,
  };
}

const placeOf = ({ config, state, exchange }: Run): StepPlace => ({
  seed: config.seed,
  step: state.step,
  rank: exchange.rank,
});

/** All ranks took the same steps from the same weights; where they have not the same now, the run would be worth nothing. */
const assertSameWeights = ({ exchange, parameters, state }: Run): Promise<void> =>
  assertSameOnAllRanks(
    exchange,
    parameters.map(({ variable }) => variable),
    `weights after epoch ${state.epoch + 1}`,
  );

/**
 * Forward and back, as many images at once as the configuration says. Of the last part, the gradients are summed over the
 * ranks on the way.
 */
function passInParts(run: Run, batch: Batch, totals: readonly number[]): Pass {
  const { config, state, steps } = run;
  const context = (part: number): StepContext => ({
    progress: state.step / steps,
    random: taskRandom(placeOf(run), part),
  });
  let sum: Pass | null = null;
  try {
    const parts = partsOf(batch, config.microBatch);
    for (const [i, part] of parts.entries()) {
      const onPart = i === parts.length - 1 ? run.gradientSums?.begin(sum && sum.gradients) : undefined;
      const next: Pass = forwardAndBack(run, part, totals, context(i), onPart);
      sum = sum === null ? next : addPasses(sum, next);
    }
    return sum!;
  } catch (error) {
    if (sum !== null) disposePass(sum);
    const pass = (part: Batch) => forwardAndBack(run, part, totals, context(0));
    throw tooLarge(error, run, batch, pass);
  }
}

/** Says that a pass does not fit, and how many images would. */
const tooLarge = (error: unknown, run: Run, batch: Batch, pass: (part: Batch) => Pass): unknown =>
  explainMemory(error, {
    rule: "train: a pass",
    images: run.config.microBatch,
    size: batch.shape[1],
    pass: (count) => disposePass(pass(partsOf(batch, count)[0])),
    // The gradients of the parts before, which are kept while a part is passed.
    keptBytes: 4 * run.parameters.reduce((sum, { variable }) => sum + variable.size, 0),
    options: ["microBatch", "batchSize"],
  });

/**
 * Measures the averaged weights where the run averages, as many images at once as go through the model in training; null
 * where the signal ended it. Several ranks, which must agree on it, end after a step and not here.
 */
async function validate(run: Run, options: AnyTrainOptions): Promise<Measures | null> {
  const { config, task, state, model, average, exchange } = run;
  const { data, onValidation: onBatch } = options;
  const signal = exchange.size === 1 ? options.signal : undefined;
  const last = state.epoch + 1 >= config.epochs;
  const size = last ? config.size.to : sizeAt(config.size, state.epoch, config.epochs);
  const measure = () =>
    evaluate(model, data, { task, size, batchSize: config.microBatch * exchange.size, exchange, signal, onBatch });
  if (signal?.aborted) return null;
  await averageOverRanks(exchange, run.statistics);
  try {
    return task.validationMeasures(await (average ? average.during(measure) : measure()));
  } catch (error) {
    if (signal?.aborted) return null;
    throw error;
  }
}

/** The learning rate of the step after `step` steps; by default of the next one. */
function rateAt({ config, state, steps, stepsPerEpoch }: Run, step = state.step): number {
  return config.learningRate * rateFactor(config.schedule, { step, steps, stepsPerEpoch, scores: state.scores });
}

function assertFinite(loss: number, { state }: Run, learningRate: number): void {
  if (Number.isFinite(loss)) return;
  throw new AxialError(
    `train: the loss must stay finite, got ${loss} in step ${state.step + 1} at learning rate ` +
      `${learningRate.toPrecision(3)}; lower the learning rate, warm up or set clipNorm=1`,
  );
}

function addCounts(sums: Record<string, number>, counts: Measures): void {
  for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count;
}

/** Scores are kept so that higher is better. */
const signOf = ({ task }: Run): 1 | -1 => (task.score.best === "highest" ? 1 : -1);

const isBest = (score: number, run: Run): boolean =>
  run.state.scores.every((earlier) => signOf(run) * score > earlier) && !Number.isNaN(score);

/** The first epoch with the highest of the kept scores. */
const bestEpoch = (scores: readonly number[]): number =>
  scores.reduce((best, score, epoch) => (best < 0 || score > scores[best] ? epoch : best), -1);

function bestOf(run: Run): TrainResult["best"] {
  const { scores } = run.state;
  const epoch = bestEpoch(scores);
  return epoch < 0 ? null : { epoch, score: signOf(run) * scores[epoch] };
}

const epochsSinceBest = (scores: readonly number[]): number => scores.length - 1 - bestEpoch(scores);

const started = (run: Run, options: AnyTrainOptions): RunStarted => ({
  event: "start",
  time: new Date().toISOString(),
  config: run.config,
  engine: engine.report() ?? { backend: tf.getBackend() },
  parameters: run.parameters.reduce((sum, { variable }) => sum + variable.size, 0),
  stepsPerEpoch: run.stepsPerEpoch,
  steps: run.steps,
  score: run.task.score,
  ...(options.resume !== undefined && { resumedFromStep: run.state.step }),
});

const ended = (run: Run, reason: RunEnded["reason"]): RunEnded => ({
  event: "end",
  time: new Date().toISOString(),
  seconds: run.state.seconds,
  bestScore: bestOf(run)?.score ?? null,
  reason,
  peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
  peakHeapBytes: engine.memory().heap?.peakBytes ?? null,
});
