//! What is computed of each element by itself, in one pass over memory, and softmax and reductions of rows.

pub mod binary;
mod exponential;
pub mod reduce;
pub mod softmax;
#[cfg(test)]
mod tests;
pub mod unary;
