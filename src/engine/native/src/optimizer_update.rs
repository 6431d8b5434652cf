//! Updates of all weights of a model in one call and one pass over memory, in place. Equal ../../../training/optimizers.ts.
//!
//! The weights are listed in a table of float64 rows; every share does its part of every row, in whole cache lines. Each
//! element is independent of the others, so that results do not depend on the number of threads.

use pulp::{Simd, WithSimd};

use crate::call::Call;
use crate::simd::dispatch;
use crate::slots::{
    moment_update as moment_slot, momentum_update as momentum_slot, move_towards as towards_slot,
    update_row as row_slot,
};

/// This share's part of one weight: what changes, the weight itself first, and the gradient (or what else it moves by).
struct Row<'a, const N: usize> {
    changing: [&'a mut [f32]; N],
    gradient: &'a [f32],
    added_decay: f32,
    shrink: f32,
}

/// The rows of a table, whose `changing` slots hold addresses of what changes.
fn rows<const N: usize>(
    call: &Call,
    table: usize,
    count: usize,
    changing: [usize; N],
) -> impl Iterator<Item = Row<'_, N>> {
    (0..count).map(move |index| {
        // SAFETY: nobody writes to the table while the kernel runs.
        let row = unsafe {
            call.heap
                .read::<f64>(table + 8 * row_slot::SLOTS * index, row_slot::SLOTS)
        };
        let share = call.line_share(row[row_slot::COUNT] as usize);
        let place = |slot: usize| row[slot] as usize + 4 * share.start;
        // SAFETY: the gradient is an input, and this share of what changes is ours alone.
        unsafe {
            Row {
                changing: changing.map(|slot| call.heap.write::<f32>(place(slot), share.len())),
                gradient: call.heap.read(place(row_slot::GRADIENT), share.len()),
                added_decay: row[row_slot::ADDED_DECAY] as f32,
                shrink: row[row_slot::SHRINK] as f32,
            }
        }
    })
}

/// How an element of each of N tensors changes, the weight's first.
trait Step<const N: usize>: Copy {
    fn step<S: Simd>(
        self,
        simd: S,
        values: [S::f32s; N],
        gradient: S::f32s,
        added_decay: S::f32s,
        shrink: S::f32s,
    ) -> [S::f32s; N];
}

struct Apply<'a, T, const N: usize> {
    step: T,
    row: Row<'a, N>,
}

impl<const N: usize, T: Step<N>> WithSimd for Apply<'_, T, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Apply { step, row } = self;
        let [added_decay, shrink] = [row.added_decay, row.shrink].map(|value| simd.splat_f32s(value));
        let mut changing = row.changing.map(|values| S::as_mut_simd_f32s(values));
        let (gradient, rest) = S::as_simd_f32s(row.gradient);
        for (i, gradient) in gradient.iter().enumerate() {
            let values = changing.each_ref().map(|(vectors, _)| vectors[i]);
            let values = step.step(simd, values, *gradient, added_decay, shrink);
            for (to, value) in changing.iter_mut().zip(values) {
                to.0[i] = value;
            }
        }
        if !rest.is_empty() {
            let values = changing.each_ref().map(|(_, rest)| simd.partial_load_f32s(rest));
            let values = step.step(simd, values, simd.partial_load_f32s(rest), added_decay, shrink);
            for (to, value) in changing.iter_mut().zip(values) {
                simd.partial_store_f32s(to.1, value);
            }
        }
    }
}

/// Adam and RAdam: m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; w -= shrink w + rate m / (root sqrt(v) + epsilon), with
/// g = gradientScale gradient + addedDecay w.
pub fn moment_update(call: &Call) {
    use moment_slot as slot;
    let number = |slot: usize| call.real(slot) as f32;
    let step = Moments {
        gradient_scale: number(slot::GRADIENT_SCALE),
        beta1: number(slot::BETA1),
        rest1: number(slot::REST1),
        beta2: number(slot::BETA2),
        rest2: number(slot::REST2),
        rate: number(slot::RATE),
        root: number(slot::ROOT),
        epsilon: number(slot::EPSILON),
    };
    let changing = [row_slot::WEIGHT, row_slot::MEAN, row_slot::SQUARE];
    for row in rows(call, call.pointer(slot::TABLE), call.size(slot::ROWS), changing) {
        dispatch(Apply { step, row });
    }
}

#[derive(Clone, Copy)]
struct Moments {
    gradient_scale: f32,
    beta1: f32,
    rest1: f32,
    beta2: f32,
    rest2: f32,
    rate: f32,
    root: f32,
    epsilon: f32,
}

impl Step<3> for Moments {
    #[inline(always)]
    fn step<S: Simd>(
        self,
        simd: S,
        [w, m, v]: [S::f32s; 3],
        gradient: S::f32s,
        added_decay: S::f32s,
        shrink: S::f32s,
    ) -> [S::f32s; 3] {
        let number = |value: f32| simd.splat_f32s(value);
        let g = simd.mul_add_e_f32s(w, added_decay, simd.mul_f32s(gradient, number(self.gradient_scale)));
        let m = simd.mul_add_e_f32s(m, number(self.beta1), simd.mul_f32s(g, number(self.rest1)));
        let square = simd.mul_f32s(simd.mul_f32s(g, g), number(self.rest2));
        let v = simd.mul_add_e_f32s(v, number(self.beta2), square);
        let root = simd.mul_add_e_f32s(simd.sqrt_f32s(v), number(self.root), number(self.epsilon));
        let step = simd.div_f32s(simd.mul_f32s(m, number(self.rate)), root);
        [simd.sub_f32s(w, simd.mul_add_e_f32s(w, shrink, step)), m, v]
    }
}

/// SGD: m = momentum m + g; w -= shrink w + rate (fresh g + stale m), with g as above: fresh 1 and stale momentum with
/// Nesterov's look ahead, else 0 and 1.
pub fn momentum_update(call: &Call) {
    use momentum_slot as slot;
    let number = |slot: usize| call.real(slot) as f32;
    let step = Momentum {
        gradient_scale: number(slot::GRADIENT_SCALE),
        momentum: number(slot::MOMENTUM),
        rate: number(slot::RATE),
        fresh: number(slot::FRESH),
        stale: number(slot::STALE),
    };
    let changing = [row_slot::WEIGHT, row_slot::MEAN];
    for row in rows(call, call.pointer(slot::TABLE), call.size(slot::ROWS), changing) {
        dispatch(Apply { step, row });
    }
}

#[derive(Clone, Copy)]
struct Momentum {
    gradient_scale: f32,
    momentum: f32,
    rate: f32,
    fresh: f32,
    stale: f32,
}

impl Step<2> for Momentum {
    #[inline(always)]
    fn step<S: Simd>(
        self,
        simd: S,
        [w, m]: [S::f32s; 2],
        gradient: S::f32s,
        added_decay: S::f32s,
        shrink: S::f32s,
    ) -> [S::f32s; 2] {
        let number = |value: f32| simd.splat_f32s(value);
        let g = simd.mul_add_e_f32s(w, added_decay, simd.mul_f32s(gradient, number(self.gradient_scale)));
        let m = simd.mul_add_e_f32s(m, number(self.momentum), g);
        let ahead = simd.mul_add_e_f32s(m, number(self.stale), simd.mul_f32s(g, number(self.fresh)));
        let step = simd.mul_f32s(ahead, number(self.rate));
        [simd.sub_f32s(w, simd.mul_add_e_f32s(w, shrink, step)), m]
    }
}

/// Averages: target += share (source - target); they lie where the other updates have weight and gradient.
pub fn move_towards(call: &Call) {
    use towards_slot as slot;
    let step = Towards(call.real(slot::SHARE) as f32);
    for row in rows(
        call,
        call.pointer(slot::TABLE),
        call.size(slot::ROWS),
        [row_slot::WEIGHT],
    ) {
        dispatch(Apply { step, row });
    }
}

#[derive(Clone, Copy)]
struct Towards(f32);

impl Step<1> for Towards {
    #[inline(always)]
    fn step<S: Simd>(self, simd: S, [target]: [S::f32s; 1], source: S::f32s, _: S::f32s, _: S::f32s) -> [S::f32s; 1] {
        let difference = simd.sub_f32s(source, target);
        [simd.mul_add_e_f32s(difference, simd.splat_f32s(self.0), target)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::on_each_arch;
    use crate::testing::{TestHeap, assert_close, noise};

    const COUNTS: [usize; 3] = [1, 67, 1009];
    const DECAYS: [[f64; 2]; 3] = [[0.0, 0.0], [0.01, 0.0], [0.0, 0.03]];

    /// Runs an update of three weights, and checks each tensor of each against `step` in float64: given weight, gradient, mean,
    /// square and the decays, it returns weight, mean and square.
    fn check(kernel: fn(&Call), arguments: &[f64], step: impl Fn([f64; 4], [f64; 2]) -> [f64; 3]) {
        on_each_arch(|| {
            let mut heap = TestHeap::new(1 << 18);
            let mut table = Vec::new();
            let mut expected = Vec::new();
            for (index, (count, [added, shrink])) in COUNTS.into_iter().zip(DECAYS).enumerate() {
                let seed = 10 * index as u32;
                let [w, g, m] = [1, 2, 3].map(|number| noise(seed + number, count));
                let v: Vec<f32> = noise(seed + 4, count).iter().map(|value| value.abs()).collect();
                let places = [&w, &g, &m, &v].map(|values| heap.put(values));
                table.extend(places.map(|place| place as f64));
                table.extend([count as f64, added, shrink]);
                let after: Vec<[f64; 3]> = (0..count)
                    .map(|i| step([w[i], g[i], m[i], v[i]].map(f64::from), [added, shrink]))
                    .collect();
                for (column, place) in [places[0], places[2], places[3]].into_iter().enumerate() {
                    expected.push((place, after.iter().map(|row| row[column] as f32).collect::<Vec<_>>()));
                }
            }
            let mut args = vec![heap.put(&table) as f64, COUNTS.len() as f64];
            args.extend(arguments);
            heap.run(kernel, &args, 3);
            for (place, values) in &expected {
                assert_close(&heap.get::<f32>(*place, values.len()), values, 3e-6);
            }
        });
    }

    #[test]
    fn moments_move_each_weight_as_in_float64() {
        let [scale, beta1, beta2, rate, root, epsilon] = [0.5, 0.9, 0.99, 0.013, 1.7, 0.1];
        let arguments = [scale, beta1, 1.0 - beta1, beta2, 1.0 - beta2, rate, root, epsilon];
        check(moment_update, &arguments, |[w, g, m, v], [added, shrink]| {
            let g = scale * g + added * w;
            let m = beta1 * m + (1.0 - beta1) * g;
            let v = beta2 * v + (1.0 - beta2) * g * g;
            [w - shrink * w - rate * m / (root * v.sqrt() + epsilon), m, v]
        });
    }

    #[test]
    fn momentum_moves_each_weight_as_in_float64_with_and_without_looking_ahead() {
        let [scale, momentum, rate] = [2.0, 0.9, 0.05];
        for [fresh, stale] in [[0.0, 1.0], [1.0, 0.9]] {
            let arguments = [scale, momentum, rate, fresh, stale];
            check(momentum_update, &arguments, |[w, g, m, v], [added, shrink]| {
                let g = scale * g + added * w;
                let m = momentum * m + g;
                [w - shrink * w - rate * (fresh * g + stale * m), m, v]
            });
        }
    }

    #[test]
    fn averages_move_towards_their_sources() {
        check(move_towards, &[0.3], |[w, g, m, v], _| [w + 0.3 * (g - w), m, v]);
    }
}
