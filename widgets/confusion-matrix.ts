/** Which classes are taken for which. */
import { ShapeError } from "../src/core/errors.js";
import type { Figure } from "./figure.js";
import { matrixCells } from "./matrix.js";
import { percent } from "./numbers.js";
import { columnWidth, light } from "./theme.js";
import { vegaFigure, type VegaLiteSpec } from "./vega.js";

export interface ConfusionMatrixArgs {
  readonly classes: readonly string[];
  /** [true class][predicted class]: how many. */
  readonly counts: readonly (readonly number[])[];
  /** Default "Predictions and classes". */
  readonly title?: string;
}

/** The Vega-Lite specification of `confusionMatrix`. */
export function confusionMatrixSpec({ classes, counts, title }: ConfusionMatrixArgs): VegaLiteSpec {
  const size = classes.length;
  if (counts.length !== size || counts.some((row) => row.length !== size))
    throw new ShapeError(
      `confusionMatrix: counts must be classes x classes, got ${counts.length} x ${counts[0]?.length ?? 0} for ${size} ` +
        "classes; give one row and one column a class",
    );
  const total = counts.flat().reduce((sum, count) => sum + count, 0);
  const right = counts.reduce((sum, row, i) => sum + row[i], 0);
  const side = Math.min(54, Math.floor((columnWidth - 160) / Math.max(1, size)));
  const names = JSON.stringify(classes);
  const cells = matrixCells(counts);
  const axis = (field: string, text: string): Record<string, unknown> => ({
    field,
    type: "nominal",
    sort: null,
    title: text,
    scale: { domain: classes },
    axis: field === "predicted" ? { orient: "top", labelAngle: size > 6 ? -40 : 0 } : {},
  });
  return {
    title: {
      text: title ?? "Predictions and classes",
      subtitle: total > 0 ? `${percent(right / total)} of ${total} on the diagonal` : "",
    },
    width: side * size,
    height: side * size,
    data: cells.data,
    transform: [
      ...(cells.transform as VegaLiteSpec[]),
      { calculate: `${names}[datum.row]`, as: "actual" },
      { calculate: `${names}[datum.column]`, as: "predicted" },
      { joinaggregate: [{ op: "sum", field: "value", as: "ofClass" }], groupby: ["row"] },
      { calculate: "datum.ofClass > 0 ? datum.value / datum.ofClass : 0", as: "share" },
    ],
    encoding: { x: axis("predicted", "predicted"), y: axis("actual", "class") },
    layer: [
      {
        mark: { type: "rect" },
        encoding: {
          color: {
            field: "share",
            type: "quantitative",
            legend: null,
            scale: { domain: [0, 1], range: "heatmap", interpolate: "rgb" },
          },
          tooltip: [
            { field: "actual", title: "class" },
            { field: "predicted" },
            { field: "value", title: "images", type: "quantitative" },
            { field: "share", title: "of the class", type: "quantitative", format: ".1%" },
          ],
        },
      },
      {
        transform: [{ filter: "datum.value > 0" }],
        mark: { type: "text" },
        encoding: {
          text: { field: "value", type: "quantitative" },
          // The ramp is dark below and bright above about 0.6.
          color: { condition: { test: "datum.share > 0.6", value: light.ink }, value: "#ffffff" },
        },
      },
    ],
  };
}

/**
 * How often each class (rows) was predicted as each (columns): counts, coloured by their share of the class.
 *
 *     confusionMatrix({ classes: data.classes, counts: (await evaluate(model, data, { size })).confusion })
 */
export function confusionMatrix(args: ConfusionMatrixArgs): Figure {
  return vegaFigure(args.title ?? "Predictions and classes", confusionMatrixSpec(args));
}
