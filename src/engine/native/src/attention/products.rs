//! The similarity statistics and their gradients over products formed pair by pair, as attention itself does: for axes that are
//! short for their depth, for windows, and for images.

use super::coefficients::TermCoefficients;
use super::forward_loops::{dot_encodings, dot_keys, retrieve, retrieve_encodings};
use super::geometry::Tile;
use super::gradient_loops::{add_by_offset, add_keys_by_offset, add_to_keys};
use super::group::Group;
use super::lanes::{Lanes, Quad};
use super::moments::TermSums;
use super::product_loops::{add_encodings_to_keys, add_moments, dot_key_encodings, through_products};
use super::similarity_gradients::SimilarityGradients;
use super::tile::Lines;

impl<S: Lanes> Group<'_, S> {
    /// Whether a term of the logits is there: content, query-position, key-position.
    #[inline(always)]
    pub fn has_term(&self, term: usize) -> bool {
        [true, self.query_encodings.is_some(), self.key_encodings.is_some()][term]
    }

    /// Queries of the tile in row y.
    #[inline(always)]
    pub fn tile_queries<const Q: usize>(&self, tile: &Tile, y: usize, quad: usize) -> &[Quad<S>; Q] {
        self.queries
            .row(self.slot(y), quad, tile.first as isize, Q)
            .first_chunk()
            .unwrap()
    }

    /// Products of a term of the tile's queries in row y, each added to `start`, to its lines.
    #[inline(always)]
    fn products<const Q: usize>(&self, term: usize, tile: &Tile, y: usize, lines: &mut Lines<S, Q>, start: S::f32s) {
        for row in self.geometry.visible_rows(y) {
            lines.keys(row, tile).fill([start; Q]);
            for quad in 0..self.geometry.key_quads() {
                self.add_row_products(term, tile, y, row, quad, lines);
            }
        }
    }

    #[inline(always)]
    fn add_row_products<const Q: usize>(
        &self,
        term: usize,
        tile: &Tile,
        y: usize,
        row: usize,
        quad: usize,
        lines: &mut Lines<S, Q>,
    ) {
        let simd = self.simd;
        let slot = self.slot(y + row - self.geometry.rows_before);
        let keys = self.keys.row(slot, quad, tile.key as isize, tile.count);
        let queries = self.tile_queries::<Q>(tile, y, quad);
        let line = lines.keys(row, tile);
        match (term, &self.query_encodings, &self.key_encodings) {
            (1, Some(encodings), _) => {
                dot_encodings::<S, Q, false>(simd, line, queries, encodings.by_key(row, quad, tile, Q));
            }
            (2, _, Some(encodings)) => {
                dot_key_encodings(simd, line, keys, encodings.by_key(row, quad, tile, Q));
            }
            _ => dot_keys::<S, Q, false>(simd, line, queries, keys),
        }
    }

    /// Adds the moments of the products of a tile's queries in row y. The reference of each term is its first product.
    #[inline(always)]
    pub fn add_product_moments<const Q: usize>(
        &self,
        first: usize,
        y: usize,
        lines: &mut [f32],
        sums: &mut [Option<TermSums<S>>; 3],
    ) {
        let simd = self.simd;
        let zero = simd.splat_f32s(0.0);
        let tile = Tile::new(self.geometry, first, Q);
        let mut lines = Lines::<S, Q>::new(self.geometry, lines);
        for (term, sums) in sums.iter_mut().enumerate() {
            if !self.has_term(term) {
                continue;
            }
            if sums.is_none() {
                self.products(term, &tile, y, &mut lines, zero);
                let row = self.geometry.visible_rows(y).start;
                *sums = Some(TermSums::new(
                    lines.keys(row, &tile)[tile.own(self.geometry, 0).start][0],
                ));
            }
            let Some(sums) = sums else { continue };
            // Sums that begin at what is taken off are small in the end, and so are their rounding errors.
            self.products(term, &tile, y, &mut lines, simd.neg_f32s(sums.reference));
            let (mut linear, mut square) = ([zero; Q], [zero; Q]);
            for row in self.geometry.visible_rows(y) {
                // What lies outside of a query's own window counts for nothing.
                lines.fill_outside(row, &tile, self.geometry, zero);
                add_moments(simd, lines.keys(row, &tile), &mut linear, &mut square);
            }
            for q in 1..Q {
                linear[0] = simd.add_f32s(linear[0], linear[q]);
                square[0] = simd.add_f32s(square[0], square[q]);
            }
            sums.add(linear[0], square[0]);
        }
    }

    /// Adds the gradients through the products of a tile's queries in row y to those with respect to its keys and encodings,
    /// and gives, quad by quad, those with respect to its queries.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    pub fn product_gradient<const Q: usize>(
        &self,
        tile: &Tile,
        y: usize,
        lines: &mut Lines<S, Q>,
        term: usize,
        coefficients: TermCoefficients<S>,
        gradients: &mut SimilarityGradients<S>,
    ) {
        let simd = self.simd;
        self.products(term, tile, y, lines, simd.splat_f32s(0.0));
        for row in self.geometry.visible_rows(y) {
            through_products(simd, lines.keys(row, tile), coefficients);
            lines.clear_outside(row, tile, self.geometry, simd.splat_f32s(0.0));
            for quad in 0..self.geometry.key_quads() {
                let to = gradients.queries.row_mut(0, quad, tile.first as isize, Q);
                let mut of_queries: [Quad<S>; Q] = *to.first_chunk().unwrap();
                self.row_product_gradient(tile, y, row, quad, lines, term, gradients, &mut of_queries);
                gradients
                    .queries
                    .row_mut(0, quad, tile.first as isize, Q)
                    .copy_from_slice(&of_queries);
            }
        }
    }

    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    fn row_product_gradient<const Q: usize>(
        &self,
        tile: &Tile,
        y: usize,
        row: usize,
        quad: usize,
        lines: &mut Lines<S, Q>,
        term: usize,
        gradients: &mut SimilarityGradients<S>,
        of_queries: &mut [Quad<S>; Q],
    ) {
        let simd = self.simd;
        let slot = self.slot(y + row - self.geometry.rows_before);
        let key = tile.key as isize;
        let queries = self.tile_queries::<Q>(tile, y, quad);
        match (term, &self.query_encodings, &self.key_encodings) {
            (1, Some(encodings), _) => {
                let line = lines.offsets(row, tile);
                retrieve_encodings(simd, line, encodings.by_offset(row, quad, tile), of_queries);
                add_by_offset(simd, line, queries, gradients.query_sums.of(row, quad, tile));
            }
            (2, _, Some(encodings)) => {
                let by_key = encodings.by_key(row, quad, tile, Q);
                let d_keys = gradients.keys.row_mut(slot, quad, key, tile.count);
                add_encodings_to_keys(simd, lines.keys(row, tile), by_key, d_keys);
                let first = tile.first as isize + tile.offset as isize - self.geometry.before as isize;
                let keys = self.keys.row(slot, quad, first, tile.offsets + Q - 1);
                add_keys_by_offset(
                    simd,
                    lines.offsets(row, tile),
                    keys,
                    gradients.key_sums.of(row, quad, tile),
                );
            }
            _ => {
                let line = lines.keys(row, tile);
                retrieve(simd, line, self.keys.row(slot, quad, key, tile.count), of_queries);
                add_to_keys(simd, line, queries, gradients.keys.row_mut(slot, quad, key, tile.count));
            }
        }
    }
}
