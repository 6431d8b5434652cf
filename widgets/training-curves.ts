/** Training curves: loss, score and learning rate of one or several runs, from their logs. */
import type { Figure } from "./figure.js";
import { distinctNames } from "./names.js";
import { liveFigure, liveKeys, type LiveOptions } from "./live.js";
import { extent, percent, significant } from "./numbers.js";
import { columnWidth } from "./theme.js";
import { vegaFigure } from "./vega.js";
import type { VegaLiteSpec } from "./vega-lite-spec.js";
import { assertKnownKeys, assertList, assertObject, type KeysOf } from "../src/core/options.js";

/** What the curves read of a training log; an event of `axial.training` is one of these. Epochs count from 0. */
export type LogEvent =
  | { event: "step"; step: number; loss: number; learningRate: number }
  | { event: "epoch"; epoch: number; step: number; training: Measures; validation: Measures }
  | FlatEpoch
  | { event: "start"; score?: Score }
  | { event: "end" };

/** An epoch of a classifier as logs of before tasks have it. */
interface FlatEpoch {
  event: "epoch";
  epoch: number;
  step: number;
  trainLoss: number;
  trainTop1: number;
  validationLoss: number;
  validationTop1: number;
}

/** Measures by name; `loss` is one of them. */
type Measures = Readonly<Record<string, number>>;

/** The measure that decides, and which of its values is best. */
interface Score {
  readonly measure: string;
  readonly best: "highest" | "lowest";
}

/** The log of one run, and its name in the legend. */
export interface Run {
  /** Names the run in the legend. */
  name: string;
  events: readonly LogEvent[];
}

/** How training curves are smoothed and titled. */
export interface TrainingCurvesOptions {
  /** Default "Training curves". */
  title?: string;
  /** Steps over which the loss of single steps is averaged, exponentially. Default 20. */
  smoothing?: number;
  /** Points of a curve at most; steps beyond are averaged in groups. Default 200. */
  points?: number;
}

const keys: KeysOf<TrainingCurvesOptions> = { title: true, smoothing: true, points: true };

type Step = Extract<LogEvent, { event: "step" }>;
type Epoch = Extract<LogEvent, { training: Measures }>;

/**
 * Exponential average over about `span` steps, from both sides, so that the curve lags behind nothing. One side is
 * m_t = a m_(t-1) + (1 - a) x_t with a = 1 - 1/span, divided by 1 - a^t so that its start is not pulled towards zero.
 * Values that are not finite stay as they are and count in no average.
 */
export function smoothed(values: readonly number[], span: number): number[] {
  const keep = span <= 1 ? 0 : 1 - 1 / span;
  const oneSided = (sequence: readonly number[]): number[] => {
    let average = 0;
    let weight = 0;
    return sequence.map((value) => {
      if (!Number.isFinite(value)) return value;
      average = keep * average + (1 - keep) * value;
      weight = keep * weight + (1 - keep);
      return average / weight;
    });
  };
  const forwards = oneSided(values);
  const backwards = oneSided([...values].reverse()).reverse();
  return forwards.map((value, i) => (value + backwards[i]) / 2);
}

const stepsOf = (run: Run): Step[] => run.events.filter((event): event is Step => event.event === "step");

/** Rows of the step curves: at most `points`, each the mean of a group of neighbouring steps. */
function stepRows(run: Run, { smoothing = 20, points = 200 }: TrainingCurvesOptions): Record<string, unknown>[] {
  const steps = stepsOf(run);
  const smooth = smoothed(
    steps.map((step) => step.loss),
    smoothing,
  );
  const size = Math.max(1, Math.ceil(steps.length / points));
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const rows: Record<string, unknown>[] = [];
  for (let start = 0; start < steps.length; start += size) {
    const group = steps.slice(start, start + size);
    rows.push({
      run: run.name,
      split: "training",
      step: group[group.length - 1].step,
      loss: significant(mean(group.map((step) => step.loss))),
      smooth: significant(mean(smooth.slice(start, start + size))),
      rate: significant(group[group.length - 1].learningRate),
    });
  }
  return rows;
}

const epochsOf = (run: Run): Epoch[] =>
  run.events.flatMap((event): Epoch[] => {
    if (event.event !== "epoch") return [];
    if (!("trainLoss" in event)) return [event];
    const { epoch, step, trainLoss, trainTop1, validationLoss, validationTop1 } = event;
    const training = { loss: trainLoss, top1: trainTop1 };
    return [{ event: "epoch", epoch, step, training, validation: { loss: validationLoss, top1: validationTop1 } }];
  });

function epochRows(run: Run, { measure }: Score): Record<string, unknown>[] {
  return epochsOf(run).flatMap(({ epoch, step, ...of }) =>
    (["training", "validation"] as const).map((split) => ({
      run: run.name,
      split,
      epochs: epoch + 1,
      step,
      loss: significant(of[split].loss),
      // Some tasks measure in validation alone what decides.
      ...(measure in of[split] && { score: significant(of[split][measure]) }),
    })),
  );
}

/** What decides in these runs: as their logs say. */
function scoreOf(runs: readonly Run[]): Score {
  const said = runs.flatMap(({ events }) => events.flatMap((event) => (event.event === "start" ? [event.score] : [])));
  return said.find((score) => score !== undefined) ?? { measure: "top1", best: "highest" };
}

/** Measures under the names that people know, where they are shares of something. */
const shareNames: Readonly<Record<string, { short: string; long: string }>> = {
  top1: { short: "top-1", long: "top-1 accuracy" },
  meanIou: { short: "mean IoU", long: "mean IoU" },
  panopticQuality: { short: "PQ", long: "panoptic quality" },
};

const written = (value: number, measure: string): string =>
  measure in shareNames ? percent(value) : String(significant(value, 3));

/** Characters of a line below the title that the figure has room for. */
const lineLength = 88;

/** The best epoch of each run in words, in as many lines as it takes; epochs whose validation gave no number are none. */
function summary(runs: readonly Run[], { measure, best }: Score): string | string[] | undefined {
  const name = shareNames[measure]?.short ?? measure;
  const values = runs.flatMap((run) => {
    const epochs = epochsOf(run);
    if (epochs.length === 0) return [];
    const scores = epochs.map(({ validation }) => validation[measure]).filter(Number.isFinite);
    const [lowest, highest] = extent(scores, 0);
    const top = scores.length === 0 ? "not a number" : written(best === "highest" ? highest : lowest, measure);
    return [`${runs.length > 1 ? `${run.name} ` : ""}${top}`];
  });
  if (values.length === 0) return undefined;
  const lines = [`Best validation ${name}: ${values[0]}`];
  for (const value of values.slice(1)) {
    const longer = `${lines[lines.length - 1]}, ${value}`;
    if (longer.length <= lineLength) lines[lines.length - 1] = longer;
    else {
      lines[lines.length - 1] += ",";
      lines.push(value);
    }
  }
  return lines.length === 1 ? lines[0] : lines;
}

/** What the curves show, in words. */
function describe(runs: readonly Run[], { measure }: Score): string {
  const name = shareNames[measure]?.short ?? measure;
  const told = runs.map((run) => {
    const steps = stepsOf(run).filter(({ loss }) => Number.isFinite(loss));
    const [first, last] = [steps[0], steps.at(-1)];
    if (!first || !last) return `${run.name}: no steps yet.`;
    const score = epochsOf(run)
      .map(({ validation }) => validation[measure])
      .filter(Number.isFinite)
      .at(-1);
    return (
      `${run.name}: training loss ${significant(first.loss, 3)} at step ${first.step}, ` +
      `${significant(last.loss, 3)} at step ${last.step}` +
      `${score === undefined ? "" : `; validation ${name} ${written(score, measure)} at the end`}.`
    );
  });
  return [`Loss, ${name} and learning rate over training steps.`, ...told].join(" ");
}

/** The Vega-Lite specification of `trainingCurves`. */
export function trainingCurvesSpec(given: readonly Run[], options: TrainingCurvesOptions = {}): VegaLiteSpec {
  assertList("trainingCurves", given, "the runs", "{ name, events }");
  for (const run of given) {
    assertObject("trainingCurves", run, "a run", "{ name, events }");
    assertList("trainingCurves", run.events, "the events of a run", "what onEvent was given");
  }
  const names = distinctNames(given.map(({ name }) => name));
  const runs = given.map(({ events }, i) => ({ name: names[i], events }));
  const several = runs.length > 1;
  const splits = ["training", "validation"];
  const steps = runs.flatMap((run) => stepRows(run, options));
  const score = scoreOf(runs);
  const share = shareNames[score.measure];
  const epochs = runs.flatMap((run) => epochRows(run, score));
  const domain = (...fields: string[]): [number, number] =>
    extent([...steps, ...epochs].flatMap((row) => fields.map((field) => row[field])));
  const rates = steps.map(({ rate }) => rate);
  const [, greatestRate] = extent(rates, 0);
  const step = {
    field: "step",
    type: "quantitative",
    title: "training step",
    scale: { domain: domain("step"), nice: false },
  };
  // The panels share their steps; only the last one labels them.
  const unlabelled = { ...step, title: null, axis: { labels: false, ticks: false } };
  const legend = { symbolType: "stroke", symbolOpacity: 1, symbolSize: 200 };
  // One run: the colour tells training from validation. Several: the colour tells the runs, the dashes the splits.
  const color = several
    ? {
        field: "run",
        type: "nominal",
        title: null,
        scale: { domain: names },
        legend: { ...legend, labelLimit: 260, columns: 2 },
      }
    : { field: "split", type: "nominal", title: null, scale: { domain: splits }, legend };
  const look = {
    color,
    ...(several
      ? {
          strokeDash: {
            field: "split",
            type: "nominal",
            title: null,
            legend,
            scale: {
              domain: splits,
              range: [
                [1, 0],
                [5, 4],
              ],
            },
          },
        }
      : {}),
  };
  const tooltip = (field: string, title: string, format: string): Record<string, unknown>[] => [
    ...(several ? [{ field: "run" }] : []),
    { field: "split" },
    { field: "epochs", type: "quantitative", title: "after epochs" },
    { field, type: "quantitative", title, format },
  ];
  /** A single value has room around it, but no share is below 0 or above 1. */
  const scores = ([low, high]: [number, number]): [number, number] =>
    share ? [Math.max(0, low), Math.min(1, high)] : [low, high];
  const size = { width: columnWidth - 70 };
  const value = (field: string, title: string, format?: string): Record<string, unknown> => ({
    field,
    type: "quantitative",
    title,
    scale: { domain: field === "score" ? scores(domain("score")) : domain("loss", "smooth"), nice: true },
    axis: { tickCount: 5, ...(format === undefined ? {} : { format }) },
  });
  return {
    title: { text: options.title ?? "Training curves", subtitle: summary(runs, score) ?? "" },
    description: describe(runs, score),
    datasets: { steps, epochs },
    spacing: 14,
    vconcat: [
      {
        ...size,
        height: 170,
        layer: [
          {
            data: { name: "steps" },
            mark: { type: "line", strokeWidth: 1, opacity: 0.25 },
            encoding: { x: unlabelled, y: value("loss", "loss"), color },
          },
          { data: { name: "steps" }, mark: "line", encoding: { x: unlabelled, y: value("smooth", "loss"), ...look } },
          {
            data: { name: "epochs" },
            transform: [{ filter: "datum.split === 'validation'" }],
            mark: { type: "line", point: { size: 50 } },
            encoding: { x: unlabelled, y: value("loss", "loss"), ...look, tooltip: tooltip("loss", "loss", ".3f") },
          },
        ],
      },
      {
        ...size,
        height: 150,
        data: { name: "epochs" },
        transform: [{ filter: "isValid(datum.score)" }],
        mark: { type: "line", point: { size: 50 } },
        encoding: {
          x: unlabelled,
          y: value("score", share?.long ?? score.measure, share ? "~%" : undefined),
          ...look,
          tooltip: tooltip("score", share?.short ?? score.measure, share ? ".1%" : ".3f"),
        },
      },
      {
        ...size,
        height: 46,
        data: { name: "steps" },
        mark: { type: "line", strokeWidth: 1.5, ...(several ? {} : { color: "#7d7d7d" }) },
        encoding: {
          x: step,
          y: {
            field: "rate",
            type: "quantitative",
            title: "rate",
            scale: { domain: [0, greatestRate > 0 ? greatestRate : 1], nice: true },
            axis: { tickCount: 2, format: "~g" },
          },
          ...(several ? { color } : {}),
        },
      },
    ],
    resolve: { scale: { x: "shared" } },
  };
}

/**
 * Loss, score (top-1 of a classifier) and learning rate of one or several runs over their steps.
 *
 *     const log = axial.training.readRunLog("runs/first.jsonl");
 *     await axial.widgets.show(axial.widgets.trainingCurves([{ name: "first", events: log }]));
 *
 * @throws ConfigError where the runs or their events are no lists, and for an option that there is not
 */
export function trainingCurves(runs: readonly Run[], options: TrainingCurvesOptions = {}): Figure {
  assertKnownKeys("trainingCurves", options, keys);
  return vegaFigure(options.title ?? "Training curves", trainingCurvesSpec(runs, options));
}

/** Training curves that grow with the events of a run. */
export interface LiveTrainingCurves {
  /** Give this to the training loop. */
  onEvent: (event: LogEvent) => void;
  /** What came so far. */
  readonly events: readonly LogEvent[];
  /** Shows the last frame with its static pictures. Wait for it before the cell ends. */
  end(): Promise<void>;
}

/**
 * Training curves that grow while a run goes on.
 *
 *     const curves = axial.widgets.liveTrainingCurves();
 *     await axial.training.train({ model, data, onEvent: curves.onEvent });
 *     await curves.end();
 *
 * @throws ConfigError for an option that there is not
 */
export function liveTrainingCurves(
  options: TrainingCurvesOptions & LiveOptions & { name?: string } = {},
): LiveTrainingCurves {
  assertKnownKeys("liveTrainingCurves", options, { ...keys, ...liveKeys, name: true });
  const { name = "run", interval, display, now, ...drawn } = options;
  const live = liveFigure({ interval, display, now });
  const events: LogEvent[] = [];
  return {
    events,
    onEvent(event) {
      events.push(event);
      live.update(() => trainingCurves([{ name, events }], drawn));
    },
    end: () => live.end(),
  };
}
