//! The cases in which every kernel must equal loops over all pairs of query and key (loops.rs).

/// An axis [O, L, I] where `window_rows` is 0, else images [B, H, W] (of I = 1) and windows of as many rows as columns.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    pub outer: usize,
    pub height: usize,
    pub length: usize,
    pub inner: usize,
    pub heads: usize,
    pub key_depth: usize,
    pub value_depth: usize,
    pub before: usize,
    pub after: usize,
    pub image: bool,
    /// Whether a query sees its row and column, and no factors apply.
    pub cross: bool,
    /// Whether there are encodings for query, key, value.
    pub tables: [bool; 3],
    /// Whether content and position are asked for as one.
    pub sum: bool,
}

pub const AXIS: Case = Case {
    outer: 2,
    height: 1,
    length: 11,
    inner: 3,
    heads: 5,
    key_depth: 3,
    value_depth: 7,
    before: 100,
    after: 100,
    image: false,
    cross: false,
    tables: [true; 3],
    sum: false,
};

pub const IMAGE: Case = Case {
    outer: 3,
    height: 5,
    length: 7,
    inner: 1,
    before: 2,
    after: 2,
    image: true,
    ..AXIS
};

pub const CROSS: Case = Case {
    cross: true,
    tables: [false; 3],
    sum: true,
    ..IMAGE
};

/// Axes of distinct primes: every window, every choice of tables, short axes, one head to eight, depths of whole quads.
pub fn axes() -> Vec<Case> {
    let mut cases = vec![AXIS, Case { sum: true, ..AXIS }];
    for (before, after) in [(0, 0), (2, 0), (0, 3), (1, 2), (3, 1), (4, 4), (9, 0), (10, 2), (2, 10)] {
        cases.push(Case { before, after, ..AXIS });
        cases.push(Case {
            before,
            after,
            length: 13,
            sum: true,
            heads: 2,
            ..AXIS
        });
    }
    for bits in 0..8 {
        let tables = [bits & 1 != 0, bits & 2 != 0, bits & 4 != 0];
        cases.push(Case { tables, ..AXIS });
        cases.push(Case {
            tables,
            before: 3,
            after: 2,
            key_depth: 8,
            value_depth: 4,
            ..AXIS
        });
    }
    for length in [1, 2, 3, 4, 5, 6, 7, 8, 17, 29] {
        cases.push(Case { length, ..AXIS });
        cases.push(Case {
            length,
            before: 1,
            after: 2,
            heads: 3,
            sum: true,
            ..AXIS
        });
    }
    for heads in 1..=8 {
        cases.push(Case {
            heads,
            key_depth: 4,
            value_depth: 8,
            outer: 1,
            inner: 7,
            ..AXIS
        });
    }
    cases.push(Case {
        outer: 1,
        inner: 1,
        heads: 1,
        key_depth: 1,
        value_depth: 1,
        ..AXIS
    });
    cases.push(Case {
        key_depth: 13,
        value_depth: 19,
        ..AXIS
    });
    cases
}

pub fn images() -> Vec<Case> {
    let mut cases = vec![IMAGE, Case { sum: true, ..IMAGE }];
    for (before, after) in [(0, 0), (1, 0), (0, 1), (1, 2), (3, 3), (4, 6)] {
        cases.push(Case { before, after, ..IMAGE });
    }
    for bits in 0..8 {
        cases.push(Case {
            tables: [bits & 1 != 0, bits & 2 != 0, bits & 4 != 0],
            key_depth: 4,
            ..IMAGE
        });
    }
    for (height, length) in [(1, 1), (1, 5), (5, 1), (2, 3), (3, 2), (7, 13)] {
        cases.push(Case {
            height,
            length,
            heads: 2,
            ..IMAGE
        });
    }
    cases
}

impl Case {
    pub fn tasks(&self) -> usize {
        self.outer * self.inner * self.heads
    }

    pub fn channels(&self) -> usize {
        2 * self.key_depth + self.value_depth
    }

    pub fn positions(&self) -> usize {
        self.height * self.length
    }

    pub fn table_rows(&self) -> usize {
        if self.image {
            (self.before + 1 + self.after).pow(2)
        } else {
            2 * self.length - 1
        }
    }

    /// The keys of query `position` of an image or axis, and the row of the tables that belongs to each.
    pub fn keys(&self, position: usize) -> Vec<(usize, usize)> {
        if self.cross {
            let (y, x) = (position / self.length, position % self.length);
            let row = (0..self.length).map(|column| y * self.length + column);
            let column = (0..self.height)
                .filter(|&row| row != y)
                .map(|row| row * self.length + x);
            return row.chain(column).map(|key| (key, 0)).collect();
        }
        let (y, x) = ((position / self.length) as isize, (position % self.length) as isize);
        let reach = |at: isize, end: usize| {
            (at - self.before as isize).max(0)..(at + self.after as isize + 1).min(end as isize)
        };
        let side = (self.before + 1 + self.after) as isize;
        let rows = if self.image { reach(y, self.height) } else { 0..1 };
        rows.flat_map(|row| {
            reach(x, self.length).map(move |column| {
                let key = (row * self.length as isize + column) as usize;
                let encoding = if self.image {
                    (row - y + self.before as isize) * side + column - x + self.before as isize
                } else {
                    column - x + self.length as isize - 1
                };
                (key, encoding as usize)
            })
        })
        .collect()
    }

    /// Where a head's channels of a position of a task lie, in units of one head's channels.
    pub fn place(&self, task: usize, position: usize) -> usize {
        let (sequence, head) = (task / self.heads, task % self.heads);
        let (outer, inner) = (sequence / self.inner, sequence % self.inner);
        ((outer * self.positions() + position) * self.inner + inner) * self.heads + head
    }
}

/// Fails unless each value is within `tolerance`, relative to the largest of `expected` or to 1: where a gradient is zero, for a
/// query of a single key, what is left of it is the rounding of what cancels.
pub fn assert_near(got: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(got.len(), expected.len());
    let scale = expected.iter().fold(1.0_f32, |most, x| most.max(x.abs()));
    for (index, (&value, &wanted)) in got.iter().zip(expected).enumerate() {
        let error = (value - wanted).abs() / scale;
        assert!(
            error <= tolerance,
            "value {index} must be {wanted}, got {value}: off by {error:e} of {scale}"
        );
    }
}
