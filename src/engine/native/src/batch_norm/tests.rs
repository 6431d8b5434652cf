//! Batch norm's passes against the same formulas in float64, for every form, with and without ReLU.

use super::apply::batch_norm_apply;
use super::grad::{batch_norm_grad_apply, batch_norm_grad_sums};
use super::moments::batch_norm_moments;
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
