/** What a network attends to, as plain arrays. Re-exports only. */
export {
  attentionAt,
  attentionField,
  attentionHeads,
  crissCrossField,
  receptiveField,
  type CrissCrossLoop,
  type CrissCrossMaps,
  type LayerAttention,
  type NamedWeights,
  type Place,
  type PlaceAttention,
  type ReceptiveField,
} from "./attention-weights.js";
export {
  inspect,
  positionTables,
  type Inspection,
  type LayerPositions,
  type ModelImage,
  type PositionTable,
} from "./inspect.js";
export { correlation, largestDifference } from "./compare-values.js";
export { offsetNorms, offsetSimilarity } from "./offset-similarity.js";
export { seenPlaces, type SeenPlaces } from "./seen-places.js";
