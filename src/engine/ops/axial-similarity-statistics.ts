/** What a batch norm on the similarities of axial attention goes by, fused. */
import type * as tf from "@tensorflow/tfjs";
import {
  fusedSimilarityStatistics,
  statisticsGradient,
  type AttentionGeometry,
  type SimilarityInputs,
  type SimilarityStatistics,
} from "./attention.js";

/**
 * Mean and variance of the logit terms (`axialSimilarityStatistics` in `src/functions/axial-attention.ts`) in closed form,
 * differentiable. No L x L matrix: Gram matrices of queries, keys and encodings, in time that grows with L. Null where
 * the current backend has no such kernel.
 */
export const fusedAxialSimilarityStatistics = (
  inputs: SimilarityInputs,
  geometry: AttentionGeometry,
): SimilarityStatistics | null => fusedSimilarityStatistics("Axial", inputs, geometry);

export const axialSimilarityStatisticsGradients: readonly tf.GradConfig[] = [
  statisticsGradient("AxialSimilarityStatistics"),
];
