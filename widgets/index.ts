/** Figures: pure functions from plain arrays to specifications, and what shows them. Re-exports only. */
export { attentionExplorer, type AttentionExplorerArgs } from "./attention-explorer.js";
export { type AttentionExplorerState } from "./attention-explorer-state.js";
export {
  attentionMap,
  attentionRows,
  type AttentionField,
  type AttentionMapArgs,
  type AttentionRowsArgs,
} from "./attention-map.js";
export { confusionMatrix, type ConfusionMatrixArgs } from "./confusion-matrix.js";
export { costCurves, type CostAxis, type CostCurvesArgs, type CostPoint } from "./cost-curves.js";
export { createFigure, type BundleOptions, type Figure } from "./figure.js";
export { heatMaps, type HeatMapPanel, type HeatMapsArgs } from "./heat-maps.js";
export { imageGrid, type GridImage, type ImageGridOptions } from "./image-grid.js";
export { liveFigure, type LiveFigure, type LiveOptions } from "./live.js";
export { type Pixels } from "./pixels.js";
export { plotlyFigure } from "./plotly.js";
export type { PlotlySpec } from "./plotly-spec.js";
export {
  relativeEncodings,
  type EncodingTable,
  type LayerEncodings,
  type RelativeEncodingsOptions,
} from "./relative-encodings.js";
export { save, show } from "./show.js";
export { stageDiagram, type StagedNetwork, type StageDiagramOptions } from "./stage-diagram.js";
export {
  liveTrainingCurves,
  trainingCurves,
  type LiveTrainingCurves,
  type LogEvent,
  type Run,
  type TrainingCurvesOptions,
} from "./training-curves.js";
export { vegaFigure } from "./vega.js";
export type { VegaLiteSpec } from "./vega-lite-spec.js";
export { createWidget, type Widget, type WidgetArgs } from "./widget.js";
export { accuracyAgainstCost, type AccuracyAgainstCostOptions, type AccuracyPoint } from "./accuracy-against-cost.js";
export {
  attentionDiagram,
  axialBlockDiagram,
  type AxialAttentionSizes,
  type AxialBlockSizes,
} from "./axial-diagrams.js";
export { centerOffsetFields, type CenterOffsetFieldsArgs } from "./center-offset-fields.js";
export { encodingExplorer, type EncodingExplorerOptions, type EncodingSnapshot } from "./encoding-explorer.js";
export {
  panopticComparison,
  panopticOverlay,
  type PanopticComparisonArgs,
  type PanopticOverlayArgs,
} from "./panoptic-overlay.js";
export { type PanopticPicture, type PanopticSegment } from "./panoptic-segments.js";
export { qualityPerClass, type ClassQuality, type QualityPerClassOptions } from "./quality-per-class.js";
export { receptiveFieldGrowth, type ReceptiveFieldGrowthArgs, type ReceptiveLayer } from "./receptive-field-growth.js";
export { trainingMonitor, type TrainingMonitor, type TrainingMonitorOptions } from "./training-monitor.js";
export { type TrainingMonitorState } from "./training-monitor-state.js";
