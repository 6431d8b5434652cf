use super::cases::{CROSS, Case, assert_near};
use super::criss_cross_attention::criss_cross_attention;
use super::criss_cross_attention_grad::criss_cross_attention_grad;
use super::loops::tensors;
use crate::simd::on_each_arch;
use crate::testing::TestHeap;

/// Of the rows (images as [B H, W, 1]), then of the columns ([B, H, W]).
fn directions(case: &Case) -> [[usize; 3]; 2] {
    [
        [case.outer * case.height, case.length, 1],
        [case.outer, case.height, case.length],
    ]
}

fn check(case: Case, parts: usize) {
    let tensors = tensors(case);
    let places = case.tasks() * case.positions();
    let mut heap = TestHeap::new(1 << 20);
    let qkv = heap.put(&tensors.qkv);
    let content = heap.room(places * case.value_depth);
    let moments = heap.room(2 * places);
    let d_content = heap.put(&tensors.gradients[0]);
    let d_qkv = heap.room(tensors.qkv.len());
    let geometry = |[outer, length, inner]: [usize; 3]| {
        let (heads, key_depth, value_depth) = (case.heads, case.key_depth, case.value_depth);
        vec![
            qkv,
            0,
            0,
            0,
            0,
            0,
            0,
            outer,
            length,
            inner,
            heads,
            key_depth,
            value_depth,
            length - 1,
            length - 1,
        ]
    };
    let numbers = |values: &[usize]| values.iter().map(|&x| x as f64).collect::<Vec<f64>>();
    for (columns, sizes) in directions(&case).into_iter().enumerate() {
        let args = [&geometry(sizes)[..], &[content, moments, columns]].concat();
        heap.run(criss_cross_attention, &numbers(&args), parts);
    }
    for (columns, sizes) in directions(&case).into_iter().enumerate() {
        let own = [d_content, 0, d_qkv, 0, 0, content, moments, columns];
        heap.run(
            criss_cross_attention_grad,
            &numbers(&[&geometry(sizes)[..], &own].concat()),
            parts,
        );
    }
    assert_near(
        &heap.get(content, places * case.value_depth),
        &tensors.outputs()[0],
        3e-6,
    );
    assert_near(&heap.get(d_qkv, tensors.qkv.len()), &tensors.gradients()[0], 5e-6);
}

#[test]
fn criss_cross_attention_and_its_gradient_equal_loops_over_row_and_column_in_float64() {
    on_each_arch(|| {
        for (height, length) in [(5, 7), (7, 5), (1, 1), (1, 5), (5, 1), (2, 3), (13, 11)] {
            for heads in [1, 2, 3, 5, 8] {
                check(
                    Case {
                        height,
                        length,
                        heads,
                        ..CROSS
                    },
                    1 + (height + heads) % 3,
                );
            }
        }
        check(
            Case {
                key_depth: 8,
                value_depth: 12,
                ..CROSS
            },
            2,
        );
    });
}
