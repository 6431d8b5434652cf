//! Each kernel of attention on one thread, in the shapes of the nets, beside the most multiply-adds that this processor does.
//!
//!     cargo bench --bench attention [-- WORD]          only what has WORD in its name

use std::hint::black_box;
use std::time::{Duration, Instant};

use axial_native as _;
use pulp::{Arch, Simd, WithSimd};

type Kernel = unsafe extern "C" fn(*mut u8, u32, u32, i32, i32) -> i32;

#[allow(non_snake_case)]
unsafe extern "C" {
    fn axial_axialAttention(heap: *mut u8, pages: u32, args: u32, part: i32, parts: i32) -> i32;
    fn axial_axialAttentionGrad(heap: *mut u8, pages: u32, args: u32, part: i32, parts: i32) -> i32;
    fn axial_axialSimilarityStatistics(heap: *mut u8, pages: u32, args: u32, part: i32, parts: i32) -> i32;
    fn axial_axialSimilarityStatisticsGrad(heap: *mut u8, pages: u32, args: u32, part: i32, parts: i32) -> i32;
    fn axial_localAttention(heap: *mut u8, pages: u32, args: u32, part: i32, parts: i32) -> i32;
    fn axial_localAttentionGrad(heap: *mut u8, pages: u32, args: u32, part: i32, parts: i32) -> i32;
}

/// Heads, as everywhere in the nets.
const HEADS: usize = 8;
const PAGE: usize = 65_536;
/// How long each kernel is repeated; the fastest call counts.
const LONG_ENOUGH: Duration = Duration::from_millis(500);

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

struct Heap {
    lines: Vec<Line>,
    used: usize,
}

impl Heap {
    fn put<T: Copy>(&mut self, values: &[T]) -> usize {
        let start = self.used;
        let bytes = size_of_val(values);
        assert!(
            start + bytes <= 64 * self.lines.len(),
            "bench: the heap must hold {} bytes",
            start + bytes
        );
        // SAFETY: the range lies in the lines, as just checked, and no reference to them is held.
        unsafe {
            let to = self.lines.as_mut_ptr().cast::<u8>().add(start);
            std::ptr::copy_nonoverlapping(values.as_ptr().cast::<u8>(), to, bytes);
        }
        self.used = (start + bytes).next_multiple_of(64);
        start
    }

    fn noise(&mut self, count: usize) -> usize {
        let mut state = 1_u32;
        let values: Vec<f32> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state as f32 / u32::MAX as f32 * 2.0 - 1.0
        })
        .take(count)
        .collect();
        self.put(&values)
    }
}

/// [outer, length, inner] of an axis, or [batch, height, width] of images and a window that reaches so far to all sides.
#[derive(Clone, Copy)]
struct Case {
    name: &'static str,
    sizes: [usize; 3],
    key_depth: usize,
    value_depth: usize,
    reach: Option<usize>,
    /// Encodings of query, key, value.
    tables: [bool; 3],
}

const ALL: [bool; 3] = [true; 3];
const CASES: [Case; 7] = [
    Case {
        name: "core-56",
        sizes: [8, 56, 56],
        key_depth: 4,
        value_depth: 8,
        reach: None,
        tables: ALL,
    },
    Case {
        name: "rows-56",
        sizes: [448, 56, 1],
        key_depth: 4,
        value_depth: 8,
        reach: None,
        tables: ALL,
    },
    Case {
        name: "core-28",
        sizes: [8, 28, 28],
        key_depth: 8,
        value_depth: 16,
        reach: None,
        tables: ALL,
    },
    Case {
        name: "core-14",
        sizes: [8, 14, 14],
        key_depth: 16,
        value_depth: 32,
        reach: None,
        tables: ALL,
    },
    Case {
        name: "core-7",
        sizes: [8, 7, 7],
        key_depth: 32,
        value_depth: 64,
        reach: None,
        tables: ALL,
    },
    Case {
        name: "content-64",
        sizes: [8, 64, 64],
        key_depth: 16,
        value_depth: 16,
        reach: None,
        tables: [false; 3],
    },
    Case {
        name: "window-7x7",
        sizes: [8, 56, 56],
        key_depth: 8,
        value_depth: 8,
        reach: Some(3),
        tables: [true, false, false],
    },
];

fn main() {
    let filter = std::env::args()
        .skip(1)
        .find(|arg| !arg.starts_with('-'))
        .unwrap_or_default();
    let peak = peak();
    println!("multiply-adds of this processor on one thread: {peak:.0} GFLOP/s");
    CASES.iter().for_each(|case| measure(case, &filter, peak));
}

fn measure(case: &Case, filter: &str, peak: f64) {
    let Case {
        sizes: [outer, length, inner],
        key_depth,
        value_depth,
        reach,
        tables,
        ..
    } = *case;
    let mut heap = Heap {
        lines: vec![Line([0; 64]); 4 << 20],
        used: 64,
    };
    let places = outer * length * inner * HEADS;
    let channels = 2 * key_depth + value_depth;
    let [before, table_rows] = reach.map_or([length - 1, 2 * length - 1], |reach| [reach, (2 * reach + 1).pow(2)]);
    let qkv = heap.noise(places * channels);
    let depths = [key_depth, key_depth, value_depth];
    let encodings = [0, 1, 2].map(|term| {
        if tables[term] {
            heap.noise(table_rows * depths[term])
        } else {
            0
        }
    });
    let per_head = heap.put(&[1.0_f32; 3 * HEADS]);
    let (content, d_content) = (heap.noise(places * value_depth), heap.noise(places * value_depth));
    let d_qkv = heap.noise(places * channels);
    let sums = heap.noise(1 << 21);
    let geometry = [
        &[qkv, encodings[0], encodings[1], encodings[2], per_head, 0, 0][..],
        &[outer, length, inner, HEADS, key_depth, value_depth, before, before],
    ]
    .concat();
    // The seven lines of a window are cut at both ends of rows and columns.
    let pairs = match reach {
        None => places * length,
        Some(reach) => {
            let along = |length: usize| length * (2 * reach + 1) - reach * (reach + 1);
            outer * HEADS * along(length) * along(inner)
        }
    };
    let logit = key_depth * (1 + usize::from(tables[0]) + usize::from(tables[1]));
    let value = value_depth * (1 + usize::from(tables[2]));
    let statistics = [per_head, per_head, per_head, d_qkv, 1, sums, 1 << 22];
    let by_gram = usize::from(length >= 28);
    let axial: [(&str, Kernel, Vec<usize>, usize); 4] = [
        ("axialAttention", axial_axialAttention, vec![content, 0], logit + value),
        (
            "axialAttentionGrad",
            axial_axialAttentionGrad,
            vec![d_content, d_content, d_qkv, sums, 1 << 22],
            3 * logit + 2 * value,
        ),
        (
            "axialSimilarityStatistics",
            axial_axialSimilarityStatistics,
            vec![by_gram, sums, 1 << 22],
            logit,
        ),
        (
            "axialSimilarityStatisticsGrad",
            axial_axialSimilarityStatisticsGrad,
            [&[by_gram], &statistics[..]].concat(),
            3 * logit,
        ),
    ];
    let local: [(&str, Kernel, Vec<usize>, usize); 2] = [
        ("localAttention", axial_localAttention, vec![content, 0], logit + value),
        (
            "localAttentionGrad",
            axial_localAttentionGrad,
            vec![d_content, d_content, d_qkv, sums, 1 << 22],
            3 * logit + 2 * value,
        ),
    ];
    let kernels = if reach.is_none() { &axial[..] } else { &local[..] };
    for (kernel_name, kernel, own, depth) in kernels {
        let name = format!("{kernel_name} {}", case.name);
        if !name.contains(filter) {
            continue;
        }
        let args: Vec<f64> = geometry.iter().chain(own).map(|&x| x as f64).collect();
        let args = heap.put(&args) as u32;
        let pages = (64 * heap.lines.len() / PAGE) as u32;
        let started = Instant::now();
        let mut best = Duration::MAX;
        while started.elapsed() < LONG_ENOUGH {
            let call_started = Instant::now();
            // SAFETY: the heap is ours, as large as said, and the block laid out for this kernel.
            let code = unsafe { kernel(heap.lines.as_mut_ptr().cast(), pages, args, 0, 1) };
            assert_eq!(code, 0, "bench: {name} must not fail");
            best = best.min(call_started.elapsed());
        }
        // Of pairs as if each product were formed: by Gram matrices fewer are.
        let rate = 2.0 * (pairs * depth) as f64 / best.as_secs_f64() / 1e9;
        let milliseconds = best.as_secs_f64() * 1e3;
        println!(
            "{name:44} {milliseconds:8.3} ms {rate:7.1} GFLOP/s {:5.0} %",
            100.0 * rate / peak
        );
    }
}

/// The most of twelve independent chains of multiply-adds in registers.
fn peak() -> f64 {
    const TURNS: usize = 2_000_000;
    const CHAINS: usize = 12;
    struct Chains;
    impl WithSimd for Chains {
        type Output = usize;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> usize {
            let factor = black_box(simd.splat_f32s(0.999));
            let mut sums = [factor; CHAINS];
            for _ in 0..TURNS {
                for sum in &mut sums {
                    *sum = simd.mul_add_e_f32s(*sum, factor, factor);
                }
            }
            black_box(sums);
            2 * TURNS * CHAINS * S::F32_LANES
        }
    }
    let once = || {
        let started = Instant::now();
        Arch::new().dispatch(Chains) as f64 / started.elapsed().as_secs_f64() / 1e9
    };
    (0..5).map(|_| once()).fold(0.0, f64::max)
}
