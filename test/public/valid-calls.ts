/** One right call of many public functions, as small as can be, so that its parts can be spoiled one by one. */
import * as tf from "@tensorflow/tfjs";

const image = { values: new Float32Array(6 * 10 * 3).fill(0.5), shape: [6, 10, 3] };
const picture = {
  ids: [1, 1, 0, 2, 2, 1],
  shape: [2, 3],
  segments: [
    { id: 1, category: "road", isThing: false },
    { id: 2, category: "car", isThing: true, score: 0.5 },
  ],
};
const events = [
  { event: "step", step: 1, loss: 2.5, learningRate: 0.1 },
  { event: "epoch", epoch: 1, step: 2, training: { loss: 1.7, top1: 0.4 }, validation: { loss: 1.9, top1: 0.3 } },
];
const table = { values: Float32Array.from({ length: 15 }, (_, i) => i - 7), shape: [5, 3], before: 2 };
const line = { layer: "a", axis: "width", axes: ["row", "head", "query", "key"] };
const attention = { ...line, weights: new Float32Array(2 * 3 * 5 * 5).fill(0.2), shape: [2, 3, 5, 5] };
const axialLayer = { height: 7, width: 11, channels: 26, axis: "width", heads: 2, keyDepth: 6, valueDepth: 10 };

/** By the function's public name. */
export function validCalls(): Readonly<Record<string, readonly unknown[]>> {
  return {
    "widgets.accuracyAgainstCost": [
      [{ series: "a", label: "S", parameters: 3e6, multiplyAdds: 5e8, top1: 0.7 }],
      { paper: false, title: "t" },
    ],
    "widgets.attentionDiagram": [axialLayer],
    "widgets.axialBlockDiagram": [{ height: 7, width: 11, channels: 13, innerChannels: 10, outChannels: 26, heads: 2 }],
    "widgets.attentionMap": [
      { image, query: { y: 1, x: 2 }, fields: [{ title: "f", values: [0, 0.1, 0.2, 0.3, 0.4, 0], shape: [2, 3] }] },
    ],
    "widgets.attentionRows": [
      { image, query: { y: 1, x: 2 }, height: [[0.5, 0.5]], width: [[0, 0, 1]], title: "t", subtitle: "s" },
    ],
    "widgets.centerOffsetFields": [
      { image, shape: [2, 3], centers: [0, 0, 1, 0, 0, 0], offsets: Array<number>(12).fill(1) },
    ],
    "widgets.confusionMatrix": [
      {
        classes: ["a", "b"],
        counts: [
          [2, 3],
          [0, 5],
        ],
      },
    ],
    "widgets.costCurves": [
      {
        points: [{ series: "a", label: "S", printed: true, values: { parameters: 2e6, top1: 0.7 } }],
        panels: [{ x: { value: "parameters", scale: "log", title: "p" }, y: { value: "top1", format: ".0%" } }],
      },
    ],
    "widgets.encodingExplorer": [[{ layer: "a", term: "query", head: 0, epoch: 0, table }], { title: "t" }],
    "widgets.heatMaps": [{ panels: [{ title: "a", values: [[0.9, 0.1]] }], rowTitle: "query", columns: 2 }],
    "widgets.imageGrid": [[{ image, caption: "a", right: true }], { columns: 1, size: 20 }],
    "widgets.panopticComparison": [{ image, truth: picture, prediction: picture }],
    "widgets.panopticOverlay": [{ image, ...picture }],
    "widgets.plotlyFigure": [
      "a",
      {
        data: [{ type: "scatter", mode: "lines", x: [1, 10], y: [2, 3], name: "a" }],
        layout: { height: 300, xaxes: { x: {} }, yaxes: { y: {} } },
      },
    ],
    "widgets.qualityPerClass": [
      [{ name: "a", isThing: true, panopticQuality: 0.5, segmentationQuality: 0.8, recognitionQuality: 0.6 }],
      { title: "t" },
    ],
    "widgets.receptiveFieldGrowth": [
      { size: [3, 5], series: [{ name: "a", layers: [{ kind: "window", span: 3 }] }], title: "t" },
    ],
    "widgets.relativeEncodings": [
      [
        { name: "before", query: table },
        { name: "after", query: table },
      ],
      { reach: 1, change: true },
    ],
    "widgets.stageDiagram": [
      {
        name: "net",
        stem: { kind: "convolution", filters: 8 },
        stages: [{ blocks: 2, stride: 1, filters: 16, operator: { kind: "axial" } }],
      },
      { size: 64 },
    ],
    "widgets.trainingCurves": [[{ name: "a", events }], { smoothing: 0.5, title: "t" }],
    "widgets.vegaFigure": ["a", { mark: "point", data: { values: [] } }],
    attentionAt: [attention, { y: 1, x: 2, head: 0 }],
    offsetNorms: [table],
    offsetSimilarity: [table],
    "functions.linear": [tf.zeros([2, 3]), tf.zeros([3, 5]), tf.zeros([5])],
    "functions.convolution": [tf.zeros([1, 5, 7, 3]), tf.zeros([3, 3, 3, 2]), { stride: 2 }],
    "functions.maxPool": [tf.zeros([1, 5, 7, 3]), { size: 3 }],
    "functions.resizeBilinear": [tf.zeros([1, 5, 7, 3]), [7, 11]],
    "training.scoreText": [{ mean: 0.5, interval: null, scores: [0.5] }],
    "training.meanWithInterval": [[0.5, 0.7]],
    "training.plateaus": [[0.5, 0.4], 1],
    "models.resNetConfig": ["resnet-26", {}],
    "panoptic.findCenters": [new Float32Array(6), { height: 2, width: 3 }, { threshold: 0.5 }],
    "data.generated": [{ trainCount: 3, validationCount: 2, classes: 2 }],
  };
}
