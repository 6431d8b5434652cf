use super::axial_attention::axial_attention;
use super::cases::{Case, axes, images};
use super::local_attention::local_attention;
use super::loops::tensors;
use crate::simd::on_each_arch;
use crate::testing::{TestHeap, assert_close};

fn check(case: Case, parts: usize) {
    let tensors = tensors(case);
    let mut heap = TestHeap::new(1 << 20);
    let mut args = tensors.arguments(&mut heap);
    let volume = case.tasks() * case.positions() * case.value_depth;
    let [content, position] = [0, 1].map(|_| heap.room(volume));
    let apart = case.tables[2] && !case.sum;
    args.extend([content as f64, if apart { position as f64 } else { 0.0 }]);
    heap.run(if case.image { local_attention } else { axial_attention }, &args, parts);
    let [expected, expected_position] = tensors.outputs();
    assert_close(&heap.get(content, volume), &expected, 3e-6);
    if apart {
        assert_close(&heap.get(position, volume), &expected_position, 3e-6);
    }
}

#[test]
fn attention_along_an_axis_equals_loops_over_all_pairs_in_float64() {
    on_each_arch(|| {
        axes()
            .into_iter()
            .enumerate()
            .for_each(|(index, case)| check(case, 1 + index % 3))
    });
}

#[test]
fn attention_in_a_window_of_an_image_equals_loops_over_all_pairs_in_float64() {
    on_each_arch(|| {
        images()
            .into_iter()
            .enumerate()
            .for_each(|(index, case)| check(case, 1 + index % 3))
    });
}
