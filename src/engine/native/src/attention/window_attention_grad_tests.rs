use super::attention_grad_sum::attention_grad_sum;
use super::axial_attention_grad::axial_attention_grad;
use super::cases::{Case, assert_near, axes, images};
use super::local_attention_grad::local_attention_grad;
use super::loops::tensors;
use super::part_sums::row_width;
use crate::simd::on_each_arch;
use crate::testing::TestHeap;

fn check(case: Case, parts: usize) {
    let tensors = tensors(case);
    let mut heap = TestHeap::new(1 << 21);
    let mut args = tensors.arguments(&mut heap);
    let gradients = [0, 1].map(|which| heap.put(&tensors.gradients[which]));
    let d_qkv = heap.room(tensors.qkv.len());
    let (offsets, skipped) = if case.image {
        (case.table_rows(), 0)
    } else {
        let [before, after] = [case.before, case.after].map(|reach| reach.min(case.length - 1));
        (before + 1 + after, case.length - 1 - before)
    };
    let offsets = if case.tables == [false; 3] { 0 } else { offsets };
    let width = row_width(case.key_depth, case.value_depth);
    let part_bytes = (16 * offsets * width + 24 * case.heads).next_multiple_of(64);
    let sums = heap.room(parts * part_bytes / 4);
    args.extend([gradients[0], gradients[usize::from(!case.sum)], d_qkv, sums, part_bytes].map(|x| x as f64));
    heap.run(
        if case.image {
            local_attention_grad
        } else {
            axial_attention_grad
        },
        &args,
        parts,
    );

    let expected = tensors.gradients();
    let outputs = [0, 1, 2].map(|term| heap.room(tensors.tables[term].len()));
    let d_scales = heap.room(tensors.scales.len());
    let mut args = vec![
        sums,
        part_bytes,
        parts,
        case.heads,
        case.key_depth,
        case.value_depth,
        offsets,
        case.table_rows(),
        skipped,
    ];
    args.extend([0, 1, 2].map(|term| if case.tables[term] { outputs[term] } else { 0 }));
    args.push(d_scales);
    heap.run(
        attention_grad_sum,
        &args.iter().map(|&x| x as f64).collect::<Vec<_>>(),
        1,
    );

    assert_near(&heap.get(d_qkv, tensors.qkv.len()), &expected[0], 5e-6);
    for term in 0..3 {
        if case.tables[term] {
            assert_near(
                &heap.get(outputs[term], tensors.tables[term].len()),
                &expected[1 + term],
                5e-6,
            );
        }
    }
    assert_near(&heap.get(d_scales, tensors.scales.len()), &expected[4], 1e-5);
}

#[test]
fn gradients_along_an_axis_equal_loops_over_all_pairs_in_float64() {
    on_each_arch(|| {
        axes()
            .into_iter()
            .enumerate()
            .for_each(|(index, case)| check(case, 1 + index % 3))
    });
}

#[test]
fn gradients_in_a_window_of_an_image_equal_loops_over_all_pairs_in_float64() {
    on_each_arch(|| {
        images()
            .into_iter()
            .enumerate()
            .for_each(|(index, case)| check(case, 1 + index % 3))
    });
}
