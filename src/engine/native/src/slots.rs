//! Argument slots by kernel and name. Written by wasm/assembly/build.mjs from wasm/signatures.ts.

pub mod axis {
    /// address
    pub const QKV: usize = 0;
    /// address
    pub const QUERY_TABLE: usize = 1;
    /// address
    pub const KEY_TABLE: usize = 2;
    /// address
    pub const VALUE_TABLE: usize = 3;
    /// address
    pub const SCALES: usize = 4;
    /// address
    pub const SCRATCH: usize = 5;
    /// bytes
    pub const SCRATCH_BYTES: usize = 6;
    /// count
    pub const OUTER: usize = 7;
    /// count
    pub const LENGTH: usize = 8;
    /// count
    pub const INNER: usize = 9;
    /// count
    pub const HEADS: usize = 10;
    /// count
    pub const KEY_DEPTH: usize = 11;
    /// count
    pub const VALUE_DEPTH: usize = 12;
    /// count
    pub const BEFORE: usize = 13;
    /// count
    pub const AFTER: usize = 14;
    pub const SLOTS: usize = 15;
}

pub mod attention_grad {
    /// address
    pub const QKV: usize = 0;
    /// address
    pub const QUERY_TABLE: usize = 1;
    /// address
    pub const KEY_TABLE: usize = 2;
    /// address
    pub const VALUE_TABLE: usize = 3;
    /// address
    pub const SCALES: usize = 4;
    /// address
    pub const SCRATCH: usize = 5;
    /// bytes
    pub const SCRATCH_BYTES: usize = 6;
    /// count
    pub const OUTER: usize = 7;
    /// count
    pub const LENGTH: usize = 8;
    /// count
    pub const INNER: usize = 9;
    /// count
    pub const HEADS: usize = 10;
    /// count
    pub const KEY_DEPTH: usize = 11;
    /// count
    pub const VALUE_DEPTH: usize = 12;
    /// count
    pub const BEFORE: usize = 13;
    /// count
    pub const AFTER: usize = 14;
    /// address
    pub const D_CONTENT: usize = 15;
    /// address
    pub const D_POSITION: usize = 16;
    /// address
    pub const D_QKV: usize = 17;
    /// address
    pub const SUMS: usize = 18;
    /// bytes
    pub const SUM_BYTES: usize = 19;
    pub const SLOTS: usize = 20;
}

pub mod update_row {
    /// address
    pub const WEIGHT: usize = 0;
    /// address
    pub const GRADIENT: usize = 1;
    /// address
    pub const MEAN: usize = 2;
    /// address
    pub const SQUARE: usize = 3;
    /// count
    pub const COUNT: usize = 4;
    /// real
    pub const ADDED_DECAY: usize = 5;
    /// real
    pub const SHRINK: usize = 6;
    pub const SLOTS: usize = 7;
}

pub mod axial_attention {
    /// address
    pub const QKV: usize = 0;
    /// address
    pub const QUERY_TABLE: usize = 1;
    /// address
    pub const KEY_TABLE: usize = 2;
    /// address
    pub const VALUE_TABLE: usize = 3;
    /// address
    pub const SCALES: usize = 4;
    /// address
    pub const SCRATCH: usize = 5;
    /// bytes
    pub const SCRATCH_BYTES: usize = 6;
    /// count
    pub const OUTER: usize = 7;
    /// count
    pub const LENGTH: usize = 8;
    /// count
    pub const INNER: usize = 9;
    /// count
    pub const HEADS: usize = 10;
    /// count
    pub const KEY_DEPTH: usize = 11;
    /// count
    pub const VALUE_DEPTH: usize = 12;
    /// count
    pub const BEFORE: usize = 13;
    /// count
    pub const AFTER: usize = 14;
    /// address
    pub const CONTENT: usize = 15;
    /// address
    pub const POSITION: usize = 16;
    pub const SLOTS: usize = 17;
}

pub mod axial_attention_grad {
    /// address
    pub const QKV: usize = 0;
    /// address
    pub const QUERY_TABLE: usize = 1;
    /// address
    pub const KEY_TABLE: usize = 2;
    /// address
    pub const VALUE_TABLE: usize = 3;
    /// address
    pub const SCALES: usize = 4;
    /// address
    pub const SCRATCH: usize = 5;
    /// bytes
    pub const SCRATCH_BYTES: usize = 6;
    /// count
    pub const OUTER: usize = 7;
    /// count
    pub const LENGTH: usize = 8;
    /// count
    pub const INNER: usize = 9;
    /// count
    pub const HEADS: usize = 10;
    /// count
    pub const KEY_DEPTH: usize = 11;
    /// count
    pub const VALUE_DEPTH: usize = 12;
    /// count
    pub const BEFORE: usize = 13;
    /// count
    pub const AFTER: usize = 14;
    /// address
    pub const D_CONTENT: usize = 15;
    /// address
    pub const D_POSITION: usize = 16;
    /// address
    pub const D_QKV: usize = 17;
    /// address
    pub const SUMS: usize = 18;
    /// bytes
    pub const SUM_BYTES: usize = 19;
    pub const SLOTS: usize = 20;
}

pub mod local_attention {
    /// address
    pub const QKV: usize = 0;
    /// address
    pub const QUERY_TABLE: usize = 1;
    /// address
    pub const KEY_TABLE: usize = 2;
    /// address
    pub const VALUE_TABLE: usize = 3;
    /// address
    pub const SCALES: usize = 4;
    /// address
    pub const SCRATCH: usize = 5;
    /// bytes
    pub const SCRATCH_BYTES: usize = 6;
    /// count
    pub const OUTER: usize = 7;
    /// count
    pub const LENGTH: usize = 8;
    /// count
    pub const INNER: usize = 9;
    /// count
    pub const HEADS: usize = 10;
    /// count
    pub const KEY_DEPTH: usize = 11;
    /// count
    pub const VALUE_DEPTH: usize = 12;
    /// count
    pub const BEFORE: usize = 13;
    /// count
    pub const AFTER: usize = 14;
    /// address
    pub const CONTENT: usize = 15;
    /// address
    pub const POSITION: usize = 16;
    pub const SLOTS: usize = 17;
}

pub mod local_attention_grad {
    /// address
    pub const QKV: usize = 0;
    /// address
    pub const QUERY_TABLE: usize = 1;
    /// address
    pub const KEY_TABLE: usize = 2;
    /// address
    pub const VALUE_TABLE: usize = 3;
    /// address
    pub const SCALES: usize = 4;
    /// address
    pub const SCRATCH: usize = 5;
    /// bytes
    pub const SCRATCH_BYTES: usize = 6;
    /// count
    pub const OUTER: usize = 7;
    /// count
    pub const LENGTH: usize = 8;
    /// count
    pub const INNER: usize = 9;
    /// count
    pub const HEADS: usize = 10;
    /// count
    pub const KEY_DEPTH: usize = 11;
    /// count
    pub const VALUE_DEPTH: usize = 12;
    /// count
    pub const BEFORE: usize = 13;
    /// count
    pub const AFTER: usize = 14;
    /// address
    pub const D_CONTENT: usize = 15;
    /// address
    pub const D_POSITION: usize = 16;
    /// address
    pub const D_QKV: usize = 17;
    /// address
    pub const SUMS: usize = 18;
    /// bytes
    pub const SUM_BYTES: usize = 19;
    pub const SLOTS: usize = 20;
}

pub mod criss_cross_attention {
    /// address
    pub const QKV: usize = 0;
    /// address
    pub const QUERY_TABLE: usize = 1;
    /// address
    pub const KEY_TABLE: usize = 2;
    /// address
    pub const VALUE_TABLE: usize = 3;
    /// address
    pub const SCALES: usize = 4;
    /// address
    pub const SCRATCH: usize = 5;
    /// bytes
    pub const SCRATCH_BYTES: usize = 6;
    /// count
    pub const OUTER: usize = 7;
    /// count
    pub const LENGTH: usize = 8;
    /// count
    pub const INNER: usize = 9;
    /// count
    pub const HEADS: usize = 10;
    /// count
    pub const KEY_DEPTH: usize = 11;
    /// count
    pub const VALUE_DEPTH: usize = 12;
    /// count
    pub const BEFORE: usize = 13;
    /// count
    pub const AFTER: usize = 14;
    /// address
    pub const OUTPUT: usize = 15;
    /// address
    pub const MOMENTS: usize = 16;
    /// flag
    pub const COLUMNS: usize = 17;
    pub const SLOTS: usize = 18;
}

pub mod criss_cross_attention_grad {
    /// address
    pub const QKV: usize = 0;
    /// address
    pub const QUERY_TABLE: usize = 1;
    /// address
    pub const KEY_TABLE: usize = 2;
    /// address
    pub const VALUE_TABLE: usize = 3;
    /// address
    pub const SCALES: usize = 4;
    /// address
    pub const SCRATCH: usize = 5;
    /// bytes
    pub const SCRATCH_BYTES: usize = 6;
    /// count
    pub const OUTER: usize = 7;
    /// count
    pub const LENGTH: usize = 8;
    /// count
    pub const INNER: usize = 9;
    /// count
    pub const HEADS: usize = 10;
    /// count
    pub const KEY_DEPTH: usize = 11;
    /// count
    pub const VALUE_DEPTH: usize = 12;
    /// count
    pub const BEFORE: usize = 13;
    /// count
    pub const AFTER: usize = 14;
    /// address
    pub const D_CONTENT: usize = 15;
    /// address
    pub const D_POSITION: usize = 16;
    /// address
    pub const D_QKV: usize = 17;
    /// address
    pub const SUMS: usize = 18;
    /// bytes
    pub const SUM_BYTES: usize = 19;
    /// address
    pub const OUTPUT: usize = 20;
    /// address
    pub const MOMENTS: usize = 21;
    /// flag
    pub const COLUMNS: usize = 22;
    pub const SLOTS: usize = 23;
}

pub mod attention_grad_sum {
    /// address
    pub const SUMS: usize = 0;
    /// bytes
    pub const SUM_BYTES: usize = 1;
    /// count
    pub const SHARES: usize = 2;
    /// count
    pub const HEADS: usize = 3;
    /// count
    pub const KEY_DEPTH: usize = 4;
    /// count
    pub const VALUE_DEPTH: usize = 5;
    /// count
    pub const OFFSETS: usize = 6;
    /// count
    pub const TABLE_ROWS: usize = 7;
    /// count
    pub const SKIPPED: usize = 8;
    /// address
    pub const D_QUERY_TABLE: usize = 9;
    /// address
    pub const D_KEY_TABLE: usize = 10;
    /// address
    pub const D_VALUE_TABLE: usize = 11;
    /// address
    pub const D_SCALES: usize = 12;
    pub const SLOTS: usize = 13;
}

pub mod axial_similarity_statistics {
    /// address
    pub const QKV: usize = 0;
    /// address
    pub const QUERY_TABLE: usize = 1;
    /// address
    pub const KEY_TABLE: usize = 2;
    /// address
    pub const VALUE_TABLE: usize = 3;
    /// address
    pub const SCALES: usize = 4;
    /// address
    pub const SCRATCH: usize = 5;
    /// bytes
    pub const SCRATCH_BYTES: usize = 6;
    /// count
    pub const OUTER: usize = 7;
    /// count
    pub const LENGTH: usize = 8;
    /// count
    pub const INNER: usize = 9;
    /// count
    pub const HEADS: usize = 10;
    /// count
    pub const KEY_DEPTH: usize = 11;
    /// count
    pub const VALUE_DEPTH: usize = 12;
    /// count
    pub const BEFORE: usize = 13;
    /// count
    pub const AFTER: usize = 14;
    /// flag
    pub const BY_GRAM: usize = 15;
    /// address
    pub const SUMS: usize = 16;
    /// bytes
    pub const SUM_BYTES: usize = 17;
    pub const SLOTS: usize = 18;
}

pub mod axial_similarity_statistics_grad {
    /// address
    pub const QKV: usize = 0;
    /// address
    pub const QUERY_TABLE: usize = 1;
    /// address
    pub const KEY_TABLE: usize = 2;
    /// address
    pub const VALUE_TABLE: usize = 3;
    /// address
    pub const SCALES: usize = 4;
    /// address
    pub const SCRATCH: usize = 5;
    /// bytes
    pub const SCRATCH_BYTES: usize = 6;
    /// count
    pub const OUTER: usize = 7;
    /// count
    pub const LENGTH: usize = 8;
    /// count
    pub const INNER: usize = 9;
    /// count
    pub const HEADS: usize = 10;
    /// count
    pub const KEY_DEPTH: usize = 11;
    /// count
    pub const VALUE_DEPTH: usize = 12;
    /// count
    pub const BEFORE: usize = 13;
    /// count
    pub const AFTER: usize = 14;
    /// flag
    pub const BY_GRAM: usize = 15;
    /// address
    pub const MEAN: usize = 16;
    /// address
    pub const D_MEAN: usize = 17;
    /// address
    pub const D_VARIANCE: usize = 18;
    /// address
    pub const D_QKV: usize = 19;
    /// flag
    pub const ADDS: usize = 20;
    /// address
    pub const SUMS: usize = 21;
    /// bytes
    pub const SUM_BYTES: usize = 22;
    pub const SLOTS: usize = 23;
}

pub mod axial_similarity_statistics_grad_sum {
    /// flag
    pub const BY_GRAM: usize = 0;
    /// address
    pub const SUMS: usize = 1;
    /// bytes
    pub const SUM_BYTES: usize = 2;
    /// count
    pub const SHARES: usize = 3;
    /// count
    pub const LENGTH: usize = 4;
    /// count
    pub const KEY_DEPTH: usize = 5;
    /// count
    pub const BEFORE: usize = 6;
    /// count
    pub const AFTER: usize = 7;
    /// address
    pub const QUERY_TABLE: usize = 8;
    /// address
    pub const KEY_TABLE: usize = 9;
    /// address
    pub const D_QUERY_TABLE: usize = 10;
    /// address
    pub const D_KEY_TABLE: usize = 11;
    /// address
    pub const SCRATCH: usize = 12;
    pub const SLOTS: usize = 13;
}

pub mod local_similarity_statistics {
    /// address
    pub const QKV: usize = 0;
    /// address
    pub const QUERY_TABLE: usize = 1;
    /// address
    pub const KEY_TABLE: usize = 2;
    /// address
    pub const VALUE_TABLE: usize = 3;
    /// address
    pub const SCALES: usize = 4;
    /// address
    pub const SCRATCH: usize = 5;
    /// bytes
    pub const SCRATCH_BYTES: usize = 6;
    /// count
    pub const OUTER: usize = 7;
    /// count
    pub const LENGTH: usize = 8;
    /// count
    pub const INNER: usize = 9;
    /// count
    pub const HEADS: usize = 10;
    /// count
    pub const KEY_DEPTH: usize = 11;
    /// count
    pub const VALUE_DEPTH: usize = 12;
    /// count
    pub const BEFORE: usize = 13;
    /// count
    pub const AFTER: usize = 14;
    /// address
    pub const SUMS: usize = 15;
    /// bytes
    pub const SUM_BYTES: usize = 16;
    pub const SLOTS: usize = 17;
}

pub mod local_similarity_statistics_grad {
    /// address
    pub const QKV: usize = 0;
    /// address
    pub const QUERY_TABLE: usize = 1;
    /// address
    pub const KEY_TABLE: usize = 2;
    /// address
    pub const VALUE_TABLE: usize = 3;
    /// address
    pub const SCALES: usize = 4;
    /// address
    pub const SCRATCH: usize = 5;
    /// bytes
    pub const SCRATCH_BYTES: usize = 6;
    /// count
    pub const OUTER: usize = 7;
    /// count
    pub const LENGTH: usize = 8;
    /// count
    pub const INNER: usize = 9;
    /// count
    pub const HEADS: usize = 10;
    /// count
    pub const KEY_DEPTH: usize = 11;
    /// count
    pub const VALUE_DEPTH: usize = 12;
    /// count
    pub const BEFORE: usize = 13;
    /// count
    pub const AFTER: usize = 14;
    /// address
    pub const MEAN: usize = 15;
    /// address
    pub const D_MEAN: usize = 16;
    /// address
    pub const D_VARIANCE: usize = 17;
    /// address
    pub const D_QKV: usize = 18;
    /// flag
    pub const ADDS: usize = 19;
    /// address
    pub const SUMS: usize = 20;
    /// bytes
    pub const SUM_BYTES: usize = 21;
    pub const SLOTS: usize = 22;
}

pub mod similarity_statistics_sum {
    /// address
    pub const SUMS: usize = 0;
    /// bytes
    pub const SUM_BYTES: usize = 1;
    /// count
    pub const SHARES: usize = 2;
    /// count
    pub const HEADS: usize = 3;
    /// double
    pub const PAIRS: usize = 4;
    /// address
    pub const MEAN: usize = 5;
    /// address
    pub const VARIANCE: usize = 6;
    pub const SLOTS: usize = 7;
}

pub mod scratch_left {
    /// address
    pub const BYTES: usize = 0;
    pub const SLOTS: usize = 1;
}

pub mod batch_norm_moments {
    /// address
    pub const X: usize = 0;
    /// count
    pub const ROWS: usize = 1;
    /// count
    pub const CHANNELS: usize = 2;
    /// address
    pub const PARTIAL: usize = 3;
    pub const SLOTS: usize = 4;
}

pub mod batch_norm_statistics {
    /// address
    pub const X: usize = 0;
    /// count
    pub const ROWS: usize = 1;
    /// count
    pub const CHANNELS: usize = 2;
    /// address
    pub const PARTIAL: usize = 3;
    /// count
    pub const SHARES: usize = 4;
    /// address
    pub const GAMMA: usize = 5;
    /// address
    pub const BETA: usize = 6;
    /// double
    pub const EPSILON: usize = 7;
    /// address
    pub const MEAN: usize = 8;
    /// address
    pub const VARIANCE: usize = 9;
    /// address
    pub const SCALE: usize = 10;
    /// address
    pub const SHIFT: usize = 11;
    /// flag
    pub const SECOND: usize = 12;
    pub const SLOTS: usize = 13;
}

pub mod batch_norm_scale {
    /// address
    pub const X: usize = 0;
    /// count
    pub const ROWS: usize = 1;
    /// count
    pub const CHANNELS: usize = 2;
    /// address
    pub const PARTIAL: usize = 3;
    /// count
    pub const SHARES: usize = 4;
    /// address
    pub const GAMMA: usize = 5;
    /// address
    pub const BETA: usize = 6;
    /// double
    pub const EPSILON: usize = 7;
    /// address
    pub const MEAN: usize = 8;
    /// address
    pub const VARIANCE: usize = 9;
    /// address
    pub const SCALE: usize = 10;
    /// address
    pub const SHIFT: usize = 11;
    /// flag
    pub const SECOND: usize = 12;
    pub const SLOTS: usize = 13;
}

pub mod batch_norm_apply {
    /// count
    pub const ROWS: usize = 0;
    /// count
    pub const CHANNELS: usize = 1;
    /// count
    pub const FORM: usize = 2;
    /// flag
    pub const RELU: usize = 3;
    /// address
    pub const A: usize = 4;
    /// address
    pub const MEAN_A: usize = 5;
    /// address
    pub const SCALE_A: usize = 6;
    /// address
    pub const SHIFT: usize = 7;
    /// address
    pub const B: usize = 8;
    /// address
    pub const MEAN_B: usize = 9;
    /// address
    pub const SCALE_B: usize = 10;
    /// address
    pub const Y: usize = 11;
    pub const SLOTS: usize = 12;
}

pub mod batch_norm_grad_sums {
    /// count
    pub const ROWS: usize = 0;
    /// count
    pub const CHANNELS: usize = 1;
    /// count
    pub const FORM: usize = 2;
    /// flag
    pub const RELU: usize = 3;
    /// address
    pub const DY: usize = 4;
    /// address
    pub const Y: usize = 5;
    /// address
    pub const A: usize = 6;
    /// address
    pub const MEAN_A: usize = 7;
    /// address
    pub const B: usize = 8;
    /// address
    pub const MEAN_B: usize = 9;
    /// address
    pub const PARTIAL: usize = 10;
    pub const SLOTS: usize = 11;
}

pub mod batch_norm_grad_coefficients {
    /// count
    pub const ROWS: usize = 0;
    /// count
    pub const CHANNELS: usize = 1;
    /// address
    pub const PARTIAL: usize = 2;
    /// count
    pub const SHARES: usize = 3;
    /// count
    pub const WHICH: usize = 4;
    /// address
    pub const GAMMA: usize = 5;
    /// address
    pub const VARIANCE: usize = 6;
    /// double
    pub const EPSILON: usize = 7;
    /// flag
    pub const GIVEN: usize = 8;
    /// address
    pub const D_GAMMA: usize = 9;
    /// address
    pub const D_BETA: usize = 10;
    /// address
    pub const FACTORS: usize = 11;
    pub const SLOTS: usize = 12;
}

pub mod batch_norm_grad_apply {
    /// count
    pub const ROWS: usize = 0;
    /// count
    pub const CHANNELS: usize = 1;
    /// count
    pub const FORM: usize = 2;
    /// flag
    pub const RELU: usize = 3;
    /// address
    pub const DY: usize = 4;
    /// address
    pub const Y: usize = 5;
    /// address
    pub const A: usize = 6;
    /// address
    pub const MEAN_A: usize = 7;
    /// address
    pub const FACTORS_A: usize = 8;
    /// address
    pub const B: usize = 9;
    /// address
    pub const MEAN_B: usize = 10;
    /// address
    pub const FACTORS_B: usize = 11;
    /// address
    pub const DA: usize = 12;
    /// address
    pub const DB: usize = 13;
    pub const SLOTS: usize = 14;
}

pub mod matrix_product {
    /// address
    pub const A: usize = 0;
    /// address
    pub const B: usize = 1;
    /// address
    pub const C: usize = 2;
    /// count
    pub const BATCH: usize = 3;
    /// count
    pub const ROWS: usize = 4;
    /// count
    pub const COLUMNS: usize = 5;
    /// count
    pub const DEPTH: usize = 6;
    /// count
    pub const DIVISOR_A: usize = 7;
    /// count
    pub const COUNT_A: usize = 8;
    /// count
    pub const DIVISOR_B: usize = 9;
    /// count
    pub const COUNT_B: usize = 10;
    /// flag
    pub const TRANSPOSE_A: usize = 11;
    /// flag
    pub const TRANSPOSE_B: usize = 12;
    /// count
    pub const ROWS_PER_TASK: usize = 13;
    /// count
    pub const COLUMNS_PER_TASK: usize = 14;
    /// count
    pub const DEPTH_PER_BLOCK: usize = 15;
    /// address
    pub const SHIFT: usize = 16;
    /// address
    pub const RESIDUAL: usize = 17;
    /// flag
    pub const RELU: usize = 18;
    /// address
    pub const WORKSPACE: usize = 19;
    /// bytes
    pub const WORKSPACE_BYTES: usize = 20;
    /// counter
    pub const COUNTER: usize = 21;
    pub const SLOTS: usize = 22;
}

pub mod convolution {
    /// address
    pub const X: usize = 0;
    /// address
    pub const W: usize = 1;
    /// address
    pub const Y: usize = 2;
    /// count
    pub const IMAGES: usize = 3;
    /// count
    pub const HEIGHT: usize = 4;
    /// count
    pub const WIDTH: usize = 5;
    /// count
    pub const CHANNELS: usize = 6;
    /// count
    pub const GROUP_CHANNELS: usize = 7;
    /// count
    pub const GROUPS: usize = 8;
    /// count
    pub const OUTPUT_ROWS: usize = 9;
    /// count
    pub const OUTPUT_COLUMNS: usize = 10;
    /// count
    pub const STRIDE_Y: usize = 11;
    /// count
    pub const STRIDE_X: usize = 12;
    /// count
    pub const ORIGIN_Y: usize = 13;
    /// count
    pub const ORIGIN_X: usize = 14;
    /// count
    pub const TAP_ROWS: usize = 15;
    /// count
    pub const BAND_WIDTH: usize = 16;
    /// bytes
    pub const IMAGE_STEP: usize = 17;
    /// bytes
    pub const ROW_STEP: usize = 18;
    /// bytes
    pub const COLUMN_STEP: usize = 19;
    /// bytes
    pub const START: usize = 20;
    /// count
    pub const TAP_COUNT: usize = 21;
    /// count
    pub const RUN: usize = 22;
    /// address
    pub const TAPS: usize = 23;
    /// bytes
    pub const FILTER_ROW_BYTES: usize = 24;
    /// flag
    pub const TRANSPOSED: usize = 25;
    /// count
    pub const GROUP_COLUMNS: usize = 26;
    /// bytes
    pub const GROUP_BYTES: usize = 27;
    /// count
    pub const COLUMNS_PER_TASK: usize = 28;
    /// count
    pub const ROWS_PER_TASK: usize = 29;
    /// address
    pub const SHIFT: usize = 30;
    /// address
    pub const RESIDUAL: usize = 31;
    /// flag
    pub const RELU: usize = 32;
    /// address
    pub const WORKSPACE: usize = 33;
    /// bytes
    pub const WORKSPACE_BYTES: usize = 34;
    /// counter
    pub const COUNTER: usize = 35;
    pub const SLOTS: usize = 36;
}

pub mod convolution_filter_grad {
    /// address
    pub const X: usize = 0;
    /// address
    pub const DY: usize = 1;
    /// address
    pub const DW: usize = 2;
    /// count
    pub const IMAGES: usize = 3;
    /// count
    pub const HEIGHT: usize = 4;
    /// count
    pub const WIDTH: usize = 5;
    /// count
    pub const CHANNELS: usize = 6;
    /// count
    pub const GROUP_CHANNELS: usize = 7;
    /// count
    pub const GROUPS: usize = 8;
    /// count
    pub const OUTPUT_ROWS: usize = 9;
    /// count
    pub const OUTPUT_COLUMNS: usize = 10;
    /// count
    pub const STRIDE_Y: usize = 11;
    /// count
    pub const STRIDE_X: usize = 12;
    /// count
    pub const PAD_TOP: usize = 13;
    /// count
    pub const PAD_LEFT: usize = 14;
    /// count
    pub const WINDOW_ROWS: usize = 15;
    /// count
    pub const WINDOW_COLUMNS: usize = 16;
    /// count
    pub const DILATION_Y: usize = 17;
    /// count
    pub const DILATION_X: usize = 18;
    /// count
    pub const OUTPUT_CHANNELS: usize = 19;
    /// count
    pub const GROUP_COLUMNS: usize = 20;
    /// count
    pub const PIXEL_SHARES: usize = 21;
    /// count
    pub const ROW_SHARES: usize = 22;
    /// count
    pub const PIXELS_PER_BLOCK: usize = 23;
    /// count
    pub const ROWS_PER_BLOCK: usize = 24;
    /// address
    pub const WORKSPACE: usize = 25;
    /// bytes
    pub const WORKSPACE_BYTES: usize = 26;
    /// counter
    pub const COUNTER: usize = 27;
    pub const SLOTS: usize = 28;
}

pub mod depthwise_convolution {
    /// count
    pub const IMAGES: usize = 0;
    /// count
    pub const HEIGHT: usize = 1;
    /// count
    pub const WIDTH: usize = 2;
    /// count
    pub const CHANNELS: usize = 3;
    /// count
    pub const OUTPUT_ROWS: usize = 4;
    /// count
    pub const OUTPUT_COLUMNS: usize = 5;
    /// count
    pub const WINDOW_ROWS: usize = 6;
    /// count
    pub const WINDOW_COLUMNS: usize = 7;
    /// count
    pub const STRIDE_Y: usize = 8;
    /// count
    pub const STRIDE_X: usize = 9;
    /// count
    pub const DILATION_Y: usize = 10;
    /// count
    pub const DILATION_X: usize = 11;
    /// count
    pub const PAD_TOP: usize = 12;
    /// count
    pub const PAD_LEFT: usize = 13;
    /// address
    pub const X: usize = 14;
    /// address
    pub const W: usize = 15;
    /// address
    pub const Y: usize = 16;
    /// flag
    pub const MIRRORED: usize = 17;
    /// address
    pub const SHIFT: usize = 18;
    /// address
    pub const RESIDUAL: usize = 19;
    /// flag
    pub const RELU: usize = 20;
    pub const SLOTS: usize = 21;
}

pub mod depthwise_filter_grad {
    /// count
    pub const IMAGES: usize = 0;
    /// count
    pub const HEIGHT: usize = 1;
    /// count
    pub const WIDTH: usize = 2;
    /// count
    pub const CHANNELS: usize = 3;
    /// count
    pub const OUTPUT_ROWS: usize = 4;
    /// count
    pub const OUTPUT_COLUMNS: usize = 5;
    /// count
    pub const WINDOW_ROWS: usize = 6;
    /// count
    pub const WINDOW_COLUMNS: usize = 7;
    /// count
    pub const STRIDE_Y: usize = 8;
    /// count
    pub const STRIDE_X: usize = 9;
    /// count
    pub const DILATION_Y: usize = 10;
    /// count
    pub const DILATION_X: usize = 11;
    /// count
    pub const PAD_TOP: usize = 12;
    /// count
    pub const PAD_LEFT: usize = 13;
    /// address
    pub const X: usize = 14;
    /// address
    pub const DY: usize = 15;
    /// address
    pub const DW: usize = 16;
    /// count
    pub const PIXEL_SHARES: usize = 17;
    pub const SLOTS: usize = 18;
}

pub mod sum_shares {
    /// address
    pub const SHARES: usize = 0;
    /// address
    pub const TOTAL: usize = 1;
    /// count
    pub const COUNT: usize = 2;
    /// count
    pub const SHARE_COUNT: usize = 3;
    pub const SLOTS: usize = 4;
}

pub mod pad_images {
    /// address
    pub const X: usize = 0;
    /// address
    pub const Y: usize = 1;
    /// count
    pub const IMAGES: usize = 2;
    /// count
    pub const HEIGHT: usize = 3;
    /// count
    pub const WIDTH: usize = 4;
    /// count
    pub const CHANNELS: usize = 5;
    /// count
    pub const TOP: usize = 6;
    /// count
    pub const LEFT: usize = 7;
    /// count
    pub const ROWS: usize = 8;
    /// count
    pub const COLUMNS: usize = 9;
    pub const SLOTS: usize = 10;
}

pub mod max_pool {
    /// count
    pub const BATCH: usize = 0;
    /// count
    pub const HEIGHT: usize = 1;
    /// count
    pub const WIDTH: usize = 2;
    /// count
    pub const CHANNELS: usize = 3;
    /// count
    pub const OUTPUT_HEIGHT: usize = 4;
    /// count
    pub const OUTPUT_WIDTH: usize = 5;
    /// count
    pub const WINDOW_HEIGHT: usize = 6;
    /// count
    pub const WINDOW_WIDTH: usize = 7;
    /// count
    pub const STRIDE_HEIGHT: usize = 8;
    /// count
    pub const STRIDE_WIDTH: usize = 9;
    /// count
    pub const PAD_TOP: usize = 10;
    /// count
    pub const PAD_LEFT: usize = 11;
    /// address
    pub const X: usize = 12;
    /// address
    pub const Y: usize = 13;
    pub const SLOTS: usize = 14;
}

pub mod max_pool_grad {
    /// count
    pub const BATCH: usize = 0;
    /// count
    pub const HEIGHT: usize = 1;
    /// count
    pub const WIDTH: usize = 2;
    /// count
    pub const CHANNELS: usize = 3;
    /// count
    pub const OUTPUT_HEIGHT: usize = 4;
    /// count
    pub const OUTPUT_WIDTH: usize = 5;
    /// count
    pub const WINDOW_HEIGHT: usize = 6;
    /// count
    pub const WINDOW_WIDTH: usize = 7;
    /// count
    pub const STRIDE_HEIGHT: usize = 8;
    /// count
    pub const STRIDE_WIDTH: usize = 9;
    /// count
    pub const PAD_TOP: usize = 10;
    /// count
    pub const PAD_LEFT: usize = 11;
    /// address
    pub const X: usize = 12;
    /// address
    pub const Y: usize = 13;
    /// address
    pub const DY: usize = 14;
    /// address
    pub const DX: usize = 15;
    pub const SLOTS: usize = 16;
}

pub mod average_pool {
    /// count
    pub const BATCH: usize = 0;
    /// count
    pub const HEIGHT: usize = 1;
    /// count
    pub const WIDTH: usize = 2;
    /// count
    pub const CHANNELS: usize = 3;
    /// count
    pub const OUTPUT_HEIGHT: usize = 4;
    /// count
    pub const OUTPUT_WIDTH: usize = 5;
    /// count
    pub const WINDOW_HEIGHT: usize = 6;
    /// count
    pub const WINDOW_WIDTH: usize = 7;
    /// count
    pub const STRIDE_HEIGHT: usize = 8;
    /// count
    pub const STRIDE_WIDTH: usize = 9;
    /// count
    pub const PAD_TOP: usize = 10;
    /// count
    pub const PAD_LEFT: usize = 11;
    /// address
    pub const X: usize = 12;
    /// address
    pub const Y: usize = 13;
    pub const SLOTS: usize = 14;
}

pub mod average_pool_grad {
    /// count
    pub const BATCH: usize = 0;
    /// count
    pub const HEIGHT: usize = 1;
    /// count
    pub const WIDTH: usize = 2;
    /// count
    pub const CHANNELS: usize = 3;
    /// count
    pub const OUTPUT_HEIGHT: usize = 4;
    /// count
    pub const OUTPUT_WIDTH: usize = 5;
    /// count
    pub const WINDOW_HEIGHT: usize = 6;
    /// count
    pub const WINDOW_WIDTH: usize = 7;
    /// count
    pub const STRIDE_HEIGHT: usize = 8;
    /// count
    pub const STRIDE_WIDTH: usize = 9;
    /// count
    pub const PAD_TOP: usize = 10;
    /// count
    pub const PAD_LEFT: usize = 11;
    /// address
    pub const DY: usize = 12;
    /// address
    pub const DX: usize = 13;
    pub const SLOTS: usize = 14;
}

pub mod resample {
    /// count
    pub const BATCH: usize = 0;
    /// count
    pub const HEIGHT: usize = 1;
    /// count
    pub const WIDTH: usize = 2;
    /// count
    pub const CHANNELS: usize = 3;
    /// count
    pub const OUTPUT_HEIGHT: usize = 4;
    /// count
    pub const OUTPUT_WIDTH: usize = 5;
    /// address
    pub const ROW_TAPS: usize = 6;
    /// address
    pub const COLUMN_TAPS: usize = 7;
    /// address
    pub const LINES: usize = 8;
    /// bytes
    pub const LINE_BYTES: usize = 9;
    /// address
    pub const X: usize = 10;
    /// address
    pub const Y: usize = 11;
    pub const SLOTS: usize = 12;
}

pub mod copy_blocks {
    /// address
    pub const SOURCE: usize = 0;
    /// address
    pub const TARGET: usize = 1;
    /// bytes
    pub const BYTES: usize = 2;
    /// count
    pub const SIZE0: usize = 3;
    /// count
    pub const SIZE1: usize = 4;
    /// count
    pub const SIZE2: usize = 5;
    /// bytes
    pub const SOURCE_STRIDE0: usize = 6;
    /// bytes
    pub const SOURCE_STRIDE1: usize = 7;
    /// bytes
    pub const SOURCE_STRIDE2: usize = 8;
    /// bytes
    pub const TARGET_STRIDE0: usize = 9;
    /// bytes
    pub const TARGET_STRIDE1: usize = 10;
    /// bytes
    pub const TARGET_STRIDE2: usize = 11;
    pub const SLOTS: usize = 12;
}

pub mod fill_values {
    /// address
    pub const TARGET: usize = 0;
    /// count
    pub const COUNT: usize = 1;
    /// real
    pub const VALUE: usize = 2;
    pub const SLOTS: usize = 3;
}

pub mod transpose_matrices {
    /// address
    pub const X: usize = 0;
    /// address
    pub const Y: usize = 1;
    /// count
    pub const OUTER: usize = 2;
    /// count
    pub const ROWS: usize = 3;
    /// count
    pub const COLUMNS: usize = 4;
    pub const SLOTS: usize = 5;
}

pub mod gather_rows {
    /// address
    pub const TABLE: usize = 0;
    /// address
    pub const INDICES: usize = 1;
    /// address
    pub const Y: usize = 2;
    /// count
    pub const COUNT: usize = 3;
    /// bytes
    pub const BYTES: usize = 4;
    pub const SLOTS: usize = 5;
}

pub mod segment_sum {
    /// address
    pub const X: usize = 0;
    /// address
    pub const IDS: usize = 1;
    /// address
    pub const SUMS: usize = 2;
    /// count
    pub const COUNT: usize = 3;
    /// count
    pub const CHANNELS: usize = 4;
    /// count
    pub const SEGMENTS: usize = 5;
    pub const SLOTS: usize = 6;
}

pub mod elementwise_binary {
    /// count
    pub const OPERATION: usize = 0;
    /// count
    pub const OUTER: usize = 1;
    /// count
    pub const MIDDLE: usize = 2;
    /// count
    pub const INNER: usize = 3;
    /// address
    pub const A: usize = 4;
    /// bytes
    pub const A_OUTER: usize = 5;
    /// bytes
    pub const A_MIDDLE: usize = 6;
    /// bytes
    pub const A_INNER: usize = 7;
    /// address
    pub const B: usize = 8;
    /// bytes
    pub const B_OUTER: usize = 9;
    /// bytes
    pub const B_MIDDLE: usize = 10;
    /// bytes
    pub const B_INNER: usize = 11;
    /// address
    pub const Y: usize = 12;
    /// real
    pub const PARAMETER: usize = 13;
    pub const SLOTS: usize = 14;
}

pub mod elementwise_unary {
    /// count
    pub const OPERATION: usize = 0;
    /// address
    pub const X: usize = 1;
    /// address
    pub const Y: usize = 2;
    /// count
    pub const COUNT: usize = 3;
    /// real
    pub const PARAMETER: usize = 4;
    /// real
    pub const SECOND: usize = 5;
    pub const SLOTS: usize = 6;
}

pub mod cast_to_float {
    /// address
    pub const X: usize = 0;
    /// address
    pub const Y: usize = 1;
    /// count
    pub const COUNT: usize = 2;
    /// count
    pub const ELEMENT_BYTES: usize = 3;
    pub const SLOTS: usize = 4;
}

pub mod softmax_rows {
    /// address
    pub const X: usize = 0;
    /// address
    pub const Y: usize = 1;
    /// count
    pub const ROWS: usize = 2;
    /// count
    pub const COLUMNS: usize = 3;
    pub const SLOTS: usize = 4;
}

pub mod reduce_chunks {
    /// count
    pub const OPERATION: usize = 0;
    /// address
    pub const X: usize = 1;
    /// count
    pub const OUTER: usize = 2;
    /// count
    pub const LENGTH: usize = 3;
    /// count
    pub const INNER: usize = 4;
    /// count
    pub const CHUNKS: usize = 5;
    /// address
    pub const PARTIAL: usize = 6;
    pub const SLOTS: usize = 7;
}

pub mod reduce_finish {
    /// count
    pub const OPERATION: usize = 0;
    /// address
    pub const PARTIAL: usize = 1;
    /// count
    pub const OUTER: usize = 2;
    /// count
    pub const CHUNKS: usize = 3;
    /// count
    pub const INNER: usize = 4;
    /// double
    pub const FACTOR: usize = 5;
    /// address
    pub const Y: usize = 6;
    pub const SLOTS: usize = 7;
}

pub mod reduce_trailing {
    /// count
    pub const OPERATION: usize = 0;
    /// address
    pub const X: usize = 1;
    /// count
    pub const OUTER: usize = 2;
    /// count
    pub const LENGTH: usize = 3;
    /// double
    pub const FACTOR: usize = 4;
    /// address
    pub const Y: usize = 5;
    pub const SLOTS: usize = 6;
}

pub mod moment_update {
    /// address
    pub const TABLE: usize = 0;
    /// count
    pub const ROWS: usize = 1;
    /// real
    pub const GRADIENT_SCALE: usize = 2;
    /// real
    pub const BETA1: usize = 3;
    /// real
    pub const REST1: usize = 4;
    /// real
    pub const BETA2: usize = 5;
    /// real
    pub const REST2: usize = 6;
    /// real
    pub const RATE: usize = 7;
    /// real
    pub const ROOT: usize = 8;
    /// real
    pub const EPSILON: usize = 9;
    pub const SLOTS: usize = 10;
}

pub mod momentum_update {
    /// address
    pub const TABLE: usize = 0;
    /// count
    pub const ROWS: usize = 1;
    /// real
    pub const GRADIENT_SCALE: usize = 2;
    /// real
    pub const MOMENTUM: usize = 3;
    /// real
    pub const RATE: usize = 4;
    /// real
    pub const FRESH: usize = 5;
    /// real
    pub const STALE: usize = 6;
    pub const SLOTS: usize = 7;
}

pub mod move_towards {
    /// address
    pub const TABLE: usize = 0;
    /// count
    pub const ROWS: usize = 1;
    /// real
    pub const SHARE: usize = 2;
    pub const SLOTS: usize = 3;
}
