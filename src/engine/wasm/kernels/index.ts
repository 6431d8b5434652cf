/** Every kernel of the threaded WebAssembly backend: how each is planned, and the memory that it gets. */
import type { WasmKernel } from "../kernel.js";
import { deferredConvolutionKernels, withDeferrals } from "../lazy/index.js";
import { axialAttentionKernels } from "./axial-attention.js";
import { axialSimilarityStatisticsKernels } from "./axial-similarity-statistics.js";
import { batchNormKernels } from "./batch-norm.js";
import { convolutionKernels } from "./convolution.js";
import { copyKernels } from "./copy.js";
import { crissCrossAttentionKernels } from "./criss-cross-attention.js";
import { depthwiseConvolutionKernels } from "./depthwise-convolution.js";
import { einsumKernels } from "./einsum.js";
import { elementwiseKernels } from "./elementwise.js";
import { globalAttentionKernels } from "./global-attention.js";
import { identityKernels } from "./identity.js";
import { linearKernels } from "./linear.js";
import { localAttentionKernels } from "./local-attention.js";
import { localSimilarityStatisticsKernels } from "./local-similarity-statistics.js";
import { matrixProductKernels } from "./matrix-product.js";
import { maxPool3dGradient } from "./max-pool-3d-grad.js";
import { ndAxialAttentionKernels } from "./nd-axial-attention.js";
import { normFactorKernels } from "./norm-factors.js";
import { optimizerUpdateKernels } from "./optimizer-update.js";
import { poolingKernels } from "./pooling.js";
import { reduceKernels } from "./reduce.js";
import { resampleKernels } from "./resample.js";
import { softmaxKernels } from "./softmax.js";
import { valueMixtureAttentionKernels } from "./value-mixture-attention.js";

export const wasmKernels: readonly WasmKernel[] = withDeferrals(
  [
    axialAttentionKernels,
    axialSimilarityStatisticsKernels,
    batchNormKernels,
    convolutionKernels,
    copyKernels,
    crissCrossAttentionKernels,
    deferredConvolutionKernels,
    depthwiseConvolutionKernels,
    einsumKernels,
    elementwiseKernels,
    globalAttentionKernels,
    identityKernels,
    linearKernels,
    localAttentionKernels,
    localSimilarityStatisticsKernels,
    matrixProductKernels,
    maxPool3dGradient,
    ndAxialAttentionKernels,
    normFactorKernels,
    optimizerUpdateKernels,
    poolingKernels,
    reduceKernels,
    resampleKernels,
    softmaxKernels,
    valueMixtureAttentionKernels,
  ].flat(),
);
