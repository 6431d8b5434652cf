//! Matrix products and what follows them.

pub mod epilogue;
pub mod matrix_product;
pub mod multiply;
