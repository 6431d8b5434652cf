/** Panoptic quality of each class, and what it is the product of. */
import { ConfigError } from "../src/core/errors.js";
import type { Figure } from "./figure.js";
import { distinctNames } from "./names.js";
import { percent, significant } from "./numbers.js";
import { columnWidth } from "./theme.js";
import { vegaFigure } from "./vega.js";
import type { VegaLiteSpec } from "./vega-lite-spec.js";
import { assertKnownKeys, type KeysOf } from "../src/core/options.js";

/** Qualities from 0 to 1; NaN for a class that neither truth nor prediction has. */
export interface ClassQuality {
  readonly name: string;
  readonly isThing: boolean;
  readonly panopticQuality: number;
  /** Mean overlap of what was matched. */
  readonly segmentationQuality: number;
  /** F1 of the matching. */
  readonly recognitionQuality: number;
}

/** How `qualityPerClass` is titled. */
export interface QualityPerClassOptions {
  /** Default "Panoptic quality by class". */
  readonly title?: string;
}

const optionKeys: KeysOf<QualityPerClassOptions> = { title: true };

/** The Vega-Lite specification of `qualityPerClass`. */
export function qualityPerClassSpec(
  classes: readonly ClassQuality[],
  { title = "Panoptic quality by class" }: QualityPerClassOptions = {},
): VegaLiteSpec {
  const keys = ["panopticQuality", "segmentationQuality", "recognitionQuality"] as const;
  for (const one of classes)
    for (const key of keys)
      if (one[key] < 0 || one[key] > 1)
        throw new ConfigError(
          `qualityPerClass: a quality must be between 0 and 1, got ${key} = ${one[key]} of ${one.name}; divide percentages by 100`,
        );
  const names = distinctNames(classes.map(({ name }) => name));
  const values = classes.map((one, i) => ({
    name: names[i],
    kind: one.isThing ? "thing" : "stuff",
    panopticQuality: significant(one.panopticQuality),
    segmentationQuality: significant(one.segmentationQuality),
    recognitionQuality: significant(one.recognitionQuality),
  }));
  const measured = values.filter((one) => one.panopticQuality !== null);
  const mean = (kind?: string): string => {
    const of = classes.filter(
      (one) => Number.isFinite(one.panopticQuality) && (kind === undefined || one.isThing === (kind === "thing")),
    );
    return of.length === 0 ? "none" : percent(of.reduce((sum, one) => sum + one.panopticQuality, 0) / of.length);
  };
  const sort = [...measured].sort((a, b) => b.panopticQuality! - a.panopticQuality!).map(({ name }) => name);
  const y = { field: "name", type: "nominal", title: null, sort: [...sort, ...names], axis: { labelLimit: 150 } };
  const share = (field: string): VegaLiteSpec => ({
    field,
    type: "quantitative",
    title: "quality",
    scale: { domain: [0, 1] },
    axis: { format: ".0%", grid: true, tickCount: 5 },
  });
  const marks = [
    { field: "segmentationQuality", text: "segmentation", shape: "circle" },
    { field: "recognitionQuality", text: "recognition", shape: "diamond" },
  ];
  const tooltip = [
    { field: "name", title: "class" },
    ...keys.map((field) => ({
      field,
      type: "quantitative",
      title: field.replace("Quality", " quality"),
      format: ".1%",
    })),
  ];
  return {
    title: {
      text: title,
      subtitle: [
        `PQ ${mean()}, of things ${mean("thing")}, of stuff ${mean("stuff")}`,
        "bars PQ, the product of segmentation (dots) and recognition (diamonds)",
      ],
    },
    description:
      `Bars of panoptic quality by class, ${mean()} on average: ` +
      `${values.map(({ name, panopticQuality: pq }) => `${name} ${pq === null ? "not there" : percent(pq)}`).join(", ")}.`,
    width: columnWidth - 170,
    height: { step: 24 },
    data: { values },
    encoding: { y },
    layer: [
      {
        mark: { type: "bar", opacity: 0.9 },
        encoding: {
          x: share("panopticQuality"),
          color: { field: "kind", type: "nominal", title: null, scale: { domain: ["thing", "stuff"] } },
          tooltip,
        },
      },
      ...marks.map(({ field, text, shape }) => ({
        transform: [{ filter: `isValid(datum.${field})` }],
        mark: { type: "point", shape, size: 46, filled: true, color: "#7d7d7d", opacity: 1, description: text },
        encoding: { x: share(field), tooltip },
      })),
      {
        transform: [{ filter: "!isValid(datum.panopticQuality)" }],
        mark: { type: "text", text: "not there", align: "left", dx: 4, fontStyle: "italic", tooltip: null },
        encoding: { x: { datum: 0 } },
      },
    ],
  };
}

/**
 * Panoptic quality of each class as bars, best first, with segmentation and recognition quality as points.
 *
 *     qualityPerClass([{ name: "car", isThing: true, panopticQuality: 0.5, segmentationQuality: 0.8, recognitionQuality: 0.625 }])
 *
 * @throws ConfigError for a quality that is not between 0 and 1, and for an option that there is not
 */
export function qualityPerClass(classes: readonly ClassQuality[], options: QualityPerClassOptions = {}): Figure {
  assertKnownKeys("qualityPerClass", options, optionKeys);
  return vegaFigure(options.title ?? "Panoptic quality by class", qualityPerClassSpec(classes, options));
}
