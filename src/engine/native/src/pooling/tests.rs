//! Pooling and its gradients against loops over every window.

use super::average::{average_pool, average_pool_grad};
use super::max::{max_pool, max_pool_grad};
use crate::simd::on_each_arch;
use crate::testing::{TestHeap, assert_close, noise};

/// Of rows and of columns.
#[derive(Clone, Copy)]
struct Axis {
    size: usize,
    window: usize,
    stride: usize,
    padding: usize,
    outputs: usize,
}

impl Axis {
    fn places(self, output: usize) -> impl Iterator<Item = usize> + Clone {
        (0..self.window)
            .filter_map(move |place| (output * self.stride + place).checked_sub(self.padding))
            .filter(move |place| *place < self.size)
    }
}

const BATCH: usize = 2;

const CASES: [[Axis; 2]; 4] = [
    [
        Axis {
            size: 11,
            window: 3,
            stride: 2,
            padding: 1,
            outputs: 6,
        },
        Axis {
            size: 7,
            window: 3,
            stride: 2,
            padding: 1,
            outputs: 4,
        },
    ],
    [
        Axis {
            size: 5,
            window: 2,
            stride: 2,
            padding: 0,
            outputs: 2,
        },
        Axis {
            size: 13,
            window: 5,
            stride: 1,
            padding: 2,
            outputs: 13,
        },
    ],
    [
        Axis {
            size: 3,
            window: 2,
            stride: 3,
            padding: 0,
            outputs: 1,
        },
        Axis {
            size: 7,
            window: 1,
            stride: 3,
            padding: 0,
            outputs: 3,
        },
    ],
    // The last windows lie beyond the edge.
    [
        Axis {
            size: 5,
            window: 2,
            stride: 3,
            padding: 0,
            outputs: 3,
        },
        Axis {
            size: 3,
            window: 3,
            stride: 1,
            padding: 0,
            outputs: 1,
        },
    ],
];

struct Case {
    rows: Axis,
    columns: Axis,
    channels: usize,
}

impl Case {
    fn inputs(&self) -> usize {
        BATCH * self.rows.size * self.columns.size * self.channels
    }

    fn outputs(&self) -> usize {
        BATCH * self.rows.outputs * self.columns.outputs * self.channels
    }

    fn args(&self, tensors: &[usize]) -> Vec<f64> {
        let Case {
            rows,
            columns,
            channels,
        } = self;
        let geometry = [
            BATCH,
            rows.size,
            columns.size,
            *channels,
            rows.outputs,
            columns.outputs,
            rows.window,
            columns.window,
            rows.stride,
            columns.stride,
            rows.padding,
            columns.padding,
        ];
        geometry.iter().chain(tensors).map(|&value| value as f64).collect()
    }

    /// For each result the places of x in its window, in reading order.
    fn windows(&self) -> impl Iterator<Item = Vec<usize>> + '_ {
        let Case {
            rows,
            columns,
            channels,
        } = self;
        (0..self.outputs()).map(move |i| {
            let (c, q) = (i % channels, i / channels % columns.outputs);
            let (p, image) = (
                i / channels / columns.outputs % rows.outputs,
                i / channels / columns.outputs / rows.outputs,
            );
            let line = rows.places(p);
            line.flat_map(|row| columns.places(q).map(move |column| (row, column)))
                .map(|(row, column)| ((image * rows.size + row) * columns.size + column) * channels + c)
                .collect()
        })
    }
}

fn for_each_case(check: impl Fn(&Case)) {
    on_each_arch(|| {
        for [rows, columns] in CASES {
            for channels in [3, 16, 37] {
                check(&Case {
                    rows,
                    columns,
                    channels,
                });
            }
        }
    });
}

#[test]
fn the_maximum_and_its_gradient_equal_loops_over_windows() {
    for_each_case(|case| {
        // Whole numbers, so that there are equal maxima.
        let mut x: Vec<f32> = noise(1, case.inputs()).iter().map(|x| (3.0 * x).round()).collect();
        x[5] = f32::NAN;
        let dy = noise(2, case.outputs());
        let mut y = Vec::new();
        let mut dx = vec![0.0_f32; case.inputs()];
        for (places, dy) in case.windows().zip(&dy) {
            let join = |a: f32, b: f32| if a.is_nan() || b.is_nan() { f32::NAN } else { a.max(b) };
            let most = places.iter().map(|i| x[*i]).fold(f32::NEG_INFINITY, join);
            if let Some(first) = places.iter().find(|i| x[**i] == most) {
                dx[*first] += dy;
            }
            y.push(most);
        }
        let mut heap = TestHeap::new(1 << 18);
        let [at_x, at_dy] = [&x, &dy].map(|values| heap.put(values));
        let [at_y, at_dx] = [y.len(), dx.len()].map(|count| heap.room(count));
        heap.run(max_pool, &case.args(&[at_x, at_y]), 3);
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        let got = heap.get::<f32>(at_y, y.len());
        assert!(
            got.iter()
                .zip(&y)
                .all(|(got, y)| got == y || (got.is_nan() && y.is_nan()))
        );
        heap.run(max_pool_grad, &case.args(&[at_x, at_y, at_dy, at_dx]), 3);
        assert_eq!(bits(&heap.get::<f32>(at_dx, dx.len())), bits(&dx));
    });
}

#[test]
fn the_average_and_its_gradient_equal_loops_over_windows() {
    for_each_case(|case| {
        let (x, dy) = (noise(3, case.inputs()), noise(4, case.outputs()));
        let mut y = Vec::new();
        let mut dx = vec![0.0_f64; case.inputs()];
        for (places, dy) in case.windows().zip(&dy) {
            let sum: f64 = places.iter().map(|i| f64::from(x[*i])).sum();
            y.push((sum / places.len() as f64) as f32);
            for place in &places {
                dx[*place] += f64::from(*dy) / places.len() as f64;
            }
        }
        let mut heap = TestHeap::new(1 << 18);
        let [at_x, at_dy] = [&x, &dy].map(|values| heap.put(values));
        let [at_y, at_dx] = [y.len(), dx.len()].map(|count| heap.room(count));
        heap.run(average_pool, &case.args(&[at_x, at_y]), 3);
        let got = heap.get::<f32>(at_y, y.len());
        let exist = |values: &[f32]| values.iter().map(|value| !value.is_nan()).collect::<Vec<_>>();
        assert_eq!(exist(&got), exist(&y));
        let finite = |values: &[f32]| {
            values
                .iter()
                .copied()
                .filter(|value| !value.is_nan())
                .collect::<Vec<_>>()
        };
        assert_close(&finite(&got), &finite(&y), 1e-6);
        heap.run(average_pool_grad, &case.args(&[at_dy, at_dx]), 3);
        let dx: Vec<f32> = dx.iter().map(|value| *value as f32).collect();
        assert_close(&heap.get::<f32>(at_dx, dx.len()), &dx, 1e-6);
    });
}
