/** The papers' equations as pure functions on tensors. Re-exports only. */
export type {
  AttentionGeometry,
  AttentionInputs,
  AttentionOutputs,
  HeadDepths,
  NormedAttentionOutputs,
  SimilarityInputs,
  SimilarityNorm,
  SimilarityStatistics,
} from "./attention.js";
export {
  axialAttention,
  axialAttentionWeights,
  composedAxialAttention,
  normedAxialAttention,
  axialSimilarityStatistics,
} from "./axial-attention.js";
export { axialPositionEmbedding } from "./axial-position-embedding.js";
export {
  batchNorm,
  batchNormPair,
  batchNormPresets,
  type BatchNormConstants,
  type BatchNormMode,
  type BatchNormPreset,
  type BatchNormWeights,
} from "./batch-norm.js";
export { convolution, subsample, type ConvolutionOptions } from "./convolution.js";
export {
  crissCrossAttention,
  crissCrossAttentionWeights,
  type CrissCrossAttentionGeometry,
  type CrissCrossAttentionInputs,
  type CrissCrossAttentionWeights,
} from "./criss-cross-attention.js";
export {
  globalAttention,
  globalAttentionWeights,
  globalSimilarityStatistics,
  normedGlobalAttention,
} from "./global-attention.js";
export { layerNorm, type LayerNormOptions } from "./layer-norm.js";
export { linear } from "./linear.js";
export {
  localAttention,
  localAttentionWeights,
  localSimilarityStatistics,
  normedLocalAttention,
} from "./local-attention.js";
export {
  axisAttention,
  axisAttentionWeights,
  ndAxialAttention,
  type AxisAttentionOptions,
  type AxisParameters,
} from "./nd-axial-attention.js";
export { averagePool, averageWindows, maxPool, maxPooledSide, type MaxPoolOptions } from "./pooling.js";
export { fitPositionTable, localWindow, resizePositionTable, type OffsetRange } from "./relative-position.js";
export { resizeBilinear, resizeNearest, resizeOffsets, scaledSize, type MapSize } from "./resize.js";
export { plainSequence, reversibleSequence, twoStreamSequence, type Branch, type BranchPair } from "./reversible.js";
export { standAloneAttention, type StandAloneAttentionInputs } from "./stand-alone-attention.js";
export {
  valueMixtureAttention,
  valueMixtureAttentionWeights,
  type ValueMixtureAttentionGeometry,
  type ValueMixtureAttentionInputs,
} from "./value-mixture-attention.js";
