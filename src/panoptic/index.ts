/** Panoptic segmentation: from panoptic maps to targets and losses, and from predictions back to maps and metrics. */
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
export {
  lossReductions,
  panopticLosses,
  type LossReduction,
  type PanopticLosses,
  type PanopticLossOptions,
  type PanopticPrediction,
  type PanopticTargetTensors,
} from "./losses.js";
export { MeanIou } from "./mean-iou.js";
export { mergePanoptic, mergeRules, type MergeOptions, type MergeRules } from "./merge.js";
export { segmentsOf, type LabelSpace, type PixelMap, type Segment } from "./panoptic-map.js";
export {
  PanopticQuality,
  type ListedSegment,
  type Quality,
  type QualityCounts,
  type QualityMean,
  type QualityOptions,
  type SegmentMap,
} from "./quality.js";
export { resizeBilinear, resizeNearest, resizeOffsets, scaledSize, type MapSize } from "../functions/resize.js";
export { panopticTargets, targetRules, type PanopticTargets, type TargetOptions, type TargetRules } from "./targets.js";
