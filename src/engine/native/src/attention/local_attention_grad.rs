//! localAttentionGrad: the gradients of local_attention.rs with respect to qkv, encodings and factors.

use super::geometry::Geometry;
use super::window_attention_grad::differentiate_in_windows;
use crate::call::Call;

/// args: those of images, then dContent and dPosition (0: none; the same where only their sum was asked for), dQkv, the parts'
/// sums and the bytes of one part's (`PartSums`)
pub fn local_attention_grad(call: &Call) {
    differentiate_in_windows(call, Geometry::of_images(call));
}
