//! The matrix product itself: the `gemm` crate's, one thread's worth of it.

use std::sync::Once;

use gemm::Parallelism;

/// A matrix in memory, by strides in floats; either may have any sign or be zero.
#[derive(Clone, Copy)]
pub struct Matrix {
    pub start: *const f32,
    pub row_step: usize,
    pub column_step: usize,
}

impl Matrix {
    /// Rows one behind the other.
    pub fn rows(start: *const f32, row_step: usize) -> Self {
        Matrix {
            start,
            row_step,
            column_step: 1,
        }
    }

    pub fn transposed(self) -> Self {
        Matrix {
            row_step: self.column_step,
            column_step: self.row_step,
            ..self
        }
    }
}

/// Rows, columns and depth of a product.
#[derive(Clone, Copy)]
pub struct Size {
    pub rows: usize,
    pub columns: usize,
    pub depth: usize,
}

/// From so many times eight rows of C on B is packed. Read where it lies, a B of wide rows misses the caches with each of them:
/// that costs more than packing it for as few rows.
const PACKED_FROM: usize = 4;

/// C = A B, or C += A B; C has rows `c_step` floats apart.
///
/// # Safety
/// All of A, B and C must be accessible, and C written by nobody else.
pub unsafe fn multiply(c: *mut f32, c_step: usize, a: Matrix, b: Matrix, size: Size, accumulate: bool) {
    let Size { rows, columns, depth } = size;
    let before = if accumulate { 1.0 } else { 0.0 };
    static THRESHOLD: Once = Once::new();
    THRESHOLD.call_once(|| gemm::set_lhs_packing_threshold_single_thread(PACKED_FROM));
    // SAFETY: as the caller vouches; strides of a heap of 4 GiB fit in isize.
    unsafe {
        gemm::gemm(
            rows,
            columns,
            depth,
            c,
            1,
            c_step as isize,
            accumulate,
            a.start,
            a.column_step as isize,
            a.row_step as isize,
            b.start,
            b.column_step as isize,
            b.row_step as isize,
            before,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

/// Tasks into which so many multiply-adds are cut: each some 40 microseconds of a thread, a thousand times what taking it costs,
/// and no more than keep many threads busy to the end.
pub fn task_count(multiply_adds: usize) -> usize {
    (multiply_adds / 4_000_000).clamp(1, 64)
}
