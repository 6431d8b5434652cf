/**
 * Learning-rate schedules: pure functions of the step. Each gives a factor of the peak rate, 0 to 1.
 *
 * t is the share of the run that is done before the step, step / steps, so that the first step is at t = 0.
 * A warm-up of w steps multiplies step s < w by (s + 1) / w: the rate is never zero.
 */
import { ConfigError } from "../core/errors.js";
import { assertKnownKeys, type KeysOf } from "../core/options.js";

interface WarmUp {
  /** Epochs, whole or not, over which the rate rises in a line from almost nothing. Default 0. */
  warmUpEpochs?: number;
}

/** factor = 1. */
export interface ConstantSchedule extends WarmUp {
  kind: "constant";
}

/** Half a cosine from 1 down to `floor` over what follows the warm-up (Loshchilov and Hutter, arXiv 1608.03983). */
export interface CosineSchedule extends WarmUp {
  kind: "cosine";
  /** Default 0. */
  floor?: number;
}

/** Half a cosine up from `start` to 1, another down to `end` (Smith and Topin, arXiv 1708.07120, as fastai draws it). */
export interface OneCycleSchedule {
  kind: "one-cycle";
  /** Share of the run that rises. Default 0.25. */
  rise?: number;
  /** Default 1/25. */
  start?: number;
  /** Default 1e-5. */
  end?: number;
}

/** 1, then half a cosine down to `floor`: what the Imagenette leaderboard's recipes use. */
export interface FlatCosineSchedule extends WarmUp {
  kind: "flat-cosine";
  /** Share of the run before the rate falls. Default 0.72. */
  flat?: number;
  /** Default 0. */
  floor?: number;
}

/** (1 - u)^power, u the share of what follows the warm-up that is done: DeepLab's. */
export interface PolySchedule extends WarmUp {
  kind: "poly";
  /** Default 0.9. */
  power?: number;
}

/** Multiplied by `factor` at the start of each epoch (from 0) that `at` lists. */
export interface StepSchedule extends WarmUp {
  kind: "step";
  at: readonly number[];
  /** Default 0.1. */
  factor?: number;
}

/** Multiplied by `factor` after every `patience` epochs in a row without a new best score. */
export interface PlateauSchedule extends WarmUp {
  kind: "plateau";
  /** Default 10. */
  patience?: number;
  /** Default 1/3. */
  factor?: number;
}

/** How the learning rate changes over a run; what is left out has a default. */
export type Schedule =
  | ConstantSchedule
  | CosineSchedule
  | OneCycleSchedule
  | FlatCosineSchedule
  | PolySchedule
  | StepSchedule
  | PlateauSchedule;

/** A schedule with nothing left to defaults. */
export type ResolvedSchedule =
  | Required<ConstantSchedule>
  | Required<CosineSchedule>
  | Required<OneCycleSchedule>
  | Required<FlatCosineSchedule>
  | Required<PolySchedule>
  | Required<StepSchedule>
  | Required<PlateauSchedule>;

/** The kinds of schedules. */
export const scheduleKinds = ["constant", "cosine", "one-cycle", "flat-cosine", "poly", "step", "plateau"] as const;

/** Where in the run a step stands. */
export interface Moment {
  /** Steps done before this one. */
  readonly step: number;
  /** Steps of the whole run. */
  readonly steps: number;
  readonly stepsPerEpoch: number;
  /** The score after each epoch so far, higher is better: what `plateau` looks at. */
  readonly scores: readonly number[];
}

const constantKeys: KeysOf<ConstantSchedule> = { kind: true, warmUpEpochs: true };
const cosineKeys: KeysOf<CosineSchedule> = { kind: true, warmUpEpochs: true, floor: true };
const oneCycleKeys: KeysOf<OneCycleSchedule> = { kind: true, rise: true, start: true, end: true };
const flatCosineKeys: KeysOf<FlatCosineSchedule> = { kind: true, warmUpEpochs: true, flat: true, floor: true };
const polyKeys: KeysOf<PolySchedule> = { kind: true, warmUpEpochs: true, power: true };
const stepKeys: KeysOf<StepSchedule> = { kind: true, warmUpEpochs: true, at: true, factor: true };
const plateauKeys: KeysOf<PlateauSchedule> = { kind: true, warmUpEpochs: true, patience: true, factor: true };
const keysOfKind = {
  constant: constantKeys,
  cosine: cosineKeys,
  "one-cycle": oneCycleKeys,
  "flat-cosine": flatCosineKeys,
  poly: polyKeys,
  step: stepKeys,
  plateau: plateauKeys,
};

/**
 * Fills in the defaults.
 *
 * @throws ConfigError for a kind or an option that there is not, and where a value is out of its range
 */
export function resolveSchedule(schedule: Schedule): ResolvedSchedule {
  if (Object.hasOwn(keysOfKind, schedule.kind)) {
    assertKnownKeys<object>(`schedule ${schedule.kind}`, schedule, keysOfKind[schedule.kind]);
  }
  switch (schedule.kind) {
    case "constant":
      return { kind: "constant", ...warmUp(schedule) };
    case "cosine":
      return { kind: "cosine", ...warmUp(schedule), floor: share("floor", schedule.floor ?? 0) };
    case "one-cycle":
      return {
        kind: "one-cycle",
        rise: share("rise", schedule.rise ?? 0.25),
        start: share("start", schedule.start ?? 1 / 25),
        end: share("end", schedule.end ?? 1e-5),
      };
    case "flat-cosine":
      return {
        kind: "flat-cosine",
        ...warmUp(schedule),
        flat: share("flat", schedule.flat ?? 0.72),
        floor: share("floor", schedule.floor ?? 0),
      };
    case "poly":
      return { kind: "poly", ...warmUp(schedule), power: atLeast("power", schedule.power ?? 0.9, 0) };
    case "step":
      return {
        kind: "step",
        ...warmUp(schedule),
        at: [...schedule.at],
        factor: share("factor", schedule.factor ?? 0.1),
      };
    case "plateau":
      return {
        kind: "plateau",
        ...warmUp(schedule),
        patience: atLeast("patience", schedule.patience ?? 10, 1),
        factor: share("factor", schedule.factor ?? 1 / 3),
      };
    default:
      throw new ConfigError(
        `schedule: kind must be the name of one, got ${JSON.stringify((schedule as Schedule).kind)}; use ${scheduleKinds.join(", ")}`,
      );
  }
}

/** The factor of the peak learning rate at this step. */
export function rateFactor(schedule: ResolvedSchedule, { step, steps, stepsPerEpoch, scores }: Moment): number {
  if (schedule.kind === "one-cycle") {
    const { rise, start, end } = schedule;
    const t = step / steps;
    return t < rise ? halfCosine(start, 1, t / rise) : halfCosine(1, end, (t - rise) / (1 - rise));
  }

  const warmUpSteps = schedule.warmUpEpochs * stepsPerEpoch;
  if (step < warmUpSteps) return Math.min(1, (step + 1) / warmUpSteps);
  switch (schedule.kind) {
    case "constant":
      return 1;
    case "cosine":
      return halfCosine(1, schedule.floor, (step - warmUpSteps) / (steps - warmUpSteps));
    case "flat-cosine": {
      const { flat, floor } = schedule;
      const t = step / steps;
      return t < flat ? 1 : halfCosine(1, floor, (t - flat) / (1 - flat));
    }
    case "poly":
      return (1 - (step - warmUpSteps) / (steps - warmUpSteps)) ** schedule.power;
    case "step":
      return schedule.factor ** schedule.at.filter((epoch) => step >= epoch * stepsPerEpoch).length;
    case "plateau":
      return schedule.factor ** plateaus(scores, schedule.patience);
  }
}

/** How often `patience` scores in a row brought no new best; the count starts anew after each time. */
export function plateaus(scores: readonly number[], patience: number): number {
  let best = -Infinity;
  let waited = 0;
  let count = 0;
  for (const score of scores) {
    waited = score > best ? 0 : waited + 1;
    best = Math.max(best, score);
    if (waited === patience) {
      count++;
      waited = 0;
    }
  }
  return count;
}

/** From `from` at t = 0 to `to` at t = 1. */
const halfCosine = (from: number, to: number, t: number): number =>
  to + ((from - to) * (1 + Math.cos(Math.PI * t))) / 2;

const warmUp = ({ warmUpEpochs = 0 }: WarmUp): Required<WarmUp> => ({
  warmUpEpochs: atLeast("warmUpEpochs", warmUpEpochs, 0),
});

function atLeast(name: string, value: number, least: number): number {
  if (!(value >= least)) throw new ConfigError(`schedule: ${name} must be at least ${least}, got ${value}; raise it`);
  return value;
}

function share(name: string, value: number): number {
  if (!(value >= 0 && value <= 1))
    throw new ConfigError(
      `schedule: ${name} must lie between 0 and 1, got ${value}; it is a share of the steps or of the rate`,
    );
  return value;
}
