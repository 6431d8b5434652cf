//! Convolutions over NHWC images and their gradients, as matrix products of blocks of unrolled windows.

pub mod depthwise;
pub mod filter_grad;
pub mod taps;
#[cfg(test)]
mod tests;
mod window;
