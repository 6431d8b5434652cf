/** Panoptic segmentation: data, targets, losses, the task, and from predictions back to maps and metrics. */
export {
  averagePrecision,
  maskArea,
  maskOf,
  type AveragePrecision,
  type ClassPrecision,
  type Detection,
  type Mask,
  type ObjectsOfImage,
  type TrueObject,
} from "./average-precision.js";
export { findCenters, groupPixels, type Center, type CenterOptions, type Grouping } from "./centers.js";
export { writePanopticResults, type PanopticResult } from "./coco-results.js";
export { panopticAugmentation, type PanopticAugmentation } from "./crop.js";
export { batchLabels, type BatchTargetOptions, type PanopticBatch, type PanopticDataset } from "./dataset.js";
export { panopticFolder, type PanopticFolderOptions } from "./folder.js";
export { generatedPanoptic, type GeneratedPanopticDataset, type GeneratedPanopticOptions } from "./generated.js";
export {
  lossReductions,
  panopticLosses,
  type LossReduction,
  type PanopticLosses,
  type PanopticLossOptions,
  type PanopticPrediction,
  type PanopticTargetTensors,
} from "./losses.js";
export { mapPicture, mapQuality, type MapPicture } from "./maps.js";
export { MeanIou } from "./mean-iou.js";
export { mergePanoptic, mergeRules, type MergeOptions, type MergeRules } from "./merge.js";
export type { PanopticEvaluation } from "./meter.js";
export { segmentsOf, type LabelSpace, type PixelMap, type Segment } from "./panoptic-map.js";
export { assemblePanoptic, type AssembledPrediction, type PostProcessing, type RawPrediction } from "./prediction.js";
export {
  PanopticQuality,
  type ListedSegment,
  type Quality,
  type QualityCounts,
  type QualityMean,
  type QualityOptions,
  type SegmentMap,
} from "./quality.js";
export {
  panopticReport,
  readPanopticReport,
  writePanopticReport,
  type JudgedImage,
  type PanopticReport,
  type PanopticReportOptions,
} from "./report.js";
export { panopticSamples, type PanopticSample, type PanopticSampleOptions } from "./samples.js";
export { segment, type FoundSegment, type ImageBytes, type Segmentation, type SegmentOptions } from "./segment.js";
export { panopticTargets, targetRules, type PanopticTargets, type TargetOptions, type TargetRules } from "./targets.js";
export { panopticSegmentation, type PanopticSegmentationOptions } from "./task.js";
export type { WindowOptions } from "./windows.js";
