//! copyBlocks: blocks of bytes at three strides each, in bytes (slice, split, concat, pad, tile, most transposes); fillValues.
//! Shares are ranges of blocks, and of cache lines.

use crate::call::Call;
use crate::slots::{copy_blocks as slot, fill_values as fill_slot};

struct Side {
    start: *mut u8,
    strides: [usize; 3],
}

impl Side {
    fn read(call: &Call, start: usize, strides: [usize; 3], sizes: [usize; 3], bytes: usize) -> Self {
        let strides = strides.map(|slot| call.size(slot));
        let reach: usize = sizes
            .iter()
            .zip(strides)
            .map(|(size, stride)| (size - 1) * stride)
            .sum();
        Side {
            start: call.heap.pointer(call.pointer(start), reach + bytes),
            strides,
        }
    }
}

pub fn copy_blocks(call: &Call) {
    let sizes = [slot::SIZE0, slot::SIZE1, slot::SIZE2].map(|slot| call.size(slot));
    let bytes = call.size(slot::BYTES);
    let share = call.share(sizes.iter().product());
    if share.is_empty() {
        return;
    }
    let strides = [slot::SOURCE_STRIDE0, slot::SOURCE_STRIDE1, slot::SOURCE_STRIDE2];
    let source = Side::read(call, slot::SOURCE, strides, sizes, bytes);
    let strides = [slot::TARGET_STRIDE0, slot::TARGET_STRIDE1, slot::TARGET_STRIDE2];
    let target = Side::read(call, slot::TARGET, strides, sizes, bytes);
    let mut block = share.start;
    while block < share.end {
        let place = [
            block / sizes[2] / sizes[1],
            block / sizes[2] % sizes[1],
            block % sizes[2],
        ];
        let run = (share.end - block).min(sizes[2] - place[2]);
        let at = |side: &Side| {
            let offset: usize = place
                .iter()
                .zip(side.strides)
                .map(|(index, stride)| index * stride)
                .sum();
            // SAFETY: the sides reach as far as was checked.
            unsafe { side.start.add(offset) }
        };
        let steps = [source.strides[2], target.strides[2]];
        // SAFETY: as above, and no other share writes to these blocks.
        unsafe {
            match bytes {
                4 => copy_run::<4>(at(&source), at(&target), steps, run),
                16 => copy_run::<16>(at(&source), at(&target), steps, run),
                32 => copy_run::<32>(at(&source), at(&target), steps, run),
                64 => copy_run::<64>(at(&source), at(&target), steps, run),
                _ => {
                    for i in 0..run {
                        let to = at(&target).add(i * steps[1]);
                        to.copy_from(at(&source).add(i * steps[0]), bytes);
                    }
                }
            }
        }
        block += run;
    }
}

/// Blocks of a size that the compiler knows.
///
/// # Safety
/// The blocks must be accessible.
unsafe fn copy_run<const N: usize>(source: *const u8, target: *mut u8, [from, to]: [usize; 2], count: usize) {
    for i in 0..count {
        // SAFETY: as the caller vouches.
        unsafe { target.add(i * to).copy_from(source.add(i * from), N) };
    }
}

pub fn fill_values(call: &Call) {
    use fill_slot as slot;
    let share = call.line_share(call.size(slot::COUNT));
    // SAFETY: this share is ours alone.
    let target = unsafe {
        call.heap
            .write::<f32>(call.pointer(slot::TARGET) + 4 * share.start, share.len())
    };
    target.fill(call.real(slot::VALUE) as f32);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestHeap, noise};

    #[test]
    fn blocks_of_any_size_go_where_the_strides_say() {
        for floats in [1, 3, 4, 8, 16, 131] {
            let sizes = [3, 2, 5];
            let block = 4 * floats;
            // Of the source [2, 5, 3] of blocks, transposed into [3, 2, 5] with a block left out behind each.
            let (from, to) = ([block, 15 * block, 3 * block], [20 * block, 10 * block, 2 * block]);
            let source = noise(1, 30 * floats);
            let mut expected = vec![7.0_f32; 60 * floats];
            for i in 0..30 {
                let place = [i / 10, i / 5 % 2, i % 5];
                let offset = |strides: [usize; 3]| place.iter().zip(strides).map(|(i, s)| i * s).sum::<usize>() / 4;
                let (source, target) = (&source[offset(from)..], &mut expected[offset(to)..]);
                target[..floats].copy_from_slice(&source[..floats]);
            }
            let mut heap = TestHeap::new(1 << 18);
            let (at, target) = (heap.put(&source), heap.put(&vec![0.0_f32; 60 * floats]));
            heap.run(fill_values, &[target as f64, 60.0 * floats as f64, 7.0], 3);
            let values = [&[at, target, block], &sizes[..], &from[..], &to[..]].concat();
            let args: Vec<f64> = values.iter().map(|&value| value as f64).collect();
            heap.run(copy_blocks, &args, 3);
            assert_eq!(heap.get::<f32>(target, 60 * floats), expected);
        }
    }
}
