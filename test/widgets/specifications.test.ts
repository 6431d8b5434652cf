/**
 * Every figure, at its ends: valid by Vega-Lite's own schema, and drawn without a warning. (One file, because compiling
 * the schema takes seconds.)
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import Ajv from "ajv";
import { accuracyAgainstCostSpec } from "../../widgets/accuracy-against-cost.js";
import { attentionDiagramSpec, axialBlockDiagramSpec } from "../../widgets/axial-diagrams.js";
import { centerOffsetFieldsSpec } from "../../widgets/center-offset-fields.js";
import { encodingExplorerSpec } from "../../widgets/encoding-explorer.js";
import { panopticComparisonSpec, panopticOverlaySpec } from "../../widgets/panoptic-overlay.js";
import { qualityPerClassSpec } from "../../widgets/quality-per-class.js";
import { receptiveFieldGrowthSpec } from "../../widgets/receptive-field-growth.js";
import { attentionMapSpec, attentionRowsSpec } from "../../widgets/attention-map.js";
import { confusionMatrixSpec } from "../../widgets/confusion-matrix.js";
import { costCurvesSpec } from "../../widgets/cost-curves.js";
import { imageGridSpec } from "../../widgets/image-grid.js";
import { plotlyToVegaLite } from "../../widgets/plotly-to-vega-lite.js";
import { relativeEncodingsSpec } from "../../widgets/relative-encodings.js";
import { stageDiagramSpec } from "../../widgets/stage-diagram.js";
import { trainingCurvesSpec, type LogEvent } from "../../widgets/training-curves.js";
import { themed } from "../../widgets/vega.js";
import type { VegaLiteSpec } from "../../widgets/vega-lite-spec.js";
import { loadVega, runBundle, type VegaBundle } from "../../widgets/vega-bundle.js";
import { drawStrictly } from "../helpers/figures.js";

const schemaOf = (file: string) => JSON.parse(readFileSync(require.resolve(file), "utf8")) as object;
const compiled = (file: string) =>
  new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(schemaOf(file));
/** The version that draws here, and the one that JupyterLab 4.6 and VS Code draw. */
const validators = {
  6: compiled("vega-lite/vega-lite-schema.json"),
  5: compiled("vega-lite-5/build/vega-lite-schema.json"),
};
const vegaLite5 = runBundle(require.resolve("vega-lite-5/build/vega-lite.min.js"), {
  vega: loadVega().vega,
}) as VegaBundle["vegaLite"];

/** Fails where version 5 of Vega-Lite complains of a specification. */
function assertCompiledByVersion5(spec: VegaLiteSpec): void {
  const warn = (...messages: unknown[]): never => assert.fail(`version 5: ${messages.map(String).join(" ")}`);
  const quiet = () => logger;
  const logger = { level: quiet, error: warn, warn, info: quiet, debug: quiet };
  vegaLite5.compile(structuredClone(spec) as never, { logger: logger });
}

/** Fails with the deepest complaints of the schema, the rest being alternatives that were not meant. */
function assertValid(spec: VegaLiteSpec, version: 5 | 6): void {
  const validate = validators[version];
  if (validate(spec)) return;
  const errors = [...(validate.errors ?? [])].sort((a, b) => b.instancePath.length - a.instancePath.length);
  assert.fail(
    errors
      .slice(0, 5)
      .map((error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`)
      .join("\n"),
  );
}

const step = (number: number, loss: number): LogEvent => ({ event: "step", step: number, loss, learningRate: 0.1 });
const epoch: LogEvent = {
  event: "epoch",
  epoch: 1,
  step: 2,
  training: { loss: 1.7, top1: 0.4 },
  validation: { loss: 1.9, top1: 0.3 },
};
const events: LogEvent[] = [{ event: "start" }, step(1, 2.3), step(2, 1.9), epoch, { event: "end" }];
const table = { values: Float32Array.from({ length: 15 }, (_, i) => i - 7), shape: [5, 3] as const };

const image = { values: new Float32Array(6 * 10 * 3).fill(0.5), shape: [6, 10, 3] as const };
const field = { title: "field", values: [0, 0.1, 0.2, 0.3, 0.4, 0], shape: [2, 3] as const };

const panoptic = {
  ids: [1, 1, 0, 2, 2, 1],
  shape: [2, 3] as const,
  segments: [
    { id: 1, category: "road", isThing: false },
    { id: 2, category: "car", isThing: true, score: 0.5 },
  ],
};

const specifications: Record<string, VegaLiteSpec> = {
  "training curves of no run": trainingCurvesSpec([]),
  "training curves of a run that has only started": trainingCurvesSpec([{ name: "a", events: [{ event: "start" }] }]),
  "training curves of a single step": trainingCurvesSpec([{ name: "a", events: [step(1, 2)] }]),
  "training curves of losses that are not numbers": trainingCurvesSpec([
    { name: "a", events: [step(1, NaN), step(2, NaN)] },
  ]),
  "training curves of one run": trainingCurvesSpec([{ name: "a", events }]),
  "training curves of two runs": trainingCurvesSpec([
    { name: "a", events },
    { name: "b", events },
  ]),
  "a heat map with named cells": plotlyToVegaLite({
    data: [
      {
        type: "heatmap",
        z: [
          [1, null],
          [3, 5],
        ],
        x: ["p", "q"],
        y: ["r", "s"],
        coloraxis: "coloraxis",
      },
    ],
    layout: {
      height: 300,
      coloraxis: { colorscale: "sequential", cmin: 0, cmax: 5 },
      xaxes: { x: {} },
      yaxes: { y: {} },
    },
  }),
  "curves and bars side by side": plotlyToVegaLite({
    data: [
      { type: "scatter", mode: "lines+markers", x: [1, 10, 100], y: [2, 3, 5], name: "a" },
      { type: "bar", x: ["p", "q"], y: [7, 11], xaxis: "x2", yaxis: "y2" },
    ],
    layout: {
      title: { text: "Both" },
      height: 400,
      subplotTitles: { x: "left" },
      xaxes: { x: { domain: [0, 0.45], type: "log" }, x2: { domain: [0.55, 1], anchor: "y2" } },
      yaxes: { y: {}, y2: { anchor: "x2" } },
    },
  }),
  "attention rows": attentionRowsSpec({ image, query: { y: 1, x: 2 }, height: [[0.5, 0.5]], width: [[0, 0, 1]] }),
  "an attention map": attentionMapSpec({ image, query: { y: 1, x: 2 }, fields: [field] }),
  "an attention map without fields": attentionMapSpec({ image, fields: [] }),
  "an attention map that is zero everywhere": attentionMapSpec({
    image,
    fields: [{ ...field, values: [0, 0, 0, 0, 0, 0] }],
  }),
  "cost curves": costCurvesSpec({
    points: [
      { series: "a", label: "S", values: { parameters: 2e6, top1: 0.7 } },
      { series: "a", values: { parameters: 3e6, top1: 0.8 } },
      { series: "b", values: { parameters: 5e6 } },
    ],
    panels: [
      { x: { value: "parameters", scale: "log" }, y: { value: "top1", format: ".0%" } },
      { x: { value: "parameters" }, y: { value: "top1" } },
    ],
  }),
  "cost curves of nothing": costCurvesSpec({ points: [], panels: [{ x: { value: "a" }, y: { value: "b" } }] }),
  "a stage diagram": stageDiagramSpec({
    name: "net",
    stem: { kind: "convolution", filters: 8 },
    stages: [{ blocks: 2, stride: 1, filters: 16, operator: { kind: "axial" } }],
  }),
  "a confusion matrix": confusionMatrixSpec({
    classes: ["a", "b"],
    counts: [
      [2, 3],
      [0, 5],
    ],
  }),
  "a confusion matrix of many classes": confusionMatrixSpec({
    classes: Array.from({ length: 61 }, (_, i) => `class number ${i}`),
    counts: Array.from({ length: 61 }, (_, i) => Array.from({ length: 61 }, (_, j) => Number(i === j))),
  }),
  "an image grid": imageGridSpec([{ image, caption: "a", right: true }, { image }]),
  "dates, names and gaps": plotlyToVegaLite({
    data: [
      { type: "scatter", mode: "lines", x: ["2024-01-31", "2024-02", "2024-03-01 12:30"], y: [2, null, 5] },
      { type: "bar", x: ["p", "q"], y: [7, null], xaxis: "x2", yaxis: "y2", name: "bars" },
      { type: "bar", x: ["q", "r"], y: [3, -5], xaxis: "x2", yaxis: "y2" },
      { type: "heatmap", z: [[1, 2]], x: [1, 10], y: ["s"], coloraxis: "coloraxis", xaxis: "x3", yaxis: "y3" },
    ],
    layout: {
      height: 400,
      coloraxis: { colorscale: "sequential", cmin: 0, cmax: 2 },
      xaxes: { x: {}, x2: { anchor: "y2", autorange: "reversed" }, x3: { anchor: "y3", type: "log" } },
      yaxes: { y: { autorange: "reversed" }, y2: { anchor: "x2" }, y3: { anchor: "x3" } },
    },
  }),
  "the growth of a receptive field": receptiveFieldGrowthSpec({
    size: [3, 5],
    series: [{ name: "a", layers: [{ kind: "height" }, { kind: "window", span: 3 }] }],
  }),
  "the explorer of encodings": encodingExplorerSpec([
    { layer: "a", term: "query", head: 0, epoch: 0, table },
    { layer: "b", term: "key", head: 1, epoch: 3, table },
  ]),
  "accuracy against cost": accuracyAgainstCostSpec([{ series: "a", parameters: 3e6, multiplyAdds: 5e8, top1: 0.7 }]),
  "the diagram of a layer": attentionDiagramSpec({
    ...{ height: 7, width: 11, channels: 26, axis: "width", heads: 2, keyDepth: 6, valueDepth: 10 },
  } as const),
  "the diagram of a block": axialBlockDiagramSpec({
    ...{ height: 7, width: 11, channels: 13, innerChannels: 10, outChannels: 26, heads: 2 },
  }),
  "a panoptic overlay": panopticOverlaySpec({ image, ...panoptic }),
  "a panoptic comparison": panopticComparisonSpec({ image, truth: panoptic, prediction: panoptic }),
  "centres and offsets": centerOffsetFieldsSpec({
    ...{ image, shape: [2, 3], centers: [0, 0, 1, 0, 0, 0], offsets: Array<number>(12).fill(1) },
  } as const),
  "quality by class": qualityPerClassSpec([
    { name: "a", isThing: true, panopticQuality: 0.5, segmentationQuality: 0.8, recognitionQuality: 0.625 },
    { name: "b", isThing: false, panopticQuality: NaN, segmentationQuality: NaN, recognitionQuality: NaN },
  ]),
  "a confusion matrix of nothing": confusionMatrixSpec({ classes: [], counts: [] }),
  "relative encodings before and after": plotlyToVegaLite(
    relativeEncodingsSpec([
      { name: "before", query: table, key: table, value: table },
      { name: "after", query: table, key: null, value: table },
    ]),
  ),
};

describe("the specification of", () => {
  for (const [name, spec] of Object.entries(specifications))
    it(`${name} is valid and drawn without a warning`, async () => {
      assertValid(themed(spec), 6);
      assertValid(themed(spec), 5);
      assertCompiledByVersion5(themed(spec));
      await drawStrictly(themed(spec));
    });
});
