//! Elementwise operations bit for bit against the same on single numbers; softmax and reductions against float64.

use super::binary::elementwise_binary;
use super::reduce::{reduce_chunks, reduce_finish, reduce_trailing};
use super::softmax::softmax_rows;
use super::unary::elementwise_unary;
use crate::simd::on_each_arch;
use crate::testing::{TestHeap, assert_close, noise};

const PARTS: usize = 3;

fn whole(values: &[usize]) -> Vec<f64> {
    values.iter().map(|&value| value as f64).collect()
}

/// Noise with what is not ordinary in between.
fn extremes(seed: u32, count: usize) -> Vec<f32> {
    let special = [0.0, -0.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e-40, -1.0, 7.0];
    let mut values: Vec<f32> = noise(seed, count).iter().map(|value| 9.0 * value).collect();
    for (i, value) in values.iter_mut().enumerate().filter(|(i, _)| i % 5 == 0) {
        *value = special[(i / 5 + seed as usize) % special.len()];
    }
    values
}

/// Bits, all NaN alike.
fn bits(values: &[f32]) -> Vec<u32> {
    let bits = |value: &f32| if value.is_nan() { u32::MAX } else { value.to_bits() };
    values.iter().map(bits).collect()
}

const PARAMETER: f32 = 0.3;

/// NaN where one is; zeros have an order.
fn greater(a: f32, b: f32) -> f32 {
    match (a.is_nan() || b.is_nan(), a == b) {
        (true, _) => f32::NAN,
        (_, true) if b.is_sign_negative() => a,
        (_, true) => b,
        _ => a.max(b),
    }
}

fn combine(operation: usize, a: f32, b: f32) -> f32 {
    match operation {
        0 => a + b,
        1 => a - b,
        2 => a * b,
        3 => a / b,
        4 => greater(a, b),
        5 => -greater(-a, -b),
        6 => (a - b) * (a - b),
        7 if b.is_nan() => b,
        7 => [0.0, a][usize::from(b > 0.0)],
        _ => [a * PARAMETER, a][usize::from(b > 0.0)],
    }
}

#[test]
fn operations_of_two_operands_equal_those_of_numbers_however_they_are_repeated() {
    let sizes = [5, 3, 37];
    let whole_strides = [3 * 37 * 4, 37 * 4, 4];
    let repeated = [
        [0, 37 * 4, 4],
        [0, 0, 4],
        [12, 4, 0],
        [4, 0, 0],
        [0, 0, 0],
        whole_strides,
    ];
    let count = 5 * 3 * 37;
    let [a, b] = [1, 2].map(|seed| extremes(seed, count));
    on_each_arch(|| {
        for operation in 0..9 {
            for strides in repeated {
                for swapped in [false, true] {
                    let [of_a, of_b] = if swapped {
                        [strides, whole_strides]
                    } else {
                        [whole_strides, strides]
                    };
                    let at = |index: usize, strides: [usize; 3]| {
                        let place = [index / 37 / 3, index / 37 % 3, index % 37];
                        place
                            .iter()
                            .zip(strides)
                            .map(|(place, stride)| place * stride)
                            .sum::<usize>()
                            / 4
                    };
                    let expected: Vec<f32> = (0..count)
                        .map(|i| combine(operation, a[at(i, of_a)], b[at(i, of_b)]))
                        .collect();
                    let mut heap = TestHeap::new(1 << 16);
                    let (a, b, y) = (heap.put(&a), heap.put(&b), heap.room(count));
                    let mut args = whole(&[operation, sizes[0], sizes[1], sizes[2], a]);
                    args.extend(whole(&of_a));
                    args.push(b as f64);
                    args.extend(whole(&of_b));
                    args.extend([y as f64, f64::from(PARAMETER)]);
                    heap.run(elementwise_binary, &args, PARTS);
                    assert_eq!(
                        bits(&heap.get::<f32>(y, count)),
                        bits(&expected),
                        "operation {operation}"
                    );
                }
            }
        }
    });
}

#[test]
fn a_sum_may_lie_where_an_operand_does() {
    let (a, b) = (noise(1, 1009), noise(2, 1009));
    let expected: Vec<f32> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
    let mut heap = TestHeap::new(1 << 16);
    let (a, b) = (heap.put(&a), heap.put(&b));
    let args = whole(&[0, 1, 1, 1009, a, 0, 0, 4, b, 0, 0, 4, a, 0]);
    heap.run(elementwise_binary, &args, PARTS);
    assert_eq!(heap.get::<f32>(a, 1009), expected);
}

#[test]
fn operations_of_one_operand_equal_those_of_numbers() {
    let x = extremes(3, 1013);
    let second = 0.7;
    let map = |operation: usize, x: f32| match operation {
        0 => greater(x, 0.0),
        1 => -greater(-greater(x, 0.0), -6.0),
        2 => x * x,
        3 => x.sqrt(),
        4 => 1.0 / x.sqrt(),
        5 => -x,
        6 => x.abs(),
        8 => [x * PARAMETER, x][usize::from(x > 0.0)],
        _ => -greater(-greater(x, PARAMETER), -second),
    };
    on_each_arch(|| {
        for operation in (0..10).filter(|operation| *operation != 7) {
            let mut heap = TestHeap::new(1 << 16);
            let (at, y) = (heap.put(&x), heap.room(x.len()));
            let mut args = whole(&[operation, at, y, x.len()]);
            args.extend([f64::from(PARAMETER), f64::from(second)]);
            heap.run(elementwise_unary, &args, PARTS);
            let expected: Vec<f32> = x.iter().map(|x| map(operation, *x)).collect();
            assert_eq!(
                bits(&heap.get::<f32>(y, x.len())),
                bits(&expected),
                "operation {operation}"
            );
        }
    });
}

#[test]
fn the_exponential_is_right_to_two_units_of_the_last_place_from_zero_to_infinity() {
    let x: Vec<f32> = (0..4001)
        .map(|i| -110.0 + 0.05 * i as f32)
        .chain([f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 88.722, 88.73, -87.4])
        .collect();
    on_each_arch(|| {
        let mut heap = TestHeap::new(1 << 16);
        let (at, y) = (heap.put(&x), heap.room(x.len()));
        heap.run(elementwise_unary, &whole(&[7, at, y, x.len(), 0, 0]), PARTS);
        for (x, got) in x.iter().zip(heap.get::<f32>(y, x.len())) {
            let expected = f64::from(*x).exp() as f32;
            let near = (got - expected).abs() <= 2.0 * f32::EPSILON * expected + 1.5e-45;
            let same = got == expected || (got.is_nan() && expected.is_nan());
            assert!(near || same, "e^{x} must be {expected}, got {got}");
        }
    });
}

#[test]
fn softmax_of_rows_equals_that_in_float64() {
    on_each_arch(|| {
        for columns in [1, 7, 16, 53] {
            let rows = 11;
            let mut x: Vec<f32> = noise(4, rows * columns).iter().map(|value| 90.0 * value).collect();
            x[3 * columns] = f32::NAN;
            let mut heap = TestHeap::new(1 << 16);
            let (at, y) = (heap.put(&x), heap.room(x.len()));
            heap.run(softmax_rows, &whole(&[at, y, rows, columns]), PARTS);
            let got = heap.get::<f32>(y, x.len());
            for (index, (x, got)) in x.chunks(columns).zip(got.chunks(columns)).enumerate() {
                let most = x.iter().fold(f32::NEG_INFINITY, |most, x| most.max(*x));
                let powers: Vec<f64> = x.iter().map(|x| f64::from(x - most).exp()).collect();
                let sum: f64 = powers.iter().sum();
                let expected: Vec<f32> = powers.iter().map(|power| (power / sum) as f32).collect();
                if index == 3 {
                    assert!(got.iter().all(|value| value.is_nan()));
                } else {
                    assert_close(got, &expected, 1e-6);
                }
            }
        }
    });
}

/// x \[outer, length, inner\] reduced in float64.
fn reduced(x: &[f32], [outer, length, inner]: [usize; 3], operation: usize, factor: f64) -> Vec<f32> {
    let join = |a: f64, b: f64| match operation {
        0 => a + b,
        _ if a.is_nan() || b.is_nan() => f64::NAN,
        _ => a.max(b),
    };
    (0..outer * inner)
        .map(|i| {
            let first = i / inner * length * inner + i % inner;
            let values = (0..length).map(|l| f64::from(x[first + l * inner]));
            (values.reduce(join).unwrap() * factor) as f32
        })
        .collect()
}

#[test]
fn sums_and_greatest_values_equal_those_in_float64_along_any_axis() {
    on_each_arch(|| {
        for shape in [[2, 131, 19], [1, 2503, 1], [7, 3, 5], [13, 37, 1]] {
            let [outer, length, inner] = shape;
            let x: Vec<f32> = noise(5, outer * length * inner).iter().map(|x| x + 100.0).collect();
            for (operation, factor) in [(0, 1.0), (0, 1.0 / length as f64), (1, 1.0)] {
                let expected = reduced(&x, shape, operation, factor);
                let chunks = length.min(3);
                let mut heap = TestHeap::new(1 << 17);
                let (at, y) = (heap.put(&x), heap.room(outer * inner));
                let partial = heap.put(&vec![0.0_f64; outer * chunks * inner]);
                heap.run(
                    reduce_chunks,
                    &whole(&[operation, at, outer, length, inner, chunks, partial]),
                    PARTS,
                );
                let mut args = whole(&[operation, partial, outer, chunks, inner]);
                args.extend([factor, y as f64]);
                heap.run(reduce_finish, &args, PARTS);
                assert_close(&heap.get::<f32>(y, outer * inner), &expected, 1e-6);
                if inner == 1 {
                    let y = heap.room(outer);
                    let mut args = whole(&[operation, at, outer, length]);
                    args.extend([factor, y as f64]);
                    heap.run(reduce_trailing, &args, PARTS);
                    assert_close(&heap.get::<f32>(y, outer), &expected, 1e-6);
                }
            }
        }
    });
}

#[test]
fn the_greatest_of_values_with_one_that_is_not_a_number_is_none() {
    for place in [0, 17, 40] {
        let mut x = noise(6, 41);
        x[place] = f32::NAN;
        let mut heap = TestHeap::new(1 << 16);
        let (at, y) = (heap.put(&x), heap.room(1));
        let mut args = whole(&[1, at, 1, 41]);
        args.extend([1.0, y as f64]);
        heap.run(reduce_trailing, &args, 1);
        assert!(heap.get::<f32>(y, 1)[0].is_nan());
    }
}
