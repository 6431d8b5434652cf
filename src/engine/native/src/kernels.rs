//! Every kernel of this library by its name, which is that of the WebAssembly kernel that it stands in for.

use crate::attention;
use crate::convolution;
use crate::entry::kernels;
use crate::matrix;
use crate::norm;

kernels! {
    attentionGradSum => attention::attention_grad_sum,
    axialAttention => attention::axial_attention,
    axialAttentionGrad => attention::axial_attention_grad,
    axialSimilarityStatistics => attention::axial_similarity_statistics,
    axialSimilarityStatisticsGrad => attention::axial_similarity_statistics_grad,
    axialSimilarityStatisticsGradSum => attention::axial_similarity_statistics_grad_sum,
    batchNormApply => norm::apply::batch_norm_apply,
    batchNormGradApply => norm::grad::batch_norm_grad_apply,
    batchNormGradSums => norm::grad::batch_norm_grad_sums,
    batchNormMoments => norm::moments::batch_norm_moments,
    convolution => convolution::taps::convolution,
    convolutionFilterGrad => convolution::filter_grad::convolution_filter_grad,
    crissCrossAttention => attention::criss_cross_attention,
    crissCrossAttentionGrad => attention::criss_cross_attention_grad,
    localAttention => attention::local_attention,
    localAttentionGrad => attention::local_attention_grad,
    localSimilarityStatistics => attention::local_similarity_statistics,
    localSimilarityStatisticsGrad => attention::local_similarity_statistics_grad,
    matrixProduct => matrix::product::matrix_product,
    similarityStatisticsSum => attention::similarity_statistics_sum,
    sumShares => convolution::filter_grad::sum_shares,
}
