/** axial-lab: the public API. Re-exports only. */
export { AxialError, ConfigError, FileError, ShapeError, UnsupportedError } from "./core/errors.js";
export * as data from "./data/index.js";
export * as engine from "./engine/index.js";
export * as exchange from "./exchange/index.js";
export * as export from "./export/index.js";
export * as functions from "./functions/index.js";
export {
  attentionAt,
  attentionField,
  attentionHeads,
  correlation,
  crissCrossField,
  inspect,
  largestDifference,
  offsetNorms,
  offsetSimilarity,
  positionTables,
  receptiveField,
  seenPlaces,
  type CrissCrossLoop,
  type CrissCrossMaps,
  type Inspection,
  type LayerAttention,
  type LayerPositions,
  type ModelImage,
  type NamedWeights,
  type Place,
  type PlaceAttention,
  type PositionTable,
  type ReceptiveField,
  type SeenPlaces,
} from "./inspection/index.js";
export * as layers from "./layers/index.js";
export * as models from "./pretrained/index.js";
export * as notebook from "./notebook/index.js";
export * as panoptic from "./panoptic/index.js";
export * as training from "./training/index.js";
export * as weights from "./weights/index.js";
export * as widgets from "../widgets/index.js";
