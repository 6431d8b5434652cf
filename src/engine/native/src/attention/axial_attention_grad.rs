//! axialAttentionGrad: the gradients of axial_attention.rs with respect to qkv, encodings and factors.

use super::geometry::Geometry;
use super::window_attention_grad::differentiate_in_windows;
use crate::call::Call;

/// args: those of an axis, then dContent and dPosition (0: none; the same where only their sum was asked for), dQkv, the parts'
/// sums and the bytes of one part's (`PartSums`)
pub fn axial_attention_grad(call: &Call) {
    differentiate_in_windows(call, Geometry::of_axis(call));
}
