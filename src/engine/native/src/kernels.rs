//! Every kernel of this library by its name, which is that of the WebAssembly kernel that it stands in for.

use crate::convolution;
use crate::entry::kernels;
use crate::matrix;
use crate::norm;

kernels! {
    batchNormApply => norm::apply::batch_norm_apply,
    batchNormGradApply => norm::grad::batch_norm_grad_apply,
    batchNormGradSums => norm::grad::batch_norm_grad_sums,
    batchNormMoments => norm::moments::batch_norm_moments,
    convolution => convolution::taps::convolution,
    convolutionFilterGrad => convolution::filter_grad::convolution_filter_grad,
    matrixProduct => matrix::product::matrix_product,
    sumShares => convolution::filter_grad::sum_shares,
}
