//! elementwiseUnary: y = op(x), equal to TensorFlow.js's operations of the same names; NaN stays NaN.

use pulp::Simd;

use super::exponential::exponential;
use crate::call::Call;
use crate::rows::{Map, map_rows};
use crate::simd::{greater, lesser};
use crate::slots::elementwise_unary as slot;

pub fn elementwise_unary(call: &Call) {
    let count = call.size(slot::COUNT);
    let share = call.line_share(count);
    // SAFETY: x is an input, and this share of y is ours alone.
    let (x, y) = unsafe {
        let place = |slot: usize| call.pointer(slot) + 4 * share.start;
        (
            call.heap.read::<f32>(place(slot::X), share.len()),
            call.heap.write::<f32>(place(slot::Y), share.len()),
        )
    };
    let [parameter, second] = [slot::PARAMETER, slot::SECOND].map(|slot| call.real(slot) as f32);
    // Numbers as in ../../wasm/kernels/elementwise.ts.
    match call.size(slot::OPERATION) {
        0 => all(x, y, Between(0.0, f32::INFINITY)),
        1 => all(x, y, Between(0.0, 6.0)),
        2 => all(x, y, Square),
        3 => all(x, y, SquareRoot),
        4 => all(x, y, ReciprocalRoot),
        5 => all(x, y, Negate),
        6 => all(x, y, Absolute),
        7 => all(x, y, Exponential),
        8 => all(x, y, Leaky(parameter)),
        9 => all(x, y, Between(parameter, second)),
        operation => panic!("elementwiseUnary: operation must be from 0 to 9, got {operation}"),
    }
}

fn all(x: &[f32], y: &mut [f32], operation: impl Map<1, 0, 1>) {
    let count = x.len();
    map_rows(operation, [x], [], [y], count);
}

macro_rules! unary {
    ($(#[$note:meta])* $name:ident $(($($field:ident: f32),+))?, |$simd:ident, $x:ident| $value:expr) => {
        $(#[$note])*
        #[derive(Clone, Copy)]
        struct $name $(($(unary!(@float $field)),+))?;

        impl Map<1, 0, 1> for $name {
            #[inline(always)]
            fn values<S: Simd>(self, $simd: S, [$x]: [S::f32s; 1], []: [S::f32s; 0]) -> [S::f32s; 1] {
                $(let $name($($field),+) = self;)?
                [$value]
            }
        }
    };
    (@float $field:ident) => { f32 };
}

unary!(Between(low: f32, high: f32), |simd, x| {
    let above = greater(simd, x, simd.splat_f32s(low));
    lesser(simd, above, simd.splat_f32s(high))
});
unary!(Square, |simd, x| simd.mul_f32s(x, x));
unary!(SquareRoot, |simd, x| simd.sqrt_f32s(x));
unary!(ReciprocalRoot, |simd, x| simd
    .div_f32s(simd.splat_f32s(1.0), simd.sqrt_f32s(x)));
unary!(Negate, |simd, x| simd.neg_f32s(x));
unary!(Absolute, |simd, x| simd.abs_f32s(x));
unary!(Exponential, |simd, x| exponential(simd, x));
unary!(
    /// x where x > 0, else a multiple of it.
    Leaky(slope: f32),
    |simd, x| {
        let positive = simd.greater_than_f32s(x, simd.splat_f32s(0.0));
        simd.select_f32s(positive, x, simd.mul_f32s(x, simd.splat_f32s(slope)))
    }
);
