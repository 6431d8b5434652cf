/**
 * How the cost of attention grows: time and memory over the length L of the axis, with a global and with a local span, of
 * the fused kernels and of the same composed of single operations.
 */
import * as tf from "@tensorflow/tfjs";
import * as engine from "../engine/index.js";
import { UnsupportedError } from "../core/errors.js";
import { axialAttention, composedAxialAttention, countPairs } from "../functions/axial-attention.js";
import { preparedFunction, type Mode } from "./cases.js";
import { median, timedRound } from "./measure.js";

/** What is measured: S sequences of length L, N heads of depths Dq and Dv = 2 Dq, three position terms. */
export const scalingShape = { sequences: 8, heads: 8, keyDepth: 8, valueDepth: 16 } as const;
export const scalingLengths = [64, 128, 256, 512, 1024, 2048] as const;
/** Keys that a query of the local span sees: itself and as many on both sides. */
export const localSpan = 65;

export interface ScalingPoint {
  readonly span: "global" | typeof localSpan;
  readonly form: "fused" | "composed";
  readonly mode: Mode;
  readonly length: number;
  /** Pairs of query and key of one sequence: L x span, less what lies beyond the ends. */
  readonly pairs: number;
  /** Median of the rounds. */
  readonly milliseconds: number;
  readonly rounds: readonly number[];
  /** The most of the heap in use at one moment, over what the inputs take: results, gradients and scratch. */
  readonly peakBytes: number;
}

export interface ScalingOptions {
  readonly threads: number;
  readonly rounds: number;
  /** Default {@link scalingLengths}. */
  readonly lengths?: readonly number[];
  /** How long a round lasts at least; see {@link timedRound}. */
  readonly roundMilliseconds?: number;
  readonly onPoint?: (point: ScalingPoint) => void;
}

/**
 * Every series from the shortest length up; one ends early where the engine's memory does not hold the next. Each length has
 * a fresh engine, so that scratch memory counts too. Leaves no engine running.
 */
export async function measureScaling({
  threads,
  rounds,
  lengths = scalingLengths,
  roundMilliseconds,
  onPoint,
}: ScalingOptions): Promise<ScalingPoint[]> {
  const points: ScalingPoint[] = [];
  for (const form of ["fused", "composed"] as const)
    for (const span of ["global", localSpan] as const)
      for (const mode of ["evaluation", "training"] as const)
        for (const length of lengths) {
          await engine.stop();
          await engine.start({ backend: "wasm", threads });
          const point = measurePoint({ form, span, mode, length }, { rounds, roundMilliseconds });
          if (point === null) break;
          points.push(point);
          onPoint?.(point);
        }
  await engine.stop();
  return points;
}

function measurePoint(
  series: Pick<ScalingPoint, "form" | "span" | "mode" | "length">,
  { rounds, roundMilliseconds }: Pick<ScalingOptions, "rounds" | "roundMilliseconds">,
): ScalingPoint | null {
  const { form, span, mode, length } = series;
  const { sequences, heads, keyDepth, valueDepth } = scalingShape;
  const reach = span === "global" ? length - 1 : (span - 1) / 2;
  const window = { before: reach, after: reach };
  const table = (depth: number) => tf.randomNormal<tf.Rank.R2>([2 * length - 1, depth]);
  const inputs = [
    tf.randomNormal<tf.Rank.R4>([sequences, length, 1, heads * (2 * keyDepth + valueDepth)]),
    table(keyDepth),
    table(keyDepth),
    table(valueDepth),
    tf.fill<tf.Rank.R2>([3, heads], 0.2),
  ];
  const attend = (...[qkv, query, key, value, scales]: tf.Tensor[]): tf.Tensor => {
    const relative = { query: query as tf.Tensor2D, key: key as tf.Tensor2D, value: value as tf.Tensor2D };
    const given = { qkv: qkv as tf.Tensor4D, relative, scales: scales as tf.Tensor2D };
    const geometry = { heads, keyDepth, valueDepth, window };
    const { content, position } = (form === "fused" ? axialAttention : composedAxialAttention)(given, geometry);
    return content.add(position!);
  };
  const cotangent = tf.randomNormal([sequences, length, 1, heads * valueDepth]);
  const { run, dispose } = preparedFunction(mode, attend, inputs, { cotangent });
  try {
    const { liveBytes } = engine.memory().heap!;
    const peakBytes = engine.peakHeapDuring(run)! - liveBytes;
    const times = Array.from({ length: rounds }, () => timedRound({ run }, roundMilliseconds));
    return { ...series, pairs: countPairs(length, window), milliseconds: median(times), rounds: times, peakBytes };
  } catch (error) {
    if (error instanceof UnsupportedError) return null; // the heap is full
    throw error;
  } finally {
    dispose();
  }
}

/**
 * The exponent p of y = a x^p that fits best, in logarithms: 1 is linear, 2 quadratic.
 */
export function growth(values: readonly { readonly x: number; readonly y: number }[]): number {
  const logs = values.map(({ x, y }) => ({ x: Math.log(x), y: Math.log(y) }));
  const mean = (of: "x" | "y"): number => logs.reduce((sum, log) => sum + log[of], 0) / logs.length;
  const [x, y] = [mean("x"), mean("y")];
  const product = logs.reduce((sum, log) => sum + (log.x - x) * (log.y - y), 0);
  return product / logs.reduce((sum, log) => sum + (log.x - x) ** 2, 0);
}

export const seriesOf = ({ form, span }: Pick<ScalingPoint, "form" | "span">): string =>
  `${form}, ${span === "global" ? "global" : `span ${span}`}`;

/** A Markdown table: milliseconds and MiB over L, a row a series and mode, with the exponents by which they grow. */
export function scalingTable(points: readonly ScalingPoint[], lengths: readonly number[] = scalingLengths): string {
  const names = [...new Set(points.map((point) => `${seriesOf(point)}, ${point.mode}`))];
  const rows = names.flatMap((name) => {
    const own = points.filter((point) => `${seriesOf(point)}, ${point.mode}` === name);
    const row = (what: string, value: (point: ScalingPoint) => number, over: (point: ScalingPoint) => number) => [
      name,
      what,
      ...lengths.map((length) => {
        const point = own.find((candidate) => candidate.length === length);
        return point === undefined ? "" : value(point).toPrecision(3);
      }),
      growth(own.map((point) => ({ x: over(point), y: value(point) }))).toFixed(2),
    ];
    return [
      row(
        "ms; grows with L x span",
        ({ milliseconds }) => milliseconds,
        ({ pairs }) => pairs,
      ),
      row(
        "MiB; grows with L",
        ({ peakBytes }) => peakBytes / 2 ** 20,
        ({ length }) => length,
      ),
    ];
  });
  const head = ["attention", "", ...lengths.map((length) => `L ${length}`), "to the power of"];
  return [head, head.map((_, index) => (index < 2 ? "---" : "--:")), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}
