/** Accuracy against parameters and multiply-adds, runs of one's own beside the points that the paper prints (Figure 3). */
import { paperFigures } from "../src/models/paper.js";
import { costCurvesSpec, type CostPoint } from "./cost-curves.js";
import type { Figure } from "./figure.js";
import { vegaFigure } from "./vega.js";
import type { VegaLiteSpec } from "./vega-lite-spec.js";
import { assertKnownKeys, type KeysOf } from "../src/core/options.js";

/** A network that was trained here. */
export interface AccuracyPoint {
  /** One colour each; that of the paper's row is shared where it has that name, such as "Conv-stem + axial attention". */
  readonly series: string;
  readonly label?: string;
  readonly parameters: number;
  /** Of one image. */
  readonly multiplyAdds: number;
  /** Share of images, 0 to 1. */
  readonly top1: number;
}

/** What `accuracyAgainstCost` shows beside the points. */
export interface AccuracyAgainstCostOptions {
  /** With the points that the papers print, of ImageNet. Default true. */
  readonly paper?: boolean;
  /** Default "Accuracy against cost". */
  readonly title?: string;
}

const keys: KeysOf<AccuracyAgainstCostOptions> = { paper: true, title: true };

/** "ResNet-50" and "Full axial attention (S)" without the size, so that networks of other sizes share the colour. */
const seriesOf = (row: string): string => row.replace(/-50$| \((S|M|L|XL)\)$/, "");

/** What the papers print of models that the zoo has: ImageNet, 224 x 224 pixels. */
export function paperPoints(): CostPoint[] {
  const figures = [...paperFigures.values()].filter(({ source }) => source.startsWith("Axial-DeepLab"));
  return figures.map(({ row, parameters, multiplyAdds, top1 }) => ({
    series: seriesOf(row),
    printed: true,
    values: {
      parameters: Number(`${parameters}e6`),
      ...(multiplyAdds === null ? {} : { multiplyAdds: Number(`${multiplyAdds}e9`) }),
      top1: Number(`${top1}e-2`),
    },
  }));
}

/** The Vega-Lite specification of `accuracyAgainstCost`. */
export function accuracyAgainstCostSpec(
  points: readonly AccuracyPoint[],
  { paper = true, title = "Accuracy against cost" }: AccuracyAgainstCostOptions = {},
): VegaLiteSpec {
  const own = points.map(({ series, label, ...values }): CostPoint => ({ series, label, values }));
  const y = { value: "top1", title: "top-1", format: ".0%" };
  return costCurvesSpec({
    title,
    subtitle: paper ? "hollow: as printed, ImageNet (paper, Table 1 and Figure 3)" : "",
    points: [...own, ...(paper ? paperPoints() : [])],
    panels: [
      { x: { value: "parameters", scale: "log" }, y },
      { x: { value: "multiplyAdds", title: "multiply-adds", scale: "log" }, y },
    ],
  });
}

/**
 * Top-1 accuracy over parameters and over multiply-adds: one's own points filled, the paper's hollow, alike where they are of one
 * series.
 *
 *     accuracyAgainstCost([{ series: "axial", label: "S", parameters: 4.9e6, multiplyAdds: 0.1e9, top1: 0.732 }])
 *
 * @throws ConfigError for an option that there is not
 */
export function accuracyAgainstCost(
  points: readonly AccuracyPoint[],
  options: AccuracyAgainstCostOptions = {},
): Figure {
  assertKnownKeys("accuracyAgainstCost", options, keys);
  return vegaFigure(options.title ?? "Accuracy against cost", accuracyAgainstCostSpec(points, options));
}
