//! What the kernels of attention in a window share: sizes, the arguments that give them, and the window of a tile of queries.
//!
//! An axis of L positions is an image of one row. Letters: O, L, I, N, Dq, Dv as in ../../../ops/axial-attention.ts.

use crate::call::Call;
use crate::slots::axis as slot;

#[derive(Clone, Copy)]
pub struct Geometry {
    pub outer: usize,
    /// Rows of an image, H; 1 along an axis.
    pub height: usize,
    /// L, or W of an image.
    pub length: usize,
    pub inner: usize,
    pub heads: usize,
    pub key_depth: usize,
    pub value_depth: usize,
    /// The window along the row: key - query is from -before to after.
    pub before: usize,
    pub after: usize,
    /// The same from row to row; 0 along an axis.
    pub rows_before: usize,
    pub rows_after: usize,
    /// Whether values are read at all: similarities need none.
    pub reads_values: bool,
    /// Rows of a table of encodings, and how many come before the first in the window.
    pub table_rows: usize,
    pub skipped_rows: usize,
}

impl Geometry {
    /// Attention along an axis. A window wider than the axis is as good as one of its length.
    pub fn of_axis(call: &Call) -> Self {
        let length = call.size(slot::LENGTH);
        assert!(length > 0, "attention: an axis must have a length, got 0");
        let before = call.size(slot::BEFORE).min(length - 1);
        let after = call.size(slot::AFTER).min(length - 1);
        Geometry {
            outer: call.size(slot::OUTER),
            height: 1,
            length,
            inner: call.size(slot::INNER),
            rows_before: 0,
            rows_after: 0,
            table_rows: 2 * length - 1,
            skipped_rows: length - 1 - before,
            ..Self::common(call, before, after)
        }
    }

    /// Attention in a square window of images: B, H, W in the place of O, L, I.
    pub fn of_images(call: &Call) -> Self {
        let (before, after) = (call.size(slot::BEFORE), call.size(slot::AFTER));
        Geometry {
            outer: call.size(slot::OUTER),
            height: call.size(slot::LENGTH),
            length: call.size(slot::INNER),
            inner: 1,
            rows_before: before,
            rows_after: after,
            table_rows: (before + 1 + after).pow(2),
            skipped_rows: 0,
            ..Self::common(call, before, after)
        }
    }

    fn common(call: &Call, before: usize, after: usize) -> Self {
        Geometry {
            outer: 0,
            height: 0,
            length: 0,
            inner: 0,
            heads: call.size(slot::HEADS),
            key_depth: call.size(slot::KEY_DEPTH),
            value_depth: call.size(slot::VALUE_DEPTH),
            before,
            after,
            rows_before: 0,
            rows_after: 0,
            reads_values: true,
            table_rows: 0,
            skipped_rows: 0,
        }
    }

    pub fn tasks(&self) -> usize {
        self.outer * self.inner * self.heads
    }

    pub fn groups(&self, lanes: usize) -> usize {
        self.tasks().div_ceil(lanes)
    }

    /// Positions of a sequence or an image.
    pub fn positions(&self) -> usize {
        self.height * self.length
    }

    /// Channels of one head in qkv.
    pub fn channels(&self) -> usize {
        2 * self.key_depth + self.value_depth
    }

    /// Floats of qkv.
    pub fn volume(&self) -> usize {
        self.tasks() * self.positions() * self.channels()
    }

    /// Quads of a query or key, and of a value.
    pub fn key_quads(&self) -> usize {
        self.key_depth.div_ceil(4)
    }
    pub fn value_quads(&self) -> usize {
        if self.reads_values {
            self.value_depth.div_ceil(4)
        } else {
            0
        }
    }

    /// Rows of a window, and offsets within each.
    pub fn window_rows(&self) -> usize {
        self.rows_before + 1 + self.rows_after
    }
    pub fn span(&self) -> usize {
        self.before + 1 + self.after
    }

    /// Keys of one row that a tile of so many queries may see.
    pub fn tile_keys(&self, queries: usize) -> usize {
        self.length.min(self.span() + queries - 1)
    }

    /// Rows of keys that queries of row y see, as indices of rows in the window.
    pub fn visible_rows(&self, y: usize) -> std::ops::Range<usize> {
        self.rows_before.saturating_sub(y)..self.window_rows().min(self.height + self.rows_before - y)
    }

    /// Pairs of query and key of one row of queries with one row of keys.
    pub fn pairs_of_rows(&self) -> usize {
        let keys = |i: usize| (i + self.after).min(self.length - 1) + 1 - i.saturating_sub(self.before);
        (0..self.length).map(keys).sum()
    }

    /// Pairs of query and key of all tasks of one head.
    pub fn pairs(&self) -> f64 {
        let rows: usize = (0..self.height).map(|y| self.visible_rows(y).len()).sum();
        (self.outer * self.inner) as f64 * rows as f64 * self.pairs_of_rows() as f64
    }
}

/// The window of queries first .. first + queries of a row.
#[derive(Clone, Copy)]
pub struct Tile {
    pub first: usize,
    /// Keys that any of them sees: `count` from `key` on.
    pub key: usize,
    pub count: usize,
    /// Offset, counted from the first in the window, of key `key` from the first query.
    pub encoding: usize,
    /// Offsets that any of them meets, counted from the first in the window.
    pub offset: usize,
    pub offsets: usize,
    /// Entry of the tile's lines, padded by queries - 1 on both sides, of the first query for the first of these offsets.
    pub entry: usize,
    /// Whether each sees all of those keys.
    pub whole: bool,
}

impl Tile {
    #[inline(always)]
    pub fn new(geometry: &Geometry, first: usize, queries: usize) -> Self {
        let Geometry {
            length, before, after, ..
        } = *geometry;
        let key = first.saturating_sub(before);
        let end = length.min(first + queries + after);
        // Offsets t, shifted by `before` to be counted from 0.
        let offset = before.saturating_sub(first + queries - 1);
        let last = (before + after).min(before + length - 1 - first);
        Tile {
            first,
            key,
            count: end - key,
            encoding: key + before - first,
            offset,
            offsets: last + 1 - offset,
            entry: first + offset + queries - 1 - before - key,
            whole: first + queries - 1 <= before && first + after + 1 >= length,
        }
    }

    /// Keys that query `first + query` sees, counted from `key`.
    #[inline(always)]
    pub fn own(&self, geometry: &Geometry, query: usize) -> std::ops::Range<usize> {
        let i = self.first + query;
        i.saturating_sub(geometry.before) - self.key..geometry.length.min(i + geometry.after + 1) - self.key
    }
}

/// The tensors of the arguments; 0 for an encoding that is left out.
pub struct Inputs<'a> {
    pub qkv: &'a [f32],
    pub query_table: Option<&'a [f32]>,
    pub key_table: Option<&'a [f32]>,
    pub value_table: Option<&'a [f32]>,
    /// [3, N]: each head's factors of the terms; None where no logits are computed.
    pub scales: Option<&'a [f32]>,
}

impl<'a> Inputs<'a> {
    pub fn of(call: &'a Call, geometry: &Geometry) -> Self {
        let read = |slot: usize, count: usize| {
            // SAFETY: a kernel writes to none of its inputs.
            call.optional(slot)
                .map(|offset| unsafe { call.heap.read::<f32>(offset, count) })
        };
        let key_table = geometry.table_rows * geometry.key_depth;
        Inputs {
            qkv: read(slot::QKV, geometry.volume()).expect("attention: qkv must be given"),
            query_table: read(slot::QUERY_TABLE, key_table),
            key_table: read(slot::KEY_TABLE, key_table),
            value_table: read(slot::VALUE_TABLE, geometry.table_rows * geometry.value_depth),
            scales: read(slot::SCALES, 3 * geometry.heads),
        }
    }
}
