//! Sum, mean and greatest value along one axis of x \[outer, length, inner\], equal to TensorFlow.js's Sum, Mean and Max.
//!
//! reduceChunks: tasks of (outer, chunk of the axis) each reduce their stretch into a row of `inner` float64 values;
//! reduceFinish puts the chunks of each outer together in their order; reduceTrailing does both where inner is 1. A few values
//! are added in float32, and those in float64.

use pulp::{Simd, WithSimd};

use crate::call::Call;
use crate::rows::{Terms, sum_rows};
use crate::scratch::with_scratch;
use crate::simd::{dispatch, greater};
use crate::slots::{reduce_chunks as chunks_slot, reduce_finish as finish_slot, reduce_trailing as trailing_slot};

#[derive(Clone, Copy, PartialEq)]
enum Reduction {
    Sum,
    Greatest,
}

impl Reduction {
    /// Numbers as in ../../wasm/kernels/reduce.ts.
    fn read(call: &Call, slot: usize) -> Self {
        match call.size(slot) {
            0 => Reduction::Sum,
            1 => Reduction::Greatest,
            operation => panic!("reduce: operation must be 0 or 1, got {operation}"),
        }
    }

    fn of_nothing(self) -> f64 {
        match self {
            Reduction::Sum => 0.0,
            Reduction::Greatest => f64::NEG_INFINITY,
        }
    }

    fn join(self, a: f64, b: f64) -> f64 {
        match self {
            Reduction::Sum => a + b,
            // NaN where one is.
            Reduction::Greatest if a > b || a.is_nan() => a,
            Reduction::Greatest => b,
        }
    }

    #[inline(always)]
    fn stretch<S: Simd>(self, simd: S, x: &[f32]) -> f64 {
        match self {
            Reduction::Sum => sum(simd, x),
            Reduction::Greatest => f64::from(greatest(simd, x)),
        }
    }
}

pub fn reduce_chunks(call: &Call) {
    use chunks_slot as slot;
    let reduction = Reduction::read(call, slot::OPERATION);
    let [outer, length, inner, chunks] =
        [slot::OUTER, slot::LENGTH, slot::INNER, slot::CHUNKS].map(|slot| call.size(slot));
    for task in call.share(outer * chunks) {
        let chunk = task % chunks;
        let rows = length * chunk / chunks..length * (chunk + 1) / chunks;
        let first = (task / chunks * length + rows.start) * inner;
        // SAFETY: x is an input, and this task's results are ours alone.
        let (x, results) = unsafe {
            (
                call.heap
                    .read::<f32>(call.pointer(slot::X) + 4 * first, rows.len() * inner),
                call.heap
                    .write::<f64>(call.pointer(slot::PARTIAL) + 8 * task * inner, inner),
            )
        };
        if inner == 1 {
            results[0] = dispatch(Stretch { reduction, x });
            continue;
        }
        results.fill(reduction.of_nothing());
        with_scratch(inner, |partial| match reduction {
            Reduction::Sum => sum_rows(Value, [x], [], partial, results),
            Reduction::Greatest => {
                partial.fill(f32::NEG_INFINITY);
                dispatch(GreatestRows { x, most: partial });
                for (result, most) in results.iter_mut().zip(partial) {
                    *result = f64::from(*most);
                }
            }
        });
    }
}

pub fn reduce_finish(call: &Call) {
    use finish_slot as slot;
    let reduction = Reduction::read(call, slot::OPERATION);
    let [outer, chunks, inner] = [slot::OUTER, slot::CHUNKS, slot::INNER].map(|slot| call.size(slot));
    let factor = call.real(slot::FACTOR);
    let share = call.share(outer * inner);
    // SAFETY: the partial results are an input, and this share of y is ours alone.
    let (partial, y) = unsafe {
        (
            call.heap
                .read::<f64>(call.pointer(slot::PARTIAL), outer * chunks * inner),
            call.heap
                .write::<f32>(call.pointer(slot::Y) + 4 * share.start, share.len()),
        )
    };
    for (place, y) in share.zip(y) {
        let first = place / inner * chunks * inner + place % inner;
        let join = |value: f64, chunk: usize| reduction.join(value, partial[first + chunk * inner]);
        *y = ((1..chunks).fold(partial[first], join) * factor) as f32;
    }
}

pub fn reduce_trailing(call: &Call) {
    use trailing_slot as slot;
    let reduction = Reduction::read(call, slot::OPERATION);
    let length = call.size(slot::LENGTH);
    let factor = call.real(slot::FACTOR);
    let rows = call.share(call.size(slot::OUTER));
    // SAFETY: x is an input, and this share of y is ours alone.
    let (x, y) = unsafe {
        (
            call.heap
                .read::<f32>(call.pointer(slot::X) + 4 * rows.start * length, rows.len() * length),
            call.heap
                .write::<f32>(call.pointer(slot::Y) + 4 * rows.start, rows.len()),
        )
    };
    if length > 0 {
        dispatch(Rows {
            reduction,
            x,
            length,
            factor,
            y,
        });
    }
}

struct Stretch<'a> {
    reduction: Reduction,
    x: &'a [f32],
}

impl WithSimd for Stretch<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        self.reduction.stretch(simd, self.x)
    }
}

/// y\[row\] = factor times what the row of x comes to.
struct Rows<'a> {
    reduction: Reduction,
    x: &'a [f32],
    length: usize,
    factor: f64,
    y: &'a mut [f32],
}

impl WithSimd for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for (x, y) in self.x.chunks_exact(self.length).zip(self.y) {
            *y = (self.reduction.stretch(simd, x) * self.factor) as f32;
        }
    }
}

/// The value itself, to be summed.
#[derive(Clone, Copy)]
struct Value;

impl Terms<1, 0, 1> for Value {
    #[inline(always)]
    fn add<S: Simd>(self, simd: S, [x]: [S::f32s; 1], []: [S::f32s; 0], [sum]: [S::f32s; 1]) -> [S::f32s; 1] {
        [simd.add_f32s(sum, x)]
    }
}

/// most\[c\] = the greatest of it and of column c.
struct GreatestRows<'a> {
    x: &'a [f32],
    most: &'a mut [f32],
}

impl WithSimd for GreatestRows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let channels = self.most.len();
        let (most, most_rest) = S::as_mut_simd_f32s(self.most);
        for row in self.x.chunks_exact(channels) {
            let (row, rest) = S::as_simd_f32s(row);
            for (most, x) in most.iter_mut().zip(row) {
                *most = greater(simd, *most, *x);
            }
            if !rest.is_empty() {
                let value = greater(simd, simd.partial_load_f32s(most_rest), simd.partial_load_f32s(rest));
                simd.partial_store_f32s(most_rest, value);
            }
        }
    }
}

/// Vectors added in float32 before float64 takes over.
const GROUP: usize = 32;

#[inline(always)]
fn sum<S: Simd>(simd: S, x: &[f32]) -> f64 {
    let (vectors, rest) = S::as_simd_f32s(x);
    let mut total = 0.0;
    for group in vectors.chunks(GROUP) {
        // Four sums side by side: each waits for its own last addition only.
        let mut sums = [simd.splat_f32s(0.0); 4];
        let (quads, last) = group.as_chunks::<4>();
        for quad in quads {
            for (sum, x) in sums.iter_mut().zip(quad) {
                *sum = simd.add_f32s(*sum, *x);
            }
        }
        for (sum, x) in sums.iter_mut().zip(last) {
            *sum = simd.add_f32s(*sum, *x);
        }
        let pairs = [simd.add_f32s(sums[0], sums[1]), simd.add_f32s(sums[2], sums[3])];
        // Of a short row a few lanes hold all that counts: put together in float32 they would be rounded four times more.
        let sums = simd.add_f32s(pairs[0], pairs[1]);
        let lanes: &[f32] = pulp::bytemuck::cast_slice(std::slice::from_ref(&sums));
        total += lanes.iter().copied().map(f64::from).sum::<f64>();
    }
    rest.iter().fold(total, |sum, x| sum + f64::from(*x))
}

/// The greatest of a row, NaN where one is; of none it is -Infinity.
#[inline(always)]
pub fn greatest<S: Simd>(simd: S, x: &[f32]) -> f32 {
    let (vectors, rest) = S::as_simd_f32s(x);
    let mut most = simd.splat_f32s(f32::NEG_INFINITY);
    for x in vectors {
        most = greater(simd, most, *x);
    }
    let lanes: &[f32] = pulp::bytemuck::cast_slice(std::slice::from_ref(&most));
    let join = |most: f32, x: &f32| if most > *x || most.is_nan() { most } else { *x };
    lanes.iter().chain(rest).fold(f32::NEG_INFINITY, join)
}
