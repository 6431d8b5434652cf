/** What a model is worth on a data set, for its task. */
import * as tf from "@tensorflow/tfjs";
import { assertKnownKeys, type KeysOf } from "../core/options.js";
import { partsOf, type Batch, type Dataset, type Split } from "../data/dataset.js";
import { batchesPerEpoch } from "../data/plan.js";
import * as engine from "../engine/index.js";
import { localExchange, type Exchange } from "../exchange/exchange.js";
import { explainMemory } from "./memory.js";
import { inputsOf, outputsOf } from "./pass.js";
import type { Evaluation, ModelConfig, Task } from "./task.js";
import { classification, type ClassificationEvaluation } from "./tasks/classification.js";

/** What `evaluate` goes over, and how. */
export interface EvaluateOptions<B extends Batch, E extends Evaluation> {
  /** Side of the square images, in pixels. */
  size: number;
  /** Default: classification. */
  task?: Task<B, E>;
  /** Default `validation`. */
  split?: Split;
  /** Default 64. */
  batchSize?: number;
  /** The processes that share the images out; each gets the result of all. Default: this one alone. */
  exchange?: Exchange;
  /** Ends with the signal's reason. Default: none. */
  signal?: AbortSignal;
  /** After each batch. Default: nobody is told. */
  onBatch?: (done: number, total: number) => void;
}

const keys: KeysOf<EvaluateOptions<Batch, Evaluation>> = {
  size: true,
  task: true,
  split: true,
  batchSize: true,
  exchange: true,
  signal: true,
  onBatch: true,
};

/**
 * Runs the model in inference mode over a split, without augmentation, and measures what the task measures.
 *
 * @throws ConfigError for an option that there is not, and for data of another task
 * @throws ShapeError for a model whose outputs are not those of the task
 * @throws UnsupportedError where a batch of images of this size does not fit in memory: it says how many would
 */
export async function evaluate<B extends Batch, E extends Evaluation = ClassificationEvaluation>(
  model: tf.LayersModel,
  data: Dataset<B>,
  options: EvaluateOptions<B, E>,
): Promise<E> {
  assertKnownKeys("evaluate", options, keys);
  const {
    size,
    task: given,
    split = "validation",
    batchSize = 64,
    exchange = localExchange,
    signal,
    onBatch,
  } = options;
  await engine.ready();
  const startedAt = performance.now();
  const task = given ?? (classification() as unknown as Task<B, E>);
  task.assertData(data);
  task.assertModel(model, data);
  const meter = task.meter(data);
  const total = batchesPerEpoch(data, { split, batchSize });
  let done = 0;
  const { rank, size: ranks } = exchange;
  const order = { split, batchSize, size, seed: 0, epoch: 0, shard: { rank, size: ranks }, signal };
  for await (const batch of data.batches(order)) {
    const outputs = predict(task, model, batch);
    await meter.add(outputs, batch);
    tf.dispose(outputs);
    onBatch?.(++done, total);
    signal?.throwIfAborted();
  }
  await exchange.sum(meter.sums);
  return { ...meter.result(), seconds: (performance.now() - startedAt) / 1000 } as E;
}

/** Where the batch does not fit in the engine's memory, the error says how many images would. */
function predict(task: Task<Batch, Evaluation, ModelConfig>, model: tf.LayersModel, batch: Batch): tf.Tensor[] {
  const pass = (part: Batch) => tf.tidy(() => outputsOf(model.apply(inputsOf(task, part, null), { training: false })));
  try {
    return pass(batch);
  } catch (error) {
    const [images, size] = batch.shape;
    throw explainMemory(error, {
      rule: "evaluate: a batch",
      images,
      size,
      pass: (count) => tf.dispose(pass(partsOf(batch, count)[0])),
      options: ["batchSize"],
    });
  }
}
