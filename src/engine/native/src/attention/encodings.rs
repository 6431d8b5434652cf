//! Encodings of the offsets in a window, shared by all tasks: plain numbers, spread over the lanes as they are loaded.

use super::geometry::{Geometry, Tile};

/// [rows of the window][quads][span], each padded with zeros on both sides, since a tile's queries also meet each other's offsets.
pub struct Encodings<'a> {
    data: &'a mut [[f32; 4]],
    quads: usize,
    span: usize,
    pad: usize,
}

impl<'a> Encodings<'a> {
    pub fn floats(geometry: &Geometry, depth: usize, pad: usize) -> usize {
        geometry.window_rows() * depth.div_ceil(4) * 4 * (geometry.span() + 2 * pad)
    }

    /// Those of a table [any, depth] that lie in the window, times a factor, in scratch memory of `floats`. None without a table.
    pub fn of(
        floats: &'a mut [f32],
        table: Option<&[f32]>,
        geometry: &Geometry,
        depth: usize,
        pad: usize,
    ) -> Option<Self> {
        let table = table?;
        let (span, quads) = (geometry.span(), depth.div_ceil(4));
        let data = floats.as_chunks_mut().0;
        data.fill([0.0; 4]);
        let encodings = Encodings { data, quads, span, pad };
        for row in 0..geometry.window_rows() {
            for offset in 0..span {
                let from = (geometry.skipped_rows + row * span + offset) * depth;
                for (channel, &number) in table[from..from + depth].iter().enumerate() {
                    let at = encodings.start(row, channel / 4) + offset;
                    encodings.data[at][channel % 4] = number;
                }
            }
        }
        Some(encodings)
    }

    #[inline(always)]
    fn start(&self, row: usize, quad: usize) -> usize {
        (row * self.quads + quad) * (self.span + 2 * self.pad) + self.pad
    }

    /// For `windows(queries)` along the tile's keys: a window's last is the encoding of the first query.
    #[inline(always)]
    pub fn by_key(&self, row: usize, quad: usize, tile: &Tile, queries: usize) -> &[[f32; 4]] {
        let start = self.start(row, quad) + tile.encoding + 1 - queries;
        &self.data[start..start + tile.count + queries - 1]
    }

    /// Of the tile's offsets.
    #[inline(always)]
    pub fn by_offset(&self, row: usize, quad: usize, tile: &Tile) -> &[[f32; 4]] {
        let start = self.start(row, quad) + tile.offset;
        &self.data[start..start + tile.offsets]
    }
}
