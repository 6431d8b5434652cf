//! elementwiseBinary: y \[outer, middle, inner\] = a op b, with what broadcasting comes down to: a and b have strides in bytes
//! along the three axes, 0 where they are repeated, and along inner 4 or 0. Equal to TensorFlow.js's operations of the same
//! names; NaN stays NaN. The result may lie where an operand does.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::call::Call;
use crate::simd::{dispatch, greater, lesser, load, load_part, store, store_part};
use crate::slots::elementwise_binary as slot;

pub fn elementwise_binary(call: &Call) {
    let parameter = call.real(slot::PARAMETER) as f32;
    // Numbers as in ../../wasm/kernels/elementwise.ts.
    match call.size(slot::OPERATION) {
        0 => all(call, Add),
        1 => all(call, Subtract),
        2 => all(call, Multiply),
        3 => all(call, Divide),
        4 => all(call, Maximum),
        5 => all(call, Minimum),
        6 => all(call, SquaredDifference),
        7 => all(call, ReluGradient),
        8 => all(call, LeakyGradient(parameter)),
        operation => panic!("elementwiseBinary: operation must be from 0 to 8, got {operation}"),
    }
}

/// An operand by address; steps in floats along outer and middle, and along inner 1 or 0.
#[derive(Clone, Copy)]
struct Operand {
    start: *const f32,
    steps: [usize; 2],
    repeated: bool,
}

impl Operand {
    /// Slots: address, then the strides of the three axes.
    fn read(call: &Call, slot: usize, sizes: [usize; 3]) -> Self {
        let steps = [1, 2, 3].map(|axis| call.size(slot + axis) / 4);
        let reach: usize = sizes.iter().zip(steps).map(|(size, step)| (size - 1) * step).sum();
        Operand {
            start: call.heap.pointer(call.pointer(slot), reach + 1),
            steps: [steps[0], steps[1]],
            repeated: steps[2] == 0,
        }
    }
}

fn all(call: &Call, operation: impl Combine) {
    let sizes = [slot::OUTER, slot::MIDDLE, slot::INNER].map(|slot| call.size(slot));
    let [outer, middle, inner] = sizes;
    if outer * middle * inner == 0 {
        return;
    }
    let [a, b] = [slot::A, slot::B].map(|slot| Operand::read(call, slot, sizes));
    let y: *mut f32 = call.heap.pointer(call.pointer(slot::Y), outer * middle * inner);
    // A single run is cut into lines of the cache, else the runs are shared out.
    let (runs, columns) = match outer * middle {
        1 => (0..1, call.line_share(inner)),
        runs => (call.share(runs), 0..inner),
    };
    dispatch(Runs {
        operation,
        a,
        b,
        y,
        middle,
        inner,
        runs,
        columns,
    });
}

struct Runs<C> {
    operation: C,
    a: Operand,
    b: Operand,
    y: *mut f32,
    middle: usize,
    inner: usize,
    runs: Range<usize>,
    /// Of each run.
    columns: Range<usize>,
}

impl<C: Combine> WithSimd for Runs<C> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match (self.a.repeated, self.b.repeated) {
            (false, false) => self.each::<S, false, false>(simd),
            (false, true) => self.each::<S, false, true>(simd),
            (true, false) => self.each::<S, true, false>(simd),
            (true, true) => self.each::<S, true, true>(simd),
        }
    }
}

impl<C: Combine> Runs<C> {
    #[inline(always)]
    fn each<S: Simd, const A_REPEATED: bool, const B_REPEATED: bool>(self, simd: S) {
        let Runs { operation, columns, .. } = self;
        for run in self.runs {
            let (outer, middle) = (run / self.middle, run % self.middle);
            // SAFETY: the operands reach as far as was checked, this run of y is ours alone, and each vector is read before
            // it is written where they are the same.
            unsafe {
                let at = |operand: Operand| operand.start.add(outer * operand.steps[0] + middle * operand.steps[1]);
                let (a, b, y) = (at(self.a), at(self.b), self.y.add(run * self.inner));
                let (single_a, single_b) = (simd.splat_f32s(a.read()), simd.splat_f32s(b.read()));
                let mut i = columns.start;
                while i + S::F32_LANES <= columns.end {
                    let left = if A_REPEATED { single_a } else { load(simd, a.add(i)) };
                    let right = if B_REPEATED { single_b } else { load(simd, b.add(i)) };
                    store(simd, y.add(i), operation.combine(simd, left, right));
                    i += S::F32_LANES;
                }
                let rest = columns.end - i;
                if rest > 0 {
                    let left = if A_REPEATED {
                        single_a
                    } else {
                        load_part(simd, a.add(i), rest)
                    };
                    let right = if B_REPEATED {
                        single_b
                    } else {
                        load_part(simd, b.add(i), rest)
                    };
                    store_part(simd, y.add(i), rest, operation.combine(simd, left, right));
                }
            }
        }
    }
}

/// A value of two.
trait Combine: Copy {
    fn combine<S: Simd>(self, simd: S, a: S::f32s, b: S::f32s) -> S::f32s;
}

macro_rules! binary {
    ($(#[$note:meta])* $name:ident $(($field:ident))?, |$simd:ident, $a:ident, $b:ident| $value:expr) => {
        $(#[$note])*
        #[derive(Clone, Copy)]
        struct $name $((binary!(@float $field)))?;

        impl Combine for $name {
            #[inline(always)]
            fn combine<S: Simd>(self, $simd: S, $a: S::f32s, $b: S::f32s) -> S::f32s {
                $(let $name($field) = self;)?
                $value
            }
        }
    };
    (@float $field:ident) => { f32 };
}

binary!(Add, |simd, a, b| simd.add_f32s(a, b));
binary!(Subtract, |simd, a, b| simd.sub_f32s(a, b));
binary!(Multiply, |simd, a, b| simd.mul_f32s(a, b));
binary!(Divide, |simd, a, b| simd.div_f32s(a, b));
binary!(Maximum, |simd, a, b| greater(simd, a, b));
binary!(Minimum, |simd, a, b| lesser(simd, a, b));
binary!(SquaredDifference, |simd, a, b| {
    let difference = simd.sub_f32s(a, b);
    simd.mul_f32s(difference, difference)
});
binary!(
    /// a where b > 0, else 0; NaN where b is: the gradient of relu from dy and y.
    ReluGradient,
    |simd, a, b| {
        let stopped = simd.less_than_or_equal_f32s(b, simd.splat_f32s(0.0));
        let passed = simd.select_f32s(simd.equal_f32s(b, b), a, b);
        simd.select_f32s(stopped, simd.splat_f32s(0.0), passed)
    }
);
binary!(
    /// a where b > 0, else a multiple of it: the gradient of leaky relu from dy and x.
    LeakyGradient(slope),
    |simd, a, b| {
        let positive = simd.greater_than_f32s(b, simd.splat_f32s(0.0));
        simd.select_f32s(positive, a, simd.mul_f32s(a, simd.splat_f32s(slope)))
    }
);
