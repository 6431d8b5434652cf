/** One rank of a training in threads: trains as its `workerData` says, and posts the losses of its steps and its weights. */
import { parentPort, workerData } from "node:worker_threads";
import { generated } from "../../../src/data/index.js";
import * as engine from "../../../src/engine/index.js";
import { localExchange } from "../../../src/exchange/index.js";
import { train, type TrainOptions } from "../../../src/training/index.js";
import { threadExchange, type SharedRanks } from "../../helpers/thread-exchange.js";
import { stepsOf, valuesOf } from "../tiny.js";

export interface RankTask {
  readonly shared: SharedRanks | null;
  readonly rank: number;
  readonly images: number;
  readonly options: Omit<TrainOptions, "data" | "exchange">;
}

export interface RankReport {
  readonly losses: readonly number[];
  /** Of the first step: the share of the gradient that was summed within the backward pass. */
  readonly overlapped: number | undefined;
  readonly values: readonly number[];
}

async function run({ shared, rank, images, options }: RankTask): Promise<RankReport> {
  await engine.start({ threads: 1 });
  const data = generated({ classes: 3, trainCount: images, validationCount: 6 });
  const exchange = shared === null ? localExchange : threadExchange(shared, rank);
  const { events, model } = await train({ ...options, data, exchange });
  const steps = stepsOf(events);
  const report = { losses: steps.map(({ loss }) => loss), overlapped: steps[0].overlapped, values: valuesOf(model) };
  await data.close();
  await engine.stop();
  return report;
}

void run(workerData as RankTask).then((report) => parentPort!.postMessage(report));
