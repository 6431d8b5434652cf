/** The training loop, from top to bottom; what it calls stands below it or in the file of that name. */
import { setImmediate as turn } from "node:timers/promises";
import * as tf from "@tensorflow/tfjs";
import type { ImageBatch } from "../data/dataset.js";
import * as engine from "../engine/index.js";
import { AxialError } from "../core/errors.js";
import { freshState, type RunState } from "./checkpoint.js";
import { sizeAt, type TrainConfig, type TrainOptions } from "./config.js";
import { evaluate, type Evaluation } from "./evaluate.js";
import type { RunEnded, RunEvent, RunStarted } from "./events.js";
import { explainMemory } from "./memory.js";
import { countTop, ranks } from "./metrics.js";
import { clipScale } from "./optimizers.js";
import { withStepRandom } from "./random.js";
import { addPasses, disposePass, forwardAndBack, partsOf, type Pass } from "./pass.js";
import { openRun, type Run } from "./run.js";
import { rateFactor } from "./schedule.js";
import { every, stopwatch, timed } from "./timing.js";

export interface TrainResult {
  /** With the weights that were validated last: the averaged ones where the run averages. */
  model: tf.LayersModel;
  config: TrainConfig;
  /** The whole run, earlier parts included where it was resumed beside its log. */
  events: RunEvent[];
  /** The epoch with the highest validation top-1; null before the first validation. */
  best: { epoch: number; top1: number } | null;
  /** Whether the signal ended the run, which may be resumed. */
  interrupted: boolean;
  /** The last checkpoint; null without `out`. */
  checkpoint: string | null;
}

/**
 * Trains a classifier. A run is a function of its configuration, its data and the engine with its number of threads:
 * killed at any moment and resumed, it ends with the same bits as one that was not. It disposes of every tensor that it
 * makes; the model is the caller's.
 *
 * Errors: `ConfigError` for options, `FileError` for a checkpoint that cannot be resumed, `AxialError` where the loss
 * stops being finite (the last checkpoint is from before), `UnsupportedError` where a pass does not fit in memory.
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  await tf.ready();
  const { data, signal } = options;
  const run = await openRun(options);
  const { config, state, model, average } = run;
  const { epochs, batchSize, seed } = config;
  try {
    run.emit(started(run, options));
    const lap = stopwatch(state);
    const checkpointIsDue = every(options.checkpointEvery ?? { minutes: 5 });
    let ending: RunEnded["reason"] = "done";

    while (state.epoch < epochs) {
      if (config.patience !== null && epochsSinceBest(state.scores) >= config.patience) {
        ending = "early stop";
        break;
      }
      const { epoch } = state;
      const size = sizeAt(config.size, epoch, epochs);
      const order = { split: "train", batchSize, size, seed, epoch, skip: state.batch } as const;

      for await (const { batch, waited } of timed(data.batches(order))) {
        const learningRate = rateAt(run);
        const { loss, right, gradientNorm } = await trainingStep(run, batch, learningRate);
        assertFinite(loss, run, learningRate);

        const images = batch.labels.length;
        const seconds = lap();
        state.step++;
        state.batch++;
        state.sums.loss += loss * images;
        state.sums.right += right;
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
        });
        await turn(); // Signals, timers and decoded images come in.
        if (signal?.aborted) break;
        if (checkpointIsDue(state.step)) await run.save("last");
      }

      const validation = await validate(run, options);
      if (!validation) {
        lap();
        await run.save("last");
        ending = "interrupted";
        break;
      }

      const best = validation.top1 > Math.max(...state.scores, -1);
      const { sums, step } = state;
      run.emit({
        event: "epoch",
        epoch,
        step,
        seconds: sums.seconds + lap(),
        imagesPerSecond: sums.images / sums.seconds,
        size,
        trainLoss: sums.loss / sums.images,
        trainTop1: sums.right / sums.images,
        validationLoss: validation.loss,
        validationTop1: validation.top1,
        validationTop5: validation.top5,
        learningRate: rateAt(run, step - 1),
        best,
        peakHeapBytes: engine.memory().heap?.peakBytes ?? null,
      });
      state.scores.push(validation.top1);
      Object.assign(state, { epoch: epoch + 1, batch: 0, sums: freshState().sums });
      // The best first: killed between the two, a resumed run validates again and writes it again.
      if (best) await run.save("best");
      await run.save("last");
    }

    average?.apply();
    run.emit(ended(state, ending));
    return {
      model,
      config,
      events: run.events,
      best: bestOf(state.scores),
      interrupted: ending === "interrupted",
      checkpoint: run.checkpoint,
    };
  } finally {
    run.close();
  }
}

/** One step of gradient descent on one batch: forward, back, update. `right`: images whose highest logit is right. */
async function trainingStep(
  run: Run,
  batch: ImageBatch,
  learningRate: number,
): Promise<{ loss: number; right: number; gradientNorm: number | null }> {
  const { config, state, optimizer, average } = run;
  const { loss, logits, gradients } = withStepRandom(config.seed, state.step, () => passInParts(run, batch));
  const share = 1 / batch.labels.length;
  const clip = config.clipNorm === null ? null : await clipScale(gradients, config.clipNorm / share);
  optimizer.step(gradients, { learningRate, gradientScale: share * (clip?.scale ?? 1) });
  average?.update(state.step);

  const lossSum = (await loss.data())[0];
  const right = countTop(ranks((await logits.data()) as Float32Array, batch.labels), 1);
  disposePass({ loss, logits, gradients });
  return { loss: lossSum * share, right, gradientNorm: clip && clip.norm * share };
}

/** Forward and back, as many images at once as the configuration says. */
function passInParts(run: Run, batch: ImageBatch): Pass {
  let sum: Pass | null = null;
  try {
    for (const part of partsOf(batch, run.config.microBatch)) {
      const next = forwardAndBack(run, part);
      sum = sum === null ? next : addPasses(sum, next);
    }
    return sum!;
  } catch (error) {
    if (sum !== null) disposePass(sum);
    throw tooLarge(error, run, batch);
  }
}

/** Says that a pass does not fit, and how many images would. */
const tooLarge = (error: unknown, run: Run, batch: ImageBatch): unknown =>
  explainMemory(error, {
    rule: "train: a pass",
    images: run.config.microBatch,
    size: batch.shape[1],
    pass: (count) => disposePass(forwardAndBack(run, partsOf(batch, count)[0])),
    // The gradients of the parts before, which are kept while a part is passed.
    keptBytes: 4 * run.parameters.reduce((sum, { variable }) => sum + variable.size, 0),
    options: ["microBatch", "batchSize"],
  });

/**
 * Measures the averaged weights where the run averages, as many images at once as go through the model in training; null
 * where the signal ended it.
 */
async function validate({ config, state, model, average }: Run, options: TrainOptions): Promise<Evaluation | null> {
  const { data, signal, onValidation: onBatch } = options;
  const last = state.epoch + 1 >= config.epochs;
  const size = last ? config.size.to : sizeAt(config.size, state.epoch, config.epochs);
  const measure = () => evaluate(model, data, { size, batchSize: config.microBatch, signal, onBatch });
  if (signal?.aborted) return null;
  try {
    return await (average ? average.during(measure) : measure());
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

const bestOf = (scores: readonly number[]): TrainResult["best"] =>
  scores.length === 0 ? null : { epoch: scores.indexOf(Math.max(...scores)), top1: Math.max(...scores) };

const epochsSinceBest = (scores: readonly number[]): number => scores.length - 1 - (bestOf(scores)?.epoch ?? -1);

const started = ({ config, parameters, stepsPerEpoch, steps, state }: Run, options: TrainOptions): RunStarted => ({
  event: "start",
  time: new Date().toISOString(),
  config,
  engine: engine.report() ?? { backend: tf.getBackend() },
  parameters: parameters.reduce((sum, { variable }) => sum + variable.size, 0),
  stepsPerEpoch,
  steps,
  ...(options.resume !== undefined && { resumedFromStep: state.step }),
});

const ended = ({ scores, seconds }: RunState, reason: RunEnded["reason"]): RunEnded => ({
  event: "end",
  time: new Date().toISOString(),
  seconds,
  bestTop1: bestOf(scores)?.top1 ?? 0,
  reason,
  peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
  peakHeapBytes: engine.memory().heap?.peakBytes ?? null,
});
