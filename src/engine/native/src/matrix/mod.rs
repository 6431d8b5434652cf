//! Matrix products and what follows them.

pub mod epilogue;
pub mod multiply;
pub mod product;
