/** What a batch norm on the similarities of local attention goes by, fused. */
import type * as tf from "@tensorflow/tfjs";
import {
  fusedSimilarityStatistics,
  statisticsGradient,
  type AttentionGeometry,
  type SimilarityInputs,
  type SimilarityStatistics,
} from "./attention.js";

/**
 * Mean and biased variance, per head, of each of the three terms before scaling, over all pairs whose key lies in the
 * window and in the image; 0 for a term that is left out. Null where the current backend has no such kernel.
 */
export const fusedLocalSimilarityStatistics = (
  inputs: SimilarityInputs,
  geometry: AttentionGeometry,
): SimilarityStatistics | null => fusedSimilarityStatistics("Local", inputs, geometry);

export const localSimilarityStatisticsGradients: readonly tf.GradConfig[] = [
  statisticsGradient("LocalSimilarityStatistics"),
];
