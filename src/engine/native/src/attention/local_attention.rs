//! localAttention: position-sensitive attention in an M x M window of an image. Equals `composedLocalAttention` of
//! src/functions/local-attention.ts.

use super::geometry::Geometry;
use super::window_attention::attend_in_windows;
use crate::call::Call;
use crate::slots::local_attention as slot;

/// args: those of images, then content, position [B, H, W, N * Dv]; position 0: none, or content is the sum of both
pub fn local_attention(call: &Call) {
    attend_in_windows(call, Geometry::of_images(call), [slot::CONTENT, slot::POSITION]);
}
