/** Our operations: what the engine installs, and what layers call. */
import type { GradConfig } from "@tensorflow/tfjs";
import { attentionGradients, attentionKernels } from "./attention-kernels.js";
import { batchNormGradients, batchNormKernels } from "./batch-norm.js";
import { convolutionGradients, convolutionKernels } from "./convolution.js";
import { crissCrossGradients, crissCrossKernels } from "./criss-cross-attention-kernels.js";
import { copyKernels } from "./copy.js";
import { deferredConvolutionKernels } from "./deferred-convolution.js";
import { withDeferrals } from "./deferrals.js";
import { elementwiseGradients, elementwiseKernels } from "./elementwise.js";
import { identityKernels } from "./identity.js";
import { linearGradients, linearKernels } from "./linear.js";
import { localSimilarityStatisticsGradients, localSimilarityStatisticsKernels } from "./local-similarity-statistics.js";
import { matrixProductKernels } from "./matrix-product.js";
import { normFactorGradients, normFactorKernels } from "./norm-factors.js";
import { poolingGradients, poolingKernels } from "./pooling.js";
import { reduceKernels } from "./reduce.js";
import { axialSimilarityStatisticsGradients, axialSimilarityStatisticsKernels } from "./axial-similarity-statistics.js";
import { softmaxKernels } from "./softmax.js";
import type { WasmKernel } from "./wasm-kernel.js";

export * from "./axial-attention.js";
export * from "./batch-norm.js";
export * from "./local-attention.js";
export * from "./criss-cross-attention.js";
export { groupedConvolution, type GroupedConvolutionOptions } from "./convolution.js";
export * from "./optimizer-update.js";
export { fusedLinear, type LinearOptions } from "./linear.js";

/** Every kernel of the threaded WebAssembly backend. */
export const wasmKernels: readonly WasmKernel[] = withDeferrals(
  [
    attentionKernels,
    batchNormKernels,
    convolutionKernels,
    copyKernels,
    deferredConvolutionKernels,
    crissCrossKernels,
    elementwiseKernels,
    identityKernels,
    linearKernels,
    localSimilarityStatisticsKernels,
    matrixProductKernels,
    normFactorKernels,
    poolingKernels,
    reduceKernels,
    axialSimilarityStatisticsKernels,
    softmaxKernels,
  ].flat(),
);

/** Gradients of the operations that tfjs does not have. */
export const gradients: readonly GradConfig[] = [
  attentionGradients,
  batchNormGradients,
  convolutionGradients,
  elementwiseGradients,
  linearGradients,
  crissCrossGradients,
  localSimilarityStatisticsGradients,
  normFactorGradients,
  poolingGradients,
  axialSimilarityStatisticsGradients,
].flat();
