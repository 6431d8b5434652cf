//! Convolution and the gradient of its filter against sums over every window in float64.

use super::depthwise::{depthwise_convolution, depthwise_filter_grad};
use super::filter_grad::{convolution_filter_grad, sum_shares};
use super::taps::convolution;
use crate::simd::on_each_arch;
use crate::testing::{TestHeap, assert_close, noise};

#[derive(Clone, Copy)]
struct Case {
    images: usize,
    /// Rows and columns, of the images, the window, and so on.
    size: [usize; 2],
    window: [usize; 2],
    stride: [usize; 2],
    dilation: [usize; 2],
    padding: [usize; 2],
    groups: usize,
    /// Channels of a group, in and out.
    channels: usize,
    columns: usize,
}

const PLAIN: Case = Case {
    images: 2,
    size: [11, 13],
    window: [3, 3],
    stride: [1, 1],
    dilation: [1, 1],
    padding: [1, 1],
    groups: 1,
    channels: 5,
    columns: 19,
};

const CASES: [Case; 10] = [
    PLAIN,
    Case { columns: 37, ..PLAIN },
    Case {
        stride: [2, 2],
        ..PLAIN
    },
    Case {
        stride: [2, 3],
        padding: [0, 2],
        window: [5, 2],
        ..PLAIN
    },
    Case {
        dilation: [2, 3],
        padding: [2, 3],
        ..PLAIN
    },
    Case {
        groups: 3,
        channels: 2,
        columns: 3,
        ..PLAIN
    },
    Case {
        groups: 7,
        channels: 1,
        columns: 1,
        stride: [2, 2],
        ..PLAIN
    },
    // Channels of several vectors, and a rest.
    Case {
        groups: 83,
        channels: 1,
        columns: 1,
        ..PLAIN
    },
    Case {
        groups: 67,
        channels: 1,
        columns: 1,
        stride: [3, 2],
        dilation: [1, 2],
        padding: [0, 2],
        ..PLAIN
    },
    Case {
        window: [1, 1],
        padding: [0, 0],
        channels: 67,
        columns: 131,
        ..PLAIN
    },
];

impl Case {
    fn output(&self) -> [usize; 2] {
        [0, 1].map(|axis| {
            let reach = self.dilation[axis] * (self.window[axis] - 1) + 1;
            (self.size[axis] + 2 * self.padding[axis] - reach) / self.stride[axis] + 1
        })
    }

    fn pixels(&self) -> usize {
        self.images * self.output()[0] * self.output()[1]
    }

    /// Calls `visit(x, w, y)` with the indices of each product that y\[y\] += x\[x\] w\[w\] sums.
    fn products(&self, mut visit: impl FnMut(usize, usize, usize)) {
        let [rows, columns] = self.output();
        let outputs = self.groups * self.columns;
        for pixel in 0..self.pixels() {
            let (image, row, column) = (pixel / columns / rows, pixel / columns % rows, pixel % columns);
            for place in 0..self.window[0] * self.window[1] {
                let y = row * self.stride[0] + place / self.window[1] * self.dilation[0];
                let x = column * self.stride[1] + place % self.window[1] * self.dilation[1];
                let (Some(y), Some(x)) = (y.checked_sub(self.padding[0]), x.checked_sub(self.padding[1])) else {
                    continue;
                };
                if y >= self.size[0] || x >= self.size[1] {
                    continue;
                }
                let from = ((image * self.size[0] + y) * self.size[1] + x) * self.groups * self.channels;
                for n in 0..outputs {
                    for c in 0..self.channels {
                        let channel = n / self.columns * self.channels + c;
                        let w = (place * self.channels + c) * outputs + n;
                        visit(from + channel, w, pixel * outputs + n);
                    }
                }
            }
        }
    }

    fn x(&self) -> Vec<f32> {
        noise(
            1,
            self.images * self.size[0] * self.size[1] * self.groups * self.channels,
        )
    }
}

fn whole(values: &[usize]) -> Vec<f64> {
    values.iter().map(|&value| value as f64).collect()
}

#[test]
fn convolution_equals_sums_over_windows_with_its_epilogue() {
    for case in CASES {
        let [rows, columns] = case.output();
        let outputs = case.groups * case.columns;
        let (x, w) = (
            case.x(),
            noise(2, case.window[0] * case.window[1] * case.channels * outputs),
        );
        let (shift, residual) = (noise(3, outputs), noise(4, case.pixels() * outputs));
        let mut sums = vec![0.0_f64; case.pixels() * outputs];
        case.products(|i, j, k| sums[k] += f64::from(x[i]) * f64::from(w[j]));
        let expected: Vec<f32> = sums
            .iter()
            .enumerate()
            .map(|(i, sum)| (*sum as f32 + shift[i % outputs] + residual[i]).max(0.0))
            .collect();
        // Rows of a band that is wide enough for all windows, as the plan gives offsets.
        let band = (columns - 1) * case.stride[1] + (case.window[1] - 1) * case.dilation[1] + 1;
        let table: Vec<u32> = (0..case.window[0] * case.window[1])
            .flat_map(|place| {
                let pixel =
                    place / case.window[1] * case.dilation[0] * band + place % case.window[1] * case.dilation[1];
                [
                    (4 * pixel * case.channels) as u32,
                    (4 * place * case.channels * outputs) as u32,
                ]
            })
            .collect();
        for parts in [1, 3] {
            let mut heap = TestHeap::new(1 << 20);
            let [x, w, shift, residual] = [&x, &w, &shift, &residual].map(|values| heap.put(values));
            let (y, table) = (heap.room(expected.len()), heap.put(&table));
            let channels = case.groups * case.channels;
            let mut args = whole(&[
                x,
                w,
                y,
                case.images,
                case.size[0],
                case.size[1],
                channels,
                case.channels,
            ]);
            args.extend(whole(&[case.groups, rows, columns, case.stride[0], case.stride[1]]));
            args.extend(case.padding.map(|padding| -(padding as f64)));
            args.extend(whole(&[
                0,
                band,
                4 * rows * columns * outputs,
                4 * columns * outputs,
                4 * outputs,
                0,
            ]));
            args.extend(whole(&[
                case.window[0] * case.window[1],
                case.channels,
                table,
                4 * outputs,
                0,
            ]));
            args.extend(whole(&[
                case.columns,
                4 * case.columns,
                0,
                0,
                shift,
                residual,
                1,
                0,
                0,
                0,
            ]));
            heap.run(convolution, &args, parts);
            assert_close(&heap.get::<f32>(y, expected.len()), &expected, 3e-6);
        }
    }
}

#[test]
fn the_gradient_of_the_filter_equals_sums_over_pixels() {
    for case in CASES {
        let [rows, columns] = case.output();
        let outputs = case.groups * case.columns;
        let (x, dy) = (case.x(), noise(2, case.pixels() * outputs));
        let size = case.window[0] * case.window[1] * case.channels * outputs;
        let mut sums = vec![0.0_f64; size];
        case.products(|i, j, k| sums[j] += f64::from(x[i]) * f64::from(dy[k]));
        let expected: Vec<f32> = sums.iter().map(|sum| *sum as f32).collect();
        for (pixel_shares, row_shares) in [(1, 1), (1, 2), (3, 1), (5, 2)] {
            let mut heap = TestHeap::new(1 << 20);
            let [x, dy] = [&x, &dy].map(|values| heap.put(values));
            let (shares, dw) = (heap.room(size * pixel_shares), heap.room(size));
            let channels = case.groups * case.channels;
            let mut args = whole(&[
                x,
                dy,
                shares,
                case.images,
                case.size[0],
                case.size[1],
                channels,
                case.channels,
            ]);
            args.extend(whole(&[case.groups, rows, columns]));
            args.extend(whole(&[case.stride, case.padding, case.window, case.dilation].concat()));
            args.extend(whole(&[outputs, case.columns, pixel_shares, row_shares, 0, 0, 0, 0, 0]));
            heap.run(convolution_filter_grad, &args, 3);
            heap.run(sum_shares, &whole(&[shares, dw, size, pixel_shares]), 3);
            assert_close(&heap.get::<f32>(dw, size), &expected, 3e-6);
        }
    }
}

/// Cases of a channel a group.
fn depthwise_cases() -> impl Iterator<Item = Case> {
    CASES.into_iter().filter(|case| case.channels == 1 && case.columns == 1)
}

/// What the kernels of such cases begin with.
fn depthwise_geometry(case: Case) -> Vec<f64> {
    let [rows, columns] = case.output();
    let [height, width] = case.size;
    let mut args = whole(&[case.images, height, width, case.groups, rows, columns]);
    args.extend(whole(&[case.window, case.stride, case.dilation, case.padding].concat()));
    args
}

#[test]
fn depthwise_convolution_equals_sums_over_windows_with_its_epilogue_and_mirrored() {
    on_each_arch(|| {
        for case in depthwise_cases() {
            let (channels, taps) = (case.groups, case.window[0] * case.window[1]);
            let (x, w, shift) = (case.x(), noise(2, taps * channels), noise(3, channels));
            let residual = noise(4, case.pixels() * channels);
            let mirror: Vec<f32> = w.chunks(channels).rev().flatten().copied().collect();
            let mut sums = vec![0.0_f64; case.pixels() * channels];
            case.products(|i, j, k| sums[k] += f64::from(x[i]) * f64::from(w[j]));
            let plain: Vec<f32> = sums.iter().map(|sum| *sum as f32).collect();
            let finished: Vec<f32> = (0..sums.len())
                .map(|i| (plain[i] + shift[i % channels] + residual[i]).max(0.0))
                .collect();
            let mut heap = TestHeap::new(1 << 21);
            let [x, w, mirror, shift, residual] = [&x, &w, &mirror, &shift, &residual].map(|values| heap.put(values));
            let y = heap.room(plain.len());
            let geometry = depthwise_geometry(case);
            let mut run = |tensors: [usize; 7], expected: &[f32]| {
                heap.run(depthwise_convolution, &[&geometry[..], &whole(&tensors)].concat(), 3);
                assert_close(&heap.get::<f32>(tensors[2], expected.len()), expected, 3e-6);
            };
            run([x, w, y, 0, 0, 0, 0], &plain);
            run([x, mirror, y, 1, 0, 0, 0], &plain);
            run([x, w, y, 0, shift, residual, 1], &finished);
            run([x, w, residual, 0, shift, residual, 1], &finished);
        }
    });
}

#[test]
fn the_gradient_of_a_depthwise_filter_equals_sums_over_pixels() {
    on_each_arch(|| {
        for case in depthwise_cases() {
            let (channels, taps) = (case.groups, case.window[0] * case.window[1]);
            let (x, dy) = (case.x(), noise(2, case.pixels() * channels));
            let mut sums = vec![0.0_f64; taps * channels];
            case.products(|i, j, k| sums[j] += f64::from(x[i]) * f64::from(dy[k]));
            let expected: Vec<f32> = sums.iter().map(|sum| *sum as f32).collect();
            for pixel_shares in [1, 5] {
                let mut heap = TestHeap::new(1 << 21);
                let [x, dy] = [&x, &dy].map(|values| heap.put(values));
                let (shares, dw) = (heap.room(expected.len() * pixel_shares), heap.room(expected.len()));
                let mut args = depthwise_geometry(case);
                args.extend(whole(&[x, dy, shares, pixel_shares]));
                heap.run(depthwise_filter_grad, &args, 3);
                heap.run(sum_shares, &whole(&[shares, dw, expected.len(), pixel_shares]), 3);
                assert_close(&heap.get::<f32>(dw, expected.len()), &expected, 3e-6);
            }
        }
    });
}
