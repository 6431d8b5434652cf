//! Axial, local and criss-cross attention with gradients, and the similarity statistics of their norms.
//!
//! A lane of a vector is a task (lanes.rs, tasks.rs). A group of tasks is read into scratch memory, transposed, as rows of quads:
//! four channels of a position side by side, then those of the next position (arena.rs, group.rs). Its queries go in tiles of as
//! many as the registers hold beside a quad, so that each key that is loaded serves several (tile.rs, forward_loops.rs,
//! gradient_loops.rs). An axis is an image of one row: the same code goes along axes and through images. Logits exist for one
//! tile at a time, so memory grows with the length of an axis, or with the window's rows of an image.

// A tile's queries and a quad's channels index several arrays at once, and closures of iterators would not do: see lanes.rs.
#![allow(clippy::needless_range_loop)]

mod arena;
mod attention_grad_sum;
mod axial_attention;
mod axial_attention_grad;
mod axial_similarity_statistics;
mod axial_similarity_statistics_grad;
mod axial_similarity_statistics_grad_sum;
#[cfg(test)]
mod cases;
mod coefficients;
mod criss_cross_attention;
mod criss_cross_attention_grad;
#[cfg(test)]
mod criss_cross_attention_tests;
mod encodings;
mod exponential;
mod forward_loops;
mod geometry;
mod gradient_loops;
mod gradient_rows;
mod gradients;
mod gram;
mod group;
mod lanes;
mod local_attention;
mod local_attention_grad;
mod local_similarity_statistics;
mod local_similarity_statistics_grad;
#[cfg(test)]
mod loops;
mod moments;
mod offset_sums;
mod part_sums;
mod product_gradients;
mod product_loops;
mod product_moments;
mod products;
mod similarity_gradients;
mod similarity_statistics_sum;
#[cfg(test)]
mod similarity_statistics_tests;
mod tasks;
mod tile;
mod window_attention;
mod window_attention_grad;
#[cfg(test)]
mod window_attention_grad_tests;
#[cfg(test)]
mod window_attention_tests;

pub use attention_grad_sum::attention_grad_sum;
pub use axial_attention::axial_attention;
pub use axial_attention_grad::axial_attention_grad;
pub use axial_similarity_statistics::axial_similarity_statistics;
pub use axial_similarity_statistics_grad::axial_similarity_statistics_grad;
pub use axial_similarity_statistics_grad_sum::axial_similarity_statistics_grad_sum;
pub use criss_cross_attention::criss_cross_attention;
pub use criss_cross_attention_grad::criss_cross_attention_grad;
pub use local_attention::local_attention;
pub use local_attention_grad::local_attention_grad;
pub use local_similarity_statistics::local_similarity_statistics;
pub use local_similarity_statistics_grad::local_similarity_statistics_grad;
pub use similarity_statistics_sum::similarity_statistics_sum;
