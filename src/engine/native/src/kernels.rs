//! Every kernel of this library by its name, which is that of the WebAssembly kernel that it stands in for.

use crate::attention;
use crate::batch_norm;
use crate::convolution;
use crate::copy;
use crate::elementwise;
use crate::entry::kernels;
use crate::matrix;
use crate::optimizer_update;
use crate::pooling;
use crate::resample;

kernels! {
    attentionGradSum => attention::attention_grad_sum,
    averagePool => pooling::average::average_pool,
    averagePoolGrad => pooling::average::average_pool_grad,
    axialAttention => attention::axial_attention,
    axialAttentionGrad => attention::axial_attention_grad,
    axialSimilarityStatistics => attention::axial_similarity_statistics,
    axialSimilarityStatisticsGrad => attention::axial_similarity_statistics_grad,
    axialSimilarityStatisticsGradSum => attention::axial_similarity_statistics_grad_sum,
    batchNormApply => batch_norm::apply::batch_norm_apply,
    batchNormGradApply => batch_norm::grad::batch_norm_grad_apply,
    batchNormGradSums => batch_norm::grad::batch_norm_grad_sums,
    batchNormMoments => batch_norm::moments::batch_norm_moments,
    convolution => convolution::taps::convolution,
    convolutionFilterGrad => convolution::filter_grad::convolution_filter_grad,
    copyBlocks => copy::copy_blocks,
    crissCrossAttention => attention::criss_cross_attention,
    crissCrossAttentionGrad => attention::criss_cross_attention_grad,
    depthwiseConvolution => convolution::depthwise::depthwise_convolution,
    depthwiseFilterGrad => convolution::depthwise::depthwise_filter_grad,
    elementwiseBinary => elementwise::binary::elementwise_binary,
    elementwiseUnary => elementwise::unary::elementwise_unary,
    fillValues => copy::fill_values,
    localAttention => attention::local_attention,
    localAttentionGrad => attention::local_attention_grad,
    localSimilarityStatistics => attention::local_similarity_statistics,
    localSimilarityStatisticsGrad => attention::local_similarity_statistics_grad,
    matrixProduct => matrix::matrix_product::matrix_product,
    maxPool => pooling::max::max_pool,
    maxPoolGrad => pooling::max::max_pool_grad,
    momentUpdate => optimizer_update::moment_update,
    momentumUpdate => optimizer_update::momentum_update,
    moveTowards => optimizer_update::move_towards,
    reduceChunks => elementwise::reduce::reduce_chunks,
    reduceFinish => elementwise::reduce::reduce_finish,
    reduceTrailing => elementwise::reduce::reduce_trailing,
    resample => resample::resample,
    similarityStatisticsSum => attention::similarity_statistics_sum,
    softmaxRows => elementwise::softmax::softmax_rows,
    sumShares => convolution::filter_grad::sum_shares,
}
