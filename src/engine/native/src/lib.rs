//! The compute kernels of axial-lab as native code: the same names, arguments and shares as the WebAssembly kernels
//! (`../../wasm/assembly`), on the same memory. docs/engine.md tells how a kernel comes to run and how to add one.
//!
//! A kernel is a function `fn name(call: &Call)`, listed in `kernels`. It reads its arguments from `call` by slot, makes
//! slices of the tensors through `call.heap`, does the share `call.part` of `call.parts`, and panics where the geometry is
//! wrong. Loops over floats run in `simd::dispatch`; working memory of a thread comes from `scratch`.

mod attention;
mod batch_norm;
mod call;
mod convolution;
mod copy;
mod elementwise;
mod entry;
mod heap;
mod kernels;
mod matrix;
mod optimizer_update;
mod pages;
mod pooling;
mod resample;
mod rows;
mod scratch;
mod simd;
#[allow(dead_code, reason = "written for every kernel, native or not")]
mod slots;
#[cfg(test)]
mod testing;
