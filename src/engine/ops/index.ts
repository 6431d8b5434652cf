/** Our operations: what layers call, and their gradients. What computes them is behind kernel-registry.ts. */
import type { GradConfig } from "@tensorflow/tfjs";
import { axialAttentionGradients } from "./axial-attention.js";
import { axialSimilarityStatisticsGradients } from "./axial-similarity-statistics.js";
import { batchNormGradients } from "./batch-norm.js";
import { convolutionGradients } from "./convolution.js";
import { depthwiseConvolutionGradients } from "./depthwise-convolution.js";
import { crissCrossAttentionGradients } from "./criss-cross-attention.js";
import { einsumGradients } from "./einsum.js";
import { elementwiseGradients } from "./elementwise.js";
import { globalAttentionGradients } from "./global-attention.js";
import { linearGradients } from "./linear.js";
import { localAttentionGradients } from "./local-attention.js";
import { localSimilarityStatisticsGradients } from "./local-similarity-statistics.js";
import { ndAxialAttentionGradients } from "./nd-axial-attention.js";
import { normFactorGradients } from "./norm-factors.js";
import { poolingGradients } from "./pooling.js";
import { reductionGradients } from "./reductions.js";
import { repairedGradients } from "./repaired-gradients.js";
import { valueMixtureAttentionGradients } from "./value-mixture-attention.js";

export * from "./axial-attention.js";
export * from "./axial-similarity-statistics.js";
export * from "./batch-norm.js";
export * from "./local-attention.js";
export * from "./local-similarity-statistics.js";
export * from "./criss-cross-attention.js";
export { groupedConvolution, type GroupedConvolutionOptions } from "./convolution.js";
export * from "./optimizer-update.js";
export { fusedLinear, type LinearOptions } from "./linear.js";

/** Gradients of the operations that TensorFlow.js does not have, and of those that ours are better for. */
export const gradients: readonly GradConfig[] = [
  axialAttentionGradients,
  axialSimilarityStatisticsGradients,
  batchNormGradients,
  convolutionGradients,
  depthwiseConvolutionGradients,
  crissCrossAttentionGradients,
  einsumGradients,
  elementwiseGradients,
  globalAttentionGradients,
  linearGradients,
  localAttentionGradients,
  localSimilarityStatisticsGradients,
  ndAxialAttentionGradients,
  normFactorGradients,
  poolingGradients,
  reductionGradients,
  repairedGradients,
  valueMixtureAttentionGradients,
].flat();
