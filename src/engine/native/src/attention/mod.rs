//! Axial, local and criss-cross attention with gradients, and the similarity statistics of their norms.

mod arena;
mod attention_grad_sum;
#[cfg(test)]
mod cases;
mod coefficients;
mod criss_cross;
#[cfg(test)]
mod criss_cross_tests;
mod encodings;
mod exponential;
mod forward_loops;
mod geometry;
mod gradient_loops;
mod gradients;
mod gram;
mod group;
mod lanes;
#[cfg(test)]
mod loops;
mod moments;
mod offset_sums;
mod part_sums;
mod product_loops;
mod products;
mod similarity_gradients;
mod statistics;
mod statistics_grad;
mod statistics_grad_sum;
#[cfg(test)]
mod statistics_tests;
mod tasks;
mod tile;
mod window_attention;
mod window_attention_grad;
#[cfg(test)]
mod window_attention_grad_tests;
#[cfg(test)]
mod window_attention_tests;

pub use attention_grad_sum::attention_grad_sum;
pub use criss_cross::{criss_cross_attention, criss_cross_attention_grad};
pub use moments::similarity_statistics_sum;
pub use statistics::{axial_similarity_statistics, local_similarity_statistics};
pub use statistics_grad::{axial_similarity_statistics_grad, local_similarity_statistics_grad};
pub use statistics_grad_sum::axial_similarity_statistics_grad_sum;
pub use window_attention::{axial_attention, local_attention};
pub use window_attention_grad::{axial_attention_grad, local_attention_grad};
