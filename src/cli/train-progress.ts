/** What `axial-lab train` shows while it works: a line for each epoch, and on a terminal one that lives with the steps. */
import type { Progress } from "../data/index.js";
import type { EpochDone, Measures, RunEvent, RunStarted, StepDone } from "../training/index.js";

/** Where lines go. */
export interface Screen {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface TrainProgress {
  readonly event: (event: RunEvent) => void;
  readonly validation: (done: number, total: number) => void;
  readonly preparation: (progress: Progress) => void;
  readonly line: (text: string) => void;
}

/** Shows a run on a screen. */
export function createTrainProgress(screen: Screen): TrainProgress {
  // Open MPI gives a rank a terminal without columns, whose text goes on to wherever mpiexec writes: no live line there.
  const isLive = screen.isTTY === true && screen.columns !== 0;
  const clear = isLive ? "\r\u001b[2K" : "";
  let start: RunStarted | null = null;
  const pace = createPace();
  const exchange = createExchangeShare();

  const line = (text: string): void => {
    screen.write(`${clear}${text}\n`);
  };
  const live = (text: string): void => {
    if (isLive) screen.write(clear + text.slice(0, (screen.columns ?? 80) - 1));
  };

  return {
    line,
    event(event) {
      switch (event.event) {
        case "start":
          start = event;
          pace.start(event);
          describe(event).forEach(line);
          break;
        case "step":
          pace.step(event);
          exchange.step(event, start);
          if (start) live(stepLine(event, start, pace.imagesPerSecond(), pace.secondsLeft()));
          break;
        case "epoch":
          pace.epoch(event);
          if (start) line(epochLine(event, start, exchange.ofEpoch()));
          break;
        case "end":
          break;
      }
    },
    validation: (done, total) => live(`validating ${done}/${total}`),
    preparation: ({ task, what, unit, done, total }) => {
      const [factor, label] = unit === "bytes" ? [2 ** 20, "MiB"] : [1, unit];
      const of = total === null ? "" : `/${Math.round(total / factor)}`;
      live(`${task} ${what} ${Math.round(done / factor)}${of} ${label}`);
    },
  };
}

/** Smoothed speed, and from it the seconds until the end: steps and validations to come. */
function createPace() {
  let batchSize = 0;
  let [steps, stepsPerEpoch, done] = [0, 1, 0];
  let secondsPerStep = 0;
  let secondsPerValidation = 0;
  return {
    start({ config, steps: all, stepsPerEpoch: each, resumedFromStep = 0 }: RunStarted): void {
      [batchSize, steps, stepsPerEpoch, done] = [config.batchSize, all, each, resumedFromStep];
    },
    step({ step, imagesPerSecond }: StepDone): void {
      const seconds = batchSize / imagesPerSecond;
      // The first steps compile and allocate: the average forgets them soon.
      secondsPerStep = secondsPerStep === 0 ? seconds : 0.9 * secondsPerStep + 0.1 * seconds;
      done = step;
    },
    epoch({ seconds, imagesPerSecond }: EpochDone): void {
      secondsPerValidation = Math.max(0, seconds - (stepsPerEpoch * batchSize) / imagesPerSecond);
    },
    imagesPerSecond: (): number => batchSize / secondsPerStep,
    secondsLeft: (): number =>
      (steps - done) * secondsPerStep + Math.ceil((steps - done) / stepsPerEpoch) * secondsPerValidation,
  };
}

/** What several processes spent on each other in an epoch. */
interface ExchangeShare {
  /** Of the steps' time that the first process stood in the exchange, 0 to 1. */
  readonly standing: number;
  /** Of the gradient that was summed while the backward pass went on, 0 to 1. */
  readonly overlapped: number;
}

function createExchangeShare() {
  const fresh = () => ({ steps: 0, seconds: 0, exchanging: 0, overlapped: 0 });
  let sums = fresh();
  return {
    step({ exchanging, overlapped, imagesPerSecond }: StepDone, start: RunStarted | null): void {
      if (exchanging === undefined || overlapped === undefined || start === null) return;
      sums.steps++;
      sums.seconds += start.config.batchSize / imagesPerSecond;
      sums.exchanging += exchanging;
      sums.overlapped += overlapped;
    },
    /** Since it was last asked; null where there is one process. */
    ofEpoch(): ExchangeShare | null {
      const { steps, seconds, exchanging, overlapped } = sums;
      sums = fresh();
      return steps === 0 ? null : { standing: exchanging / seconds, overlapped: overlapped / steps };
    },
  };
}

function describe({ config, parameters, steps, stepsPerEpoch, engine, resumedFromStep }: RunStarted): string[] {
  const { optimizer, schedule, size, data } = config;
  const name = typeof config.model === "string" ? config.model : (config.model?.name ?? "the given model");
  const sizes = size.from === size.to ? `${size.to} px` : `${size.from} to ${size.to} px`;
  const set = typeof data.description.name === "string" ? data.description.name : "data";
  const rows = [
    ["model", `${name}, ${amount(parameters)} parameters`],
    ["data", `${set}, ${data.classes.length} classes, ${sizes}, ${stepsPerEpoch} batches of ${config.batchSize}`],
    ["recipe", `${optimizer.kind}, ${schedule.kind} to ${config.learningRate}, weight decay ${optimizer.weightDecay}`],
    ["engine", "reason" in engine ? engine.reason : engine.backend],
  ];
  if (resumedFromStep !== undefined) rows.push(["resumed", `after step ${resumedFromStep} of ${steps}`]);
  return rows.map(([head, text]) => `${head.padEnd(8)} ${text}`);
}

export function stepLine(
  { step, epoch, loss, learningRate }: StepDone,
  { steps, config }: RunStarted,
  imagesPerSecond: number,
  secondsLeft: number,
): string {
  return [
    `epoch ${epoch + 1}/${config.epochs}  step ${step}/${steps}`,
    `loss ${loss.toFixed(3)}`,
    `lr ${learningRate.toExponential(1)}`,
    `${imagesPerSecond.toFixed(imagesPerSecond < 10 ? 1 : 0)} images/s`,
    `${duration(secondsLeft)} left`,
  ].join("  ");
}

export function epochLine(
  event: EpochDone,
  { config: { epochs, data } }: RunStarted,
  exchange: ExchangeShare | null = null,
): string {
  const { epoch, training, validation } = event;
  const line = (measures: Measures): string =>
    Object.entries(measures)
      // Of five classes or fewer, all are among the five highest.
      .filter(([name]) => name !== "top5" || data.classes.length > 5)
      .map(([name, value]) => measureText(name, value))
      .join(" ");
  return [
    `epoch ${String(epoch + 1).padStart(String(epochs).length)}/${epochs}`,
    `train ${line(training)}`,
    `validation ${line(validation)}`,
    `${event.imagesPerSecond.toFixed(0)} images/s`,
    ...(exchange ? [`exchange ${percent(exchange.standing)}, overlapped ${percent(exchange.overlapped)}`] : []),
    ...(event.peakHeapBytes ? [`heap ${(event.peakHeapBytes / 2 ** 20).toFixed(0)} MiB`] : []),
    `${duration(event.seconds)}${event.best ? "  best" : ""}`,
  ].join("  ");
}

/** The measures that are shares of something, under the names that people know. */
const shareNames: Readonly<Record<string, string>> = {
  top1: "top-1",
  top5: "top-5",
  meanIou: "mean IoU",
  pixelAccuracy: "pixels",
};

/** `top-1 50.0 %`, `loss 1.500` */
export const measureText = (name: string, value: number): string =>
  Object.hasOwn(shareNames, name) ? `${shareNames[name]} ${percent(value)}` : `${name} ${value.toFixed(3)}`;

const amount = (count: number): string => (count < 1e6 ? count.toLocaleString("en") : `${(count / 1e6).toFixed(2)} M`);

export const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** 59 s, 1:05, 2:00:07. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number): string => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}
