//! matrixProduct: C = op(A) op(B) for a batch of matrices, op being nothing or the transposition, with an epilogue.
//!
//! Layout: A \[batchA, M, K\] (\[batchA, K, M\] when transposed), B \[batchB, K, N\] (\[batchB, N, K\]), C \[batch, M, N\].
//!
//! The product packs what it needs by itself, so that of the plan that is made for WebAssembly only the geometry is read. C is
//! cut into tasks, which threads take from a counter; whoever does a task, its sums are the same.

use super::epilogue::{Block, Epilogue};
use super::multiply::{Matrix, Size, multiply, task_count};
use crate::call::Call;
use crate::slots::matrix_product as slot;

pub fn matrix_product(call: &Call) {
    let [a, b, c] = [slot::A, slot::B, slot::C].map(|slot| call.pointer(slot));
    let [batch, rows, columns, depth] =
        [slot::BATCH, slot::ROWS, slot::COLUMNS, slot::DEPTH].map(|slot| call.size(slot));
    let [divisor_a, count_a] = [slot::DIVISOR_A, slot::COUNT_A].map(|slot| call.size(slot));
    let [divisor_b, count_b] = [slot::DIVISOR_B, slot::COUNT_B].map(|slot| call.size(slot));
    let [transpose_a, transpose_b] = [slot::TRANSPOSE_A, slot::TRANSPOSE_B].map(|slot| call.flag(slot));
    let epilogue = Epilogue::read(call, slot::SHIFT);

    // The geometry: all matrices lie in the heap.
    let a: *const f32 = call.heap.pointer(a, count_a * rows * depth);
    let b: *const f32 = call.heap.pointer(b, count_b * depth * columns);
    let result: *mut f32 = call.heap.pointer(c, batch * rows * columns);

    let tile = plan(Size { rows, columns, depth }, batch);
    let row_tasks = rows.div_ceil(tile.rows);
    let column_tasks = columns.div_ceil(tile.columns);
    for task in call.tasks(slot::COUNTER, row_tasks * column_tasks * batch) {
        let row = task % row_tasks * tile.rows;
        let column = task / row_tasks % column_tasks * tile.columns;
        let entry = task / (row_tasks * column_tasks);
        let size = Size {
            rows: tile.rows.min(rows - row),
            columns: tile.columns.min(columns - column),
            depth,
        };
        let first = (entry * rows + row) * columns + column;
        // SAFETY: entries and tiles lie within the matrices, which are in the heap, and a tile of C is one task's own.
        unsafe {
            let a = a.add(entry / divisor_a % count_a * rows * depth);
            let b = b.add(entry / divisor_b % count_b * depth * columns);
            let a = match transpose_a {
                false => Matrix::rows(a.add(row * depth), depth),
                true => Matrix::rows(a.add(row), rows).transposed(),
            };
            let b = match transpose_b {
                false => Matrix::rows(b.add(column), columns),
                true => Matrix::rows(b.add(column * depth), depth).transposed(),
            };
            multiply(result.add(first), columns, a, b, size, false);
        }
        let Size {
            rows, columns: width, ..
        } = size;
        epilogue.apply(
            call,
            Block {
                result: c,
                first,
                column,
                rows,
                columns: width,
                step: columns,
            },
        );
    }
}

struct Tile {
    rows: usize,
    columns: usize,
}

/// Floats of C in a task: 256 KiB, so that the epilogue finds them in L2 cache.
const TASK_FLOATS: usize = 65_536;

/// Columns of a task at most. Each task packs its columns of B again, and reads its rows of A again for each block of columns: as
/// high as wide it does least of both.
const TASK_COLUMNS: usize = if cfg!(test) { 64 } else { 256 };

/// Rows of a task at least, where there are so many.
const TASK_ROWS: usize = 192;

/// The same tasks on any number of threads, so that the sums are the same.
fn plan(size: Size, batch: usize) -> Tile {
    let Size { rows, columns, depth } = size;
    let wanted = task_count(rows * columns * depth * batch).div_ceil(batch);
    let column_split = columns.div_ceil(TASK_COLUMNS).max(1);
    let width = columns.div_ceil(column_split).next_multiple_of(16).min(columns.max(1));
    let fitting = (TASK_FLOATS / width.max(1)).max(TASK_ROWS);
    let height = rows
        .div_ceil(wanted.div_ceil(column_split))
        .next_multiple_of(8)
        .clamp(TASK_ROWS, fitting);
    Tile {
        rows: height,
        columns: width,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestHeap, assert_close, noise};

    struct Case {
        batch: usize,
        rows: usize,
        columns: usize,
        depth: usize,
        transpose: [bool; 2],
        epilogue: [bool; 3],
    }

    fn check(
        Case {
            batch,
            rows,
            columns,
            depth,
            transpose,
            epilogue,
        }: Case,
    ) {
        let a = noise(1, batch * rows * depth);
        let b = noise(2, depth * columns);
        let shift = noise(3, columns);
        let residual = noise(4, batch * rows * columns);
        let mut expected = Vec::new();
        for i in 0..batch * rows {
            let (entry, row) = (i / rows, i % rows);
            for j in 0..columns {
                let sum: f64 = (0..depth)
                    .map(|k| {
                        let left = if transpose[0] { k * rows + row } else { row * depth + k };
                        let right = if transpose[1] { j * depth + k } else { k * columns + j };
                        f64::from(a[entry * rows * depth + left]) * f64::from(b[right])
                    })
                    .sum();
                let mut value = sum as f32;
                value += if epilogue[0] { shift[j] } else { 0.0 };
                value += if epilogue[1] { residual[i * columns + j] } else { 0.0 };
                expected.push(if epilogue[2] { value.max(0.0) } else { value });
            }
        }
        let given = |wanted: bool, offset: usize| if wanted { offset as f64 } else { 0.0 };
        let flag = |wanted: bool| f64::from(u8::from(wanted));
        let mut before = None;
        for parts in [1, 3, 3] {
            let mut heap = TestHeap::new(1 << 23);
            let [a, b, shift, residual] = [&a, &b, &shift, &residual].map(|values| heap.put(values));
            let c = heap.room(batch * rows * columns);
            let mut args = [a, b, c, batch, rows, columns, depth, 1, batch, 1, 1]
                .map(|value| value as f64)
                .to_vec();
            args.extend([flag(transpose[0]), flag(transpose[1]), 0.0, 0.0, 0.0]);
            args.extend([
                given(epilogue[0], shift),
                given(epilogue[1], residual),
                flag(epilogue[2]),
                0.0,
                0.0,
                0.0,
            ]);
            heap.run(matrix_product, &args, parts);
            let got = heap.get::<f32>(c, expected.len());
            assert_close(&got, &expected, 3e-6);
            if parts == 3 {
                let bits: Vec<u32> = got.iter().map(|value| value.to_bits()).collect();
                assert_eq!(
                    before.replace(bits.clone()).unwrap_or(bits.clone()),
                    bits,
                    "not repeatable"
                );
            }
        }
    }

    #[test]
    fn equals_sums_in_float64_for_every_transposition_and_epilogue() {
        for (rows, columns, depth) in [
            (1, 1, 1),
            (2, 3, 5),
            (1, 67, 131),
            (61, 1, 7),
            (37, 129, 53),
            (131, 17, 3),
        ] {
            for bits in 0..32_u32 {
                let bit = |index: u32| bits >> index & 1 == 1;
                let (transpose, epilogue) = ([bit(0), bit(1)], [bit(2), bit(3), bit(4)]);
                check(Case {
                    batch: 3,
                    rows,
                    columns,
                    depth,
                    transpose,
                    epilogue,
                });
            }
        }
    }

    #[test]
    fn sums_over_more_than_one_block_of_the_depth() {
        let (transpose, epilogue) = ([false, true], [true, false, true]);
        check(Case {
            batch: 1,
            rows: 523,
            columns: 67,
            depth: 1031,
            transpose,
            epilogue,
        });
    }

    #[test]
    fn an_empty_sum_is_zero_before_the_epilogue() {
        let (transpose, epilogue) = ([false, false], [true, true, false]);
        check(Case {
            batch: 2,
            rows: 5,
            columns: 3,
            depth: 0,
            transpose,
            epilogue,
        });
    }
}
