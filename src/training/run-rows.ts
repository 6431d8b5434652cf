/** What the logs of runs come to: the outcome of each, and a row for each variant over its seeds. */
import { configuration, summarize, type ResNetConfig } from "../models/index.js";
import type { TrainConfig } from "./config.js";
import type { RunEvent } from "./events.js";
import { meanWithInterval, type MeanWithInterval } from "./statistics.js";

/** One run of a sweep. */
export interface SweepRun {
  readonly variant: string;
  readonly seed: number;
  /** The score of the last epoch. */
  readonly score: number;
  readonly seconds: number;
  readonly parameters: number;
}

/** A variant with the scores of its seeds. */
export interface SweepRow extends MeanWithInterval {
  readonly variant: string;
  readonly scores: readonly number[];
  readonly parameters: number;
  /** For one image at the final size; null where the model is none of the zoo's kind. */
  readonly multiplyAdds: number | null;
  /** Mean over the seeds. */
  readonly seconds: number;
}

/** What a run came to by its log, `measure` being what its scores are of. */
export function outcome(
  events: readonly RunEvent[],
  measure: string,
): Pick<SweepRun, "score" | "seconds" | "parameters"> {
  const epochs = events.filter((event) => event.event === "epoch");
  const start = events.find((event) => event.event === "start");
  return {
    score: epochs[epochs.length - 1].validation[measure],
    seconds: events.reduce((seconds, event) => (event.event === "end" ? event.seconds : seconds), 0),
    parameters: start?.parameters ?? 0,
  };
}

/** The runs of one variant, which have one configuration but for the seed. */
export function rowOf(variant: string, runs: readonly SweepRun[], { model, data, size }: TrainConfig): SweepRow {
  const scores = runs.map(({ score }) => score);
  return {
    variant,
    scores,
    ...meanWithInterval(scores),
    parameters: runs[0].parameters,
    multiplyAdds: multiplyAdds(model, { classes: data.classes.length, size: size.to }),
    seconds: runs.reduce((sum, { seconds }) => sum + seconds, 0) / runs.length,
  };
}

function multiplyAdds(model: TrainConfig["model"], options: { classes: number; size: number }): number | null {
  const config = typeof model === "string" ? configuration(model) : model;
  if (config === null || !("stem" in config)) return null;
  const { convolutionMacs, attentionMacs } = summarize(config as ResNetConfig, options);
  return convolutionMacs + attentionMacs;
}
