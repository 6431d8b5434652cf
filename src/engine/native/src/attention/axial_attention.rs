//! axialAttention: position-sensitive attention along one axis. Equals `composedAxialAttention` of
//! src/functions/axial-attention.ts.

use super::geometry::Geometry;
use super::window_attention::attend_in_windows;
use crate::call::Call;
use crate::slots::axial_attention as slot;

/// args: those of an axis, then content, position [O, L, I, N * Dv]; position 0: none, or content is the sum of both
pub fn axial_attention(call: &Call) {
    attend_in_windows(call, Geometry::of_axis(call), [slot::CONTENT, slot::POSITION]);
}
