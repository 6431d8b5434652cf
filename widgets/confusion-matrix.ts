/** Which classes are taken for which. */
import { ShapeError } from "../src/core/errors.js";
import type { Figure } from "./figure.js";
import { matrixCells } from "./matrix.js";
import { extent, percent } from "./numbers.js";
import { columnWidth, fontSizes, light } from "./theme.js";
import { textWidth } from "./typeface.js";
import { vegaFigure } from "./vega.js";
import type { VegaLiteSpec } from "./vega-lite-spec.js";
import { assertKnownKeys, type KeysOf } from "../src/core/options.js";

/** What `confusionMatrix` draws. */
export interface ConfusionMatrixArgs {
  /** Names of the classes; two may have the same. */
  readonly classes: readonly string[];
  /** [true class][predicted class]: how many. */
  readonly counts: readonly (readonly number[])[];
  /** Default "Predictions and classes". */
  readonly title?: string;
}

const keys: KeysOf<ConfusionMatrixArgs> = { classes: true, counts: true, title: true };

/** Below this side of a cell, in CSS pixels, the names would run into each other. */
const leastWithName = fontSizes.label + 2;
/** Room of a class's name, in CSS pixels; longer ones are cut, and whole in the tooltip. */
const nameWidth = 120;

/** The pair of classes that is confused most often, in words. */
function worstOf(classes: readonly string[], counts: ConfusionMatrixArgs["counts"]): string {
  let worst = { count: 0, text: "" };
  counts.forEach((row, i) =>
    row.forEach((count, j) => {
      if (i !== j && count > worst.count)
        worst = { count, text: ` Most often confused: ${count} of ${classes[i]} taken for ${classes[j]}.` };
    }),
  );
  return worst.text;
}

/** The Vega-Lite specification of `confusionMatrix`. */
export function confusionMatrixSpec({ classes, counts, title }: ConfusionMatrixArgs): VegaLiteSpec {
  const size = classes.length;
  if (counts.length !== size || counts.some((row) => row.length !== size))
    throw new ShapeError(
      `confusionMatrix: counts must be classes x classes, got ${counts.length} x ${counts[0]?.length ?? 0} for ${size} ` +
        "classes; give one row and one column a class",
    );
  const total = counts.reduce((sum, row) => row.reduce((inner, count) => inner + count, sum), 0);
  const right = counts.reduce((sum, row, i) => sum + row[i], 0);
  const side = Math.max(2, Math.min(54, Math.floor((columnWidth - nameWidth - 40) / Math.max(1, size))));
  const [, greatest] = extent(counts.flat(), 0);
  const countsFit = side >= fontSizes.label && textWidth(String(greatest), fontSizes.label) <= side - 2;
  const names = JSON.stringify(classes);
  const numbers = classes.map((_, i) => i);
  const cells = matrixCells(counts);
  // Classes are told apart by their number: two may share a name.
  const axis = (field: string, text: string): Record<string, unknown> => ({
    field,
    type: "ordinal",
    title: text,
    scale: { domain: numbers },
    axis: {
      labelExpr: `${names}[datum.value]`,
      labelLimit: nameWidth,
      labelOverlap: side < leastWithName ? "greedy" : false,
      ...(field === "column" ? { orient: "top", labelAngle: size > 6 ? -90 : side < 40 ? -40 : 0 } : {}),
    },
  });
  const onDiagonal = total > 0 ? `${percent(right / total)} of ${total} on the diagonal` : "";
  const tooltip = [
    { field: "class" },
    { field: "predicted" },
    { field: "value", title: "images", type: "quantitative" },
    { field: "share", title: "of the class", type: "quantitative", format: ".1%" },
  ];
  return {
    title: { text: title ?? "Predictions and classes", subtitle: onDiagonal },
    description: `Matrix of ${size} classes by predicted class; ${onDiagonal || "no images"}.${worstOf(classes, counts)}`,
    width: side * size,
    height: side * size,
    data: cells.data,
    transform: [
      ...(cells.transform as VegaLiteSpec[]),
      { calculate: `${names}[datum.row]`, as: "class" },
      { calculate: `${names}[datum.column]`, as: "predicted" },
      { joinaggregate: [{ op: "sum", field: "value", as: "ofClass" }], groupby: ["row"] },
      { calculate: "datum.ofClass > 0 ? datum.value / datum.ofClass : 0", as: "share" },
    ],
    encoding: { x: axis("column", "predicted"), y: axis("row", "class") },
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
          tooltip,
        },
      },
      ...(!countsFit
        ? []
        : [
            {
              transform: [{ filter: "datum.value > 0" }],
              mark: { type: "text", tooltip: null },
              encoding: {
                text: { field: "value", type: "quantitative" },
                // The ramp is dark below and bright above about 0.6.
                color: { condition: { test: "datum.share > 0.6", value: light.ink }, value: "#ffffff" },
              },
            },
          ]),
    ],
  };
}

/**
 * How often each class (rows) was predicted as each (columns): counts, coloured by their share of the class.
 *
 *     confusionMatrix({ classes: data.classes, counts: (await evaluate(model, data, { size })).confusion })
 *
 * @throws ShapeError unless there is a row and a column of counts for each class
 * @throws ConfigError for an option that there is not
 */
export function confusionMatrix(args: ConfusionMatrixArgs): Figure {
  assertKnownKeys("confusionMatrix", args, keys);
  return vegaFigure(args.title ?? "Predictions and classes", confusionMatrixSpec(args));
}
