//! localSimilarityStatistics: mean and biased variance of each logit term and head over all images and all pairs in the
//! window. Equals `composedLocalSimilarityStatistics` of src/functions/local-attention.ts.

use super::geometry::Geometry;
use super::product_moments::add_product_moments;
use crate::call::Call;
use crate::slots::local_similarity_statistics as slot;

/// args: those of images, then `PartMoments`
pub fn local_similarity_statistics(call: &Call) {
    let geometry = Geometry {
        reads_values: false,
        ..Geometry::of_images(call)
    };
    add_product_moments(call, geometry, slot::SUMS);
}
