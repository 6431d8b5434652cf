/** Measures cases beside a reference, in turn, and sums up by medians. */
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchCase, Mode, Prepared } from "./cases.js";
import type { Reference } from "./reference.js";

export interface CaseResult {
  readonly case: string;
  readonly title: string;
  readonly mode: Mode;
  readonly threads: number;
  /** Median of the rounds. */
  readonly milliseconds: number;
  /** Each the median of the runs of a round. */
  readonly rounds: readonly number[];
  /** Median of the reference's rounds, and the thread count that it chose; absent without a reference for the case. */
  readonly referenceMilliseconds?: number;
  readonly referenceRounds?: readonly number[];
  readonly referenceThreads?: number;
  /** The same of the reference's compiled form, where it has one. */
  readonly compiledMilliseconds?: number;
  readonly compiledRounds?: readonly number[];
  /** Why there is no compiled form. */
  readonly compiledAbsent?: string;
  /** Reference time by ours, the faster of its forms where there are two, round by round, and of that the median. */
  readonly ratio?: number;
  readonly target?: number;
  /** Why there is no reference time. */
  readonly absent?: string;
}

export interface MeasureOptions {
  readonly rounds: number;
  readonly threads: number;
  readonly reference: Reference | null;
  /** How many times as fast as the reference it is meant to be. */
  readonly target?: number;
  /** How long a round lasts at least; default 250. */
  readonly roundMilliseconds?: number;
}

/** PyTorch's threads go on spinning after their work; this lets them fall asleep before ours is measured. */
const settleMilliseconds = 300;

/**
 * A round repeats the work for at least this long, and so does `test/bench/reference.py`: the first run after a pause
 * finds threads asleep and caches cold, which is what a single run of a few milliseconds would measure.
 */
const defaultRoundMilliseconds = 250;

/** One case in one mode: a warm-up of both, then reference and ours in turn. */
export async function measureCase(
  { name, title, prepare }: BenchCase,
  mode: Mode,
  { rounds, threads, reference, target, roundMilliseconds = defaultRoundMilliseconds }: MeasureOptions,
): Promise<CaseResult> {
  const request = { case: name, mode, threads };
  const first = await reference?.ask(request);
  const absent = first?.absent;
  const compiles = reference?.compiles === true && absent === undefined;
  const compiledAbsent = compiles ? (await reference.ask({ ...request, compiled: true })).absent : undefined;
  const prepared = prepare(mode);
  try {
    timed(prepared);
    timed(prepared);
    const ours: number[] = [];
    const theirs: number[] = [];
    const compiled: number[] = [];
    let referenceThreads: number | undefined;
    for (let round = 0; round < rounds; round++) {
      if (reference !== null && absent === undefined) {
        const answer = await reference.ask(request);
        theirs.push(answer.milliseconds ?? NaN);
        referenceThreads = answer.threads;
        if (compiles && compiledAbsent === undefined)
          compiled.push((await reference.ask({ ...request, compiled: true })).milliseconds ?? NaN);
        await sleep(settleMilliseconds);
      }
      ours.push(timedRound(prepared, roundMilliseconds));
    }
    const compared = theirs.length > 0;
    const fastest = compiled.length > 0 && median(compiled) < median(theirs) ? compiled : theirs;
    return {
      case: name,
      title,
      mode,
      threads,
      milliseconds: median(ours),
      rounds: ours,
      target,
      ...(compared && {
        referenceMilliseconds: median(theirs),
        referenceRounds: theirs,
        referenceThreads,
        ratio: median(fastest.map((time, round) => time / ours[round])),
      }),
      ...(compiled.length > 0 && { compiledMilliseconds: median(compiled), compiledRounds: compiled }),
      ...(compiledAbsent !== undefined && { compiledAbsent }),
      ...(absent !== undefined && { absent }),
    };
  } finally {
    prepared.dispose();
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The median of as many runs as last `leastMilliseconds` together; of one where that lasts long enough. */
export function timedRound(prepared: Pick<Prepared, "run">, leastMilliseconds = defaultRoundMilliseconds): number {
  const times: number[] = [];
  let total = 0;
  do {
    times.push(timed(prepared));
    total += times[times.length - 1];
  } while (total < leastMilliseconds);
  return median(times);
}

function timed(prepared: Pick<Prepared, "run">): number {
  const start = performance.now();
  prepared.run();
  return performance.now() - start;
}
