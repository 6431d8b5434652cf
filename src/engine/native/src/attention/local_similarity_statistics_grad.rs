//! localSimilarityStatisticsGrad: from dMean and dVariance to the gradients with respect to queries, keys and encodings.

use super::geometry::Geometry;
use super::product_gradients::{Slots, differentiate_products};
use crate::call::Call;

/// args: those of images, then mean, dMean and dVariance, [3, N] each, dQkv, whether to add to what it holds, the parts' sums
/// and the bytes of one part's: rows of those of attentionGradSum
pub fn local_similarity_statistics_grad(call: &Call) {
    let geometry = Geometry {
        reads_values: false,
        ..Geometry::of_images(call)
    };
    differentiate_products(call, geometry, Slots::of_images());
}
