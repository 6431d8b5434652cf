/**
 * Moving data: strided blocks (slice, split, concat, pad, tile, most transposes), transposed matrices, rows chosen by
 * index and their gradient.
 */
import { lineShareStart, shareStart } from "./arguments";
import { copyBlocksArgs, fillValuesArgs, gatherRowsArgs, segmentSumArgs, transposeMatricesArgs } from "./slots";

/** Copies few bytes faster than a call of memory.copy starts; the regions never overlap. */
// @ts-ignore: decorator
@inline
function copyBytes(target: usize, source: usize, bytes: usize): void {
  if (bytes > 512) {
    memory.copy(target, source, bytes);
    return;
  }
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(target + i, v128.load(source + i));
  for (; i + 4 <= bytes; i += 4) store<u32>(target + i, load<u32>(source + i));
  for (; i < bytes; i++) store<u8>(target + i, load<u8>(source + i));
}

/**
 * Blocks of `bytes` bytes at three strides, in bytes, each; shares are ranges of blocks.
 */
export function copyBlocks(args: usize, part: i32, parts: i32): void {
  const source = copyBlocksArgs.source(args);
  const target = copyBlocksArgs.target(args);
  const bytes = copyBlocksArgs.bytes(args);
  const size1 = copyBlocksArgs.size1(args);
  const size2 = copyBlocksArgs.size2(args);
  const blocks = copyBlocksArgs.size0(args) * size1 * size2;

  let block = shareStart(blocks, part, parts);
  const end = shareStart(blocks, part + 1, parts);
  let i2 = block % size2;
  let i1 = (block / size2) % size1;
  let i0 = block / size2 / size1;
  const sourceStep = copyBlocksArgs.sourceStride2(args);
  const targetStep = copyBlocksArgs.targetStride2(args);
  while (block < end) {
    let from = source + <usize>i0 * copyBlocksArgs.sourceStride0(args) + <usize>i1 * copyBlocksArgs.sourceStride1(args) + <usize>i2 * sourceStep;
    let to = target + <usize>i0 * copyBlocksArgs.targetStride0(args) + <usize>i1 * copyBlocksArgs.targetStride1(args) + <usize>i2 * targetStep;
    const run = min(end - block, size2 - i2);
    for (let i = 0; i < run; i++) {
      copyBytes(to, from, bytes);
      from += sourceStep;
      to += targetStep;
    }
    block += run;
    i2 = 0;
    if (++i1 == size1) {
      i1 = 0;
      i0++;
    }
  }
}

export function fillValues(args: usize, part: i32, parts: i32): void {
  const target = fillValuesArgs.target(args);
  const count = fillValuesArgs.count(args);
  const value = fillValuesArgs.value(args);
  const values = f32x4.splat(value);
  let i: usize = (<usize>lineShareStart(count, part, parts)) << 2;
  const end: usize = (<usize>lineShareStart(count, part + 1, parts)) << 2;
  for (; i + 16 <= end; i += 16) v128.store(target + i, values);
  for (; i < end; i += 4) store<f32>(target + i, value);
}

/** Rows and columns of a tile that stays in the nearest cache both ways. */
const TILE: i32 = 32;

/**
 * y [outer, columns, rows] from x [outer, rows, columns], four-byte values; shares are ranges of (outer, strip of
 * columns).
 */
export function transposeMatrices(args: usize, part: i32, parts: i32): void {
  const x = transposeMatricesArgs.x(args);
  const y = transposeMatricesArgs.y(args);
  const rows = transposeMatricesArgs.rows(args);
  const columns = transposeMatricesArgs.columns(args);
  const strips = (columns + TILE - 1) / TILE;
  const tasks = transposeMatricesArgs.outer(args) * strips;
  const end = shareStart(tasks, part + 1, parts);
  for (let task = shareStart(tasks, part, parts); task < end; task++) {
    const offset = (<usize>(task / strips) * <usize>rows * <usize>columns) << 2;
    const first = (task % strips) * TILE;
    const last = min(first + TILE, columns);
    for (let r = 0; r < rows; r += TILE) {
      transposeTile(x + offset, y + offset, r, min(r + TILE, rows), first, last, rows, columns);
    }
  }
}

// @ts-ignore: decorator
@inline
function transposeTile(x: usize, y: usize, r0: i32, r1: i32, c0: i32, c1: i32, rows: i32, columns: i32): void {
  const xRow = <usize>columns << 2;
  const yRow = <usize>rows << 2;
  let r = r0;
  for (; r + 4 <= r1; r += 4) {
    let c = c0;
    for (; c + 4 <= c1; c += 4) {
      const from = x + <usize>r * xRow + (<usize>c << 2);
      const to = y + <usize>c * yRow + (<usize>r << 2);
      const a = v128.load(from);
      const b = v128.load(from + xRow);
      const d = v128.load(from + 2 * xRow);
      const e = v128.load(from + 3 * xRow);
      const ab0 = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
      const ab1 = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
      const de0 = v128.shuffle<i32>(d, e, 0, 4, 1, 5);
      const de1 = v128.shuffle<i32>(d, e, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<i64>(ab0, de0, 0, 2));
      v128.store(to + yRow, v128.shuffle<i64>(ab0, de0, 1, 3));
      v128.store(to + 2 * yRow, v128.shuffle<i64>(ab1, de1, 0, 2));
      v128.store(to + 3 * yRow, v128.shuffle<i64>(ab1, de1, 1, 3));
    }
    for (; c < c1; c++) {
      for (let i: usize = 0; i < 4; i++) {
        store<u32>(y + <usize>c * yRow + ((<usize>r + i) << 2), load<u32>(x + (<usize>r + i) * xRow + (<usize>c << 2)));
      }
    }
  }
  for (; r < r1; r++) {
    for (let c: usize = <usize>c0; c < <usize>c1; c++) {
      store<u32>(y + c * yRow + (<usize>r << 2), load<u32>(x + <usize>r * xRow + (c << 2)));
    }
  }
}

/**
 * y[i] = table[indices[i]], rows of `bytes` bytes; the indices have been checked.
 */
export function gatherRows(args: usize, part: i32, parts: i32): void {
  const table = gatherRowsArgs.table(args);
  const indices = gatherRowsArgs.indices(args);
  const y = gatherRowsArgs.y(args);
  const count = gatherRowsArgs.count(args);
  const bytes = gatherRowsArgs.bytes(args);
  const end = shareStart(count, part + 1, parts);
  for (let i = shareStart(count, part, parts); i < end; i++) {
    const row = <usize>load<u32>(indices + (<usize>i << 2));
    copyBytes(y + <usize>i * bytes, table + row * bytes, bytes);
  }
}

/**
 * sums[ids[i]] += x[i]; ids that name no segment are left out. Shares are ranges of segments: each looks at all ids and
 * adds the rows of its own, in their order.
 */
export function segmentSum(args: usize, part: i32, parts: i32): void {
  const x = segmentSumArgs.x(args);
  const ids = segmentSumArgs.ids(args);
  const sums = segmentSumArgs.sums(args);
  const count = segmentSumArgs.count(args);
  const bytes = <usize>segmentSumArgs.channels(args) << 2;
  const segments = segmentSumArgs.segments(args);
  const first = shareStart(segments, part, parts);
  const end = shareStart(segments, part + 1, parts);
  memory.fill(sums + <usize>first * bytes, 0, <usize>(end - first) * bytes);
  for (let i: usize = 0; i < <usize>count; i++) {
    const id = load<i32>(ids + (i << 2));
    if (id < first || id >= end) continue;
    const from = x + i * bytes;
    const to = sums + <usize>id * bytes;
    let c: usize = 0;
    for (; c + 16 <= bytes; c += 16) v128.store(to + c, f32x4.add(v128.load(to + c), v128.load(from + c)));
    for (; c < bytes; c += 4) store<f32>(to + c, load<f32>(to + c) + load<f32>(from + c));
  }
}
