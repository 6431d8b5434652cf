use super::attention_grad_sum::attention_grad_sum;
use super::axial_similarity_statistics::axial_similarity_statistics;
use super::axial_similarity_statistics_grad::axial_similarity_statistics_grad;
use super::axial_similarity_statistics_grad_sum::axial_similarity_statistics_grad_sum;
use super::cases::{AXIS, Case, IMAGE, assert_near, axes, images};
use super::local_similarity_statistics::local_similarity_statistics;
use super::local_similarity_statistics_grad::local_similarity_statistics_grad;
use super::loops::{Tensors, tensors};
use super::part_sums::row_width;
use super::similarity_statistics_sum::similarity_statistics_sum;
use crate::simd::on_each_arch;
use crate::testing::{TestHeap, assert_close, noise};

fn numbers(values: &[usize]) -> Vec<f64> {
    values.iter().map(|&x| x as f64).collect()
}

fn statistics(tensors: &Tensors, by_gram: bool, parts: usize) -> [Vec<f32>; 2] {
    let case = tensors.case;
    let mut heap = TestHeap::new(1 << 20);
    let mut args = tensors.arguments(&mut heap);
    let bytes = (72 * case.heads).next_multiple_of(64);
    let sums = heap.room(parts * bytes / 4);
    if !case.image {
        args.push(f64::from(u8::from(by_gram)));
    }
    args.extend(numbers(&[sums, bytes]));
    heap.run(
        if case.image {
            local_similarity_statistics
        } else {
            axial_similarity_statistics
        },
        &args,
        parts,
    );
    let keys: usize = (0..case.positions()).map(|query| case.keys(query).len()).sum();
    let outputs = [0, 1].map(|_| heap.room(3 * case.heads));
    let pairs = case.outer * case.inner * keys;
    heap.run(
        similarity_statistics_sum,
        &numbers(&[sums, bytes, parts, case.heads, pairs, outputs[0], outputs[1]]),
        1,
    );
    outputs.map(|output| heap.get(output, 3 * case.heads))
}

fn check_statistics(case: Case, by_gram: bool, parts: usize) {
    let tensors = tensors(case);
    let [mean, variance] = statistics(&tensors, by_gram, parts);
    let [expected_mean, expected_variance] = tensors.statistics();
    assert_close(&mean, &expected_mean, 2e-6);
    assert_close(&variance, &expected_variance, 2e-6);
}

fn check_gradient(case: Case, by_gram: bool, adds: bool, parts: usize) {
    let tensors = tensors(case);
    let mut heap = TestHeap::new(1 << 22);
    let mut args = tensors.arguments(&mut heap);
    let tables = [args[1], args[2]];
    let [mean, _] = tensors.statistics();
    // As large as the number of products that they are shared by, so that gradients are about 1.
    let gradient = |seed| {
        noise(seed, 3 * case.heads)
            .iter()
            .map(|x| x * 300.0)
            .collect::<Vec<f32>>()
    };
    let gradients = [gradient(8), gradient(9)];
    let earlier = noise(10, tensors.qkv.len());
    let d_qkv = if adds {
        heap.put(&earlier)
    } else {
        heap.room(tensors.qkv.len())
    };
    let [before, after] =
        [case.before, case.after].map(|reach| if case.image { reach } else { reach.min(case.length - 1) });
    let full = case.key_depth.next_multiple_of(4);
    let offsets = if case.image {
        case.table_rows()
    } else {
        before + 1 + after
    };
    let width = row_width(case.key_depth, case.value_depth);
    let bytes = match (case.image, by_gram) {
        (true, _) => 16 * offsets * width,
        (false, true) => 32 * case.length * (1 + full) * full,
        (false, false) => 32 * offsets * full,
    };
    let sums = heap.room(parts * bytes / 4);
    if !case.image {
        args.push(f64::from(u8::from(by_gram)));
    }
    args.extend([heap.put(&mean), heap.put(&gradients[0]), heap.put(&gradients[1]), d_qkv].map(|x| x as f64));
    args.extend(numbers(&[usize::from(adds), sums, bytes]));
    let kernel = if case.image {
        local_similarity_statistics_grad
    } else {
        axial_similarity_statistics_grad
    };
    heap.run(kernel, &args, parts);

    let outputs = [0, 1].map(|term| heap.room(tensors.tables[term].len()));
    let present = [0, 1].map(|term| if case.tables[term] { outputs[term] } else { 0 });
    if case.image {
        let sizes = [
            sums,
            bytes,
            parts,
            case.heads,
            case.key_depth,
            case.value_depth,
            offsets,
            offsets,
            0,
        ];
        heap.run(
            attention_grad_sum,
            &numbers(&[&sizes[..], &present, &[0, 0]].concat()),
            1,
        );
    } else {
        let mut args = numbers(&[
            usize::from(by_gram),
            sums,
            bytes,
            parts,
            case.length,
            case.key_depth,
            before,
            after,
        ]);
        args.extend(tables);
        args.extend(numbers(&present));
        heap.run(axial_similarity_statistics_grad_sum, &args, 1);
    }
    let expected = tensors.statistics_gradients(&gradients[0], &gradients[1]);
    let sum = |(x, y): (&f32, &f32)| x + y;
    let expected_qkv: Vec<f32> = if adds {
        expected[0].iter().zip(&earlier).map(sum).collect()
    } else {
        expected[0].clone()
    };
    assert_near(&heap.get(d_qkv, tensors.qkv.len()), &expected_qkv, 5e-6);
    for term in 0..2 {
        if case.tables[term] {
            assert_near(
                &heap.get(outputs[term], tensors.tables[term].len()),
                &expected[1 + term],
                5e-6,
            );
        }
    }
}

/// Axes whose queries see every key.
fn whole_axes() -> Vec<Case> {
    axes()
        .into_iter()
        .filter(|case| case.before.min(case.after) + 1 >= case.length)
        .collect()
}

#[test]
fn statistics_by_products_equal_loops_over_all_pairs_in_float64() {
    on_each_arch(|| {
        for (index, case) in axes().into_iter().chain(images()).enumerate() {
            check_statistics(case, false, 1 + index % 3);
        }
    });
}

#[test]
fn statistics_by_gram_matrices_equal_loops_over_all_pairs_in_float64() {
    on_each_arch(|| {
        for (index, case) in whole_axes().into_iter().enumerate() {
            check_statistics(case, true, 1 + index % 3);
        }
    });
}

#[test]
fn gradients_of_statistics_by_products_equal_loops_over_all_pairs_in_float64() {
    on_each_arch(|| {
        for (index, case) in axes().into_iter().chain(images()).enumerate() {
            check_gradient(case, false, index % 2 == 0, 1 + index % 3);
        }
    });
}

#[test]
fn gradients_of_statistics_by_gram_matrices_equal_loops_over_all_pairs_in_float64() {
    on_each_arch(|| {
        for (index, case) in whole_axes().into_iter().enumerate() {
            check_gradient(case, true, index % 2 == 0, 1 + index % 3);
        }
    });
}

#[test]
fn a_mean_far_from_zero_costs_the_variance_no_digits() {
    on_each_arch(|| {
        for (case, by_gram) in [(AXIS, true), (AXIS, false), (IMAGE, false)] {
            let mut tensors = tensors(case);
            let (channels, depth) = (case.channels(), case.key_depth);
            for place in tensors.qkv.chunks_exact_mut(channels) {
                place[..depth].iter_mut().for_each(|q| *q = 1.0 + 0.01 * *q);
                place[depth..2 * depth].iter_mut().for_each(|k| *k += 30.0);
            }
            let [_, variance] = statistics(&tensors, by_gram, 2);
            let [_, expected] = tensors.statistics();
            assert_close(&variance[..case.heads], &expected[..case.heads], 1e-4);
        }
    });
}
