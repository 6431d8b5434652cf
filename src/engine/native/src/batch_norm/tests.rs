//! Batch norm's passes against the same formulas in float64, for every form, with and without ReLU.

use super::apply::batch_norm_apply;
use super::grad::{batch_norm_grad_apply, batch_norm_grad_passed, batch_norm_grad_sums};
use super::moments::batch_norm_moments;
use super::product_grad::normed_product_grad;
use crate::testing::{TestHeap, assert_close, noise};

const ROWS: usize = 101;
const PARTS: usize = 3;
const CHANNELS: [usize; 3] = [3, 16, 37];

fn whole(values: &[usize]) -> Vec<f64> {
    values.iter().map(|&value| value as f64).collect()
}

/// Adds up the shares of `count` sums of all channels.
fn total(heap: &TestHeap, partial: usize, count: usize) -> Vec<f32> {
    let shares = heap.get::<f64>(partial, PARTS * count);
    (0..count)
        .map(|i| (0..PARTS).map(|part| shares[part * count + i]).sum::<f64>() as f32)
        .collect()
}

#[test]
fn moments_are_sums_relative_to_the_first_row() {
    for channels in CHANNELS {
        let x: Vec<f32> = noise(1, ROWS * channels).iter().map(|value| value + 1000.0).collect();
        let mut expected = vec![0.0_f64; 2 * channels];
        for (i, value) in x.iter().enumerate() {
            let difference = f64::from(*value) - f64::from(x[i % channels]);
            expected[i % channels] += difference;
            expected[channels + i % channels] += difference * difference;
        }
        let expected: Vec<f32> = expected.iter().map(|sum| *sum as f32).collect();
        let mut heap = TestHeap::new(1 << 20);
        let (x, partial) = (heap.put(&x), heap.room(PARTS * 2 * channels * 2));
        heap.run(batch_norm_moments, &whole(&[x, ROWS, channels, partial]), PARTS);
        assert_close(&total(&heap, partial, 2 * channels), &expected, 1e-6);
    }
}

#[test]
fn every_form_normalises_forward_and_sums_and_applies_backward() {
    for channels in CHANNELS {
        for form in 0..3 {
            for relu in [false, true] {
                check(channels, form, relu);
            }
        }
    }
}

fn check(channels: usize, form: usize, relu: bool) {
    let count = ROWS * channels;
    let [a, b, dy] = [1, 2, 3].map(|seed| noise(seed, count));
    let [mean_a, scale_a, shift, mean_b, scale_b] = [4, 5, 6, 7, 8].map(|seed| noise(seed, channels));
    let [factors_a, factors_b] = [9, 10].map(|seed| noise(seed, 3 * channels));
    let at = |values: &[f32], i: usize| f64::from(values[i % channels]);
    let value = |i: usize| {
        let first = (f64::from(a[i]) - at(&mean_a, i)) * at(&scale_a, i) + at(&shift, i);
        let other = [
            0.0,
            f64::from(b[i]),
            (f64::from(b[i]) - at(&mean_b, i)) * at(&scale_b, i),
        ][form];
        if relu { (first + other).max(0.0) } else { first + other }
    };
    let y: Vec<f32> = (0..count).map(|i| value(i) as f32).collect();
    let g = |i: usize| if relu && y[i] <= 0.0 { 0.0 } else { f64::from(dy[i]) };
    let line = |x: &[f32], mean: &[f32], factors: &[f32], i: usize| {
        let [direct, linear, constant] = [0, 1, 2].map(|row| f64::from(factors[row * channels + i % channels]));
        (direct * g(i) + linear * (f64::from(x[i]) - at(mean, i)) + constant) as f32
    };
    let mut sums = vec![0.0_f64; 3 * channels];
    for i in 0..count {
        let c = i % channels;
        sums[c] += g(i);
        sums[channels + c] += g(i) * (f64::from(a[i]) - at(&mean_a, i));
        sums[2 * channels + c] += if form == 2 {
            g(i) * (f64::from(b[i]) - at(&mean_b, i))
        } else {
            0.0
        };
    }
    let sums: Vec<f32> = sums.iter().map(|sum| *sum as f32).collect();
    let da: Vec<f32> = (0..count).map(|i| line(&a, &mean_a, &factors_a, i)).collect();
    let db: Vec<f32> = (0..count)
        .map(|i| {
            if form == 2 {
                line(&b, &mean_b, &factors_b, i)
            } else {
                g(i) as f32
            }
        })
        .collect();

    let mut heap = TestHeap::new(1 << 20);
    let [pa, pb, pdy] = [&a, &b, &dy].map(|values| heap.put(values));
    let [pmean_a, pscale_a, pshift, pmean_b, pscale_b] =
        [&mean_a, &scale_a, &shift, &mean_b, &scale_b].map(|values| heap.put(values));
    let [pfactors_a, pfactors_b] = [&factors_a, &factors_b].map(|values| heap.put(values));
    let (py, pda, pdb) = (heap.room(count), heap.room(count), heap.room(count));
    let partial = heap.room(PARTS * 3 * channels * 2);
    let options = [ROWS, channels, form, usize::from(relu)];

    let forward = [pa, pmean_a, pscale_a, pshift, pb, pmean_b, pscale_b, py];
    heap.run(batch_norm_apply, &whole(&[&options[..], &forward[..]].concat()), PARTS);
    assert_close(&heap.get::<f32>(py, count), &y, 1e-6);

    let backward = [pdy, py, pa, pmean_a, pb, pmean_b, partial];
    heap.run(
        batch_norm_grad_sums,
        &whole(&[&options[..], &backward[..]].concat()),
        PARTS,
    );
    assert_close(&total(&heap, partial, 3 * channels), &sums, 1e-5);

    let apply = [pdy, py, pa, pmean_a, pfactors_a, pb, pmean_b, pfactors_b, pda, pdb];
    heap.run(
        batch_norm_grad_apply,
        &whole(&[&options[..], &apply[..]].concat()),
        PARTS,
    );
    assert_close(&heap.get::<f32>(pda, count), &da, 1e-6);
    if form == 2 || (form == 1 && relu) {
        assert_close(&heap.get::<f32>(pdb, count), &db, 1e-6);
    }
}

#[test]
fn the_sums_and_what_the_relu_let_pass_come_in_one_pass() {
    for channels in CHANNELS {
        let count = ROWS * channels;
        let [dy, y, a] = [1, 2, 3].map(|seed| noise(seed, count));
        let mean = noise(4, channels);
        let g: Vec<f32> = dy
            .iter()
            .zip(&y)
            .map(|(dy, y)| if *y > 0.0 { *dy } else { 0.0 })
            .collect();
        let mut sums = vec![0.0_f64; 2 * channels];
        for (i, g) in g.iter().enumerate() {
            sums[i % channels] += f64::from(*g);
            sums[channels + i % channels] += f64::from(*g) * (f64::from(a[i]) - f64::from(mean[i % channels]));
        }
        let mut heap = TestHeap::new(1 << 20);
        let [dy, y, a, mean] = [&dy, &y, &a, &mean].map(|values| heap.put(values));
        let (passed, partial) = (heap.room(count), heap.room(PARTS * 3 * channels * 2));
        let args = [ROWS, channels, dy, y, a, mean, passed, partial];
        heap.run(batch_norm_grad_passed, &whole(&args), PARTS);
        assert_eq!(heap.get::<f32>(passed, count), g);
        let shares = heap.get::<f64>(partial, PARTS * 3 * channels);
        let total = |i: usize| (0..PARTS).map(|part| shares[part * 3 * channels + i]).sum::<f64>() as f32;
        let sums: Vec<f32> = sums.iter().map(|sum| *sum as f32).collect();
        assert_close(&(0..2 * channels).map(total).collect::<Vec<_>>(), &sums, 1e-5);
    }
}

#[test]
fn both_gradients_of_a_normed_product_are_sums_in_float64_to_the_same_bits_again() {
    for (columns, depth, shares) in [(3, 5, 1), (37, 16, 3), (16, 61, 4), (131, 7, 2)] {
        for relu in [false, true] {
            let [dy, y, a] = [1, 2, 3].map(|seed| noise(seed, ROWS * columns));
            let (mean, factors) = (noise(4, columns), noise(5, 3 * columns));
            let (x, w) = (noise(6, ROWS * depth), noise(7, depth * columns));
            let residual = noise(8, ROWS * depth);
            let da: Vec<f64> = (0..ROWS * columns)
                .map(|i| {
                    let [direct, linear, constant] =
                        [0, 1, 2].map(|row| f64::from(factors[row * columns + i % columns]));
                    let g = if relu && y[i] <= 0.0 { 0.0 } else { f64::from(dy[i]) };
                    direct * g + linear * (f64::from(a[i]) - f64::from(mean[i % columns])) + constant
                })
                .collect();
            // Added together with a ReLU, which has nothing to do with it.
            let mut dx: Vec<f64> = residual
                .iter()
                .map(|x| if relu { f64::from(*x) } else { 0.0 })
                .collect();
            let mut dw = vec![0.0_f64; depth * columns];
            let mut turned = vec![0.0_f32; depth * columns];
            for k in 0..depth {
                for n in 0..columns {
                    turned[n * depth + k] = w[k * columns + n];
                    for row in 0..ROWS {
                        dx[row * depth + k] += da[row * columns + n] * f64::from(w[k * columns + n]);
                        dw[k * columns + n] += f64::from(x[row * depth + k]) * da[row * columns + n];
                    }
                }
            }
            let single = |values: &[f64]| values.iter().map(|value| *value as f32).collect::<Vec<f32>>();
            let mut before = None;
            for parts in [1, PARTS] {
                let mut heap = TestHeap::new(1 << 20);
                let [dy, y, a, mean, factors, x, turned, residual] =
                    [&dy, &y, &a, &mean, &factors, &x, &turned, &residual].map(|values| heap.put(values));
                let (to_x, to_w) = (heap.room(ROWS * depth), heap.room(shares * depth * columns));
                let sizes = [ROWS, columns, depth, usize::from(relu)];
                let residual = if relu { residual } else { 0 };
                let tensors = [dy, y, a, mean, factors, x, turned, residual, to_x, to_w, shares, 13, 0];
                heap.run(normed_product_grad, &whole(&[&sizes[..], &tensors[..]].concat()), parts);
                assert_close(&heap.get::<f32>(to_x, ROWS * depth), &single(&dx), 3e-6);
                let all = heap.get::<f32>(to_w, shares * depth * columns);
                let total = |i: usize| (0..shares).map(|share| all[share * depth * columns + i]).sum::<f32>();
                assert_close(&(0..depth * columns).map(total).collect::<Vec<_>>(), &single(&dw), 3e-6);
                let bits: Vec<u32> = all.iter().map(|value| value.to_bits()).collect();
                assert_eq!(
                    before.replace(bits.clone()).unwrap_or(bits.clone()),
                    bits,
                    "not repeatable"
                );
            }
        }
    }
}
