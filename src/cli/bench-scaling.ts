/** `axial-lab bench --scaling`: the table, the file and the figure of how the cost of attention grows. */
import { costCurves } from "../../widgets/cost-curves.js";
import { save } from "../../widgets/show.js";
import { writeFileAtomically } from "../core/atomic-file.js";
import { machine } from "../bench/report.js";
import { growth, measureScaling, scalingShape, scalingTable, seriesOf, type ScalingPoint } from "../bench/scaling.js";
import { version } from "../core/version.js";

export interface ScalingFlags {
  readonly threads: number;
  readonly rounds: number;
  readonly json?: string;
  readonly figure?: string;
}

export async function benchScaling({ threads, rounds, json, figure }: ScalingFlags): Promise<void> {
  const points = await measureScaling({
    threads,
    rounds,
    onPoint: (point) =>
      console.error(
        `${seriesOf(point)}, ${point.mode}, L ${point.length}: ${point.milliseconds.toPrecision(3)} ms, ` +
          `${(point.peakBytes / 2 ** 20).toPrecision(3)} MiB`,
      ),
  });
  if (json !== undefined) {
    const date = new Date().toISOString().slice(0, 10);
    const command = ["axial-lab", ...process.argv.slice(2)].join(" ");
    const report = { date, command, machine: machine(), version, threads, shape: scalingShape, points };
    await writeFileAtomically(json, [Buffer.from(`${JSON.stringify(report, null, 2)}\n`)]);
  }
  if (figure !== undefined) await save(scalingFigure(points), figure);
  console.log(scalingTable(points));
}

/** Time over L x span and memory over L, both scales logarithmic. */
export function scalingFigure(points: readonly ScalingPoint[]) {
  const training = points.filter(({ mode }) => mode === "training");
  const fused = training.filter(({ form }) => form === "fused");
  const timeGrowth = growth(fused.map(({ pairs, milliseconds }) => ({ x: pairs, y: milliseconds })));
  const memoryGrowth = growth(fused.map(({ length, peakBytes }) => ({ x: length, y: peakBytes })));
  const { sequences, heads, keyDepth, valueDepth } = scalingShape;
  const log = (value: string, title: string) => ({ value, title, scale: "log" as const });
  return costCurves({
    title: "What attention along an axis costs, forward and backward",
    subtitle:
      `Fused: time as L x span to the ${timeGrowth.toFixed(2)}, memory as L to the ${memoryGrowth.toFixed(2)}. ` +
      `${sequences} sequences, ${heads} heads, d_q ${keyDepth}, d_v ${valueDepth}`,
    points: training.map((point) => ({
      series: seriesOf(point),
      values: {
        length: point.length,
        pairs: point.pairs,
        seconds: point.milliseconds / 1000,
        bytes: point.peakBytes,
      },
    })),
    panels: [
      { x: log("pairs", "L x span"), y: log("seconds", "time (s)") },
      { x: log("length", "length L"), y: log("bytes", "memory (bytes)") },
    ],
  });
}
