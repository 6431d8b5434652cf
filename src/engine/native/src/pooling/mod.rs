//! Pooling x \[B, H, W, C\] over windows into y \[B, P, Q, C\], maximum and average, with gradients. Places beyond the edge count
//! neither for the maximum nor for the average; of windows without a place they are -Infinity and NaN. A NaN in a window is
//! its result.

pub mod average;
mod fold;
pub mod max;
#[cfg(test)]
mod tests;
mod windows;
