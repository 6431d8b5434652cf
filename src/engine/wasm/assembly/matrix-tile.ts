/**
 * The innermost multiplication, shared by matrix products and convolutions: a tile of 6 rows x 8 columns of
 *
 *     C[i][j] = (C[i][j] +) sum over taps t, sum over k < run: A[i][t, k] * B[t * run + k][j]
 *
 * Tile: twelve accumulators of four lanes, two vectors of B and one broadcast element of A fill 15 of the 16 registers
 * of 128 bits that x64 has (V8 keeps the sixteenth). Per step of k that is 12 multiply-adds for 8 loads. Of the shapes
 * 3x12, 4x8, 4x12, 5x8, 6x8, 7x8 and 8x8 this one came closest to the peak: 97 % of it with relaxed SIMD, 100 %
 * without.
 *
 * A is read where it lies, through one pointer per row: k runs along contiguous floats. Taps are byte offsets added to
 * all six pointers; a convolution has one tap for each stretch of its window that lies contiguous in the input, so that
 * no im2col matrix is ever written. A matrix product has one tap, 0.
 * B comes in packed panels of 8 columns, [depth][8], zero beyond its last column (see matrix-pack.ts).
 */
import { tileColumns, tileRows } from "../scratch-layout";
import { madd } from "./simd";

/**
 * A thread's workspace starts with, in bytes: 0 pointers to 6 rows of A; 32 pointers to 6 rows of C; 64 pointers to the
 * 6 rows of a spare tile; 96 one tap of offset 0; 104 an epilogue; 128 the spare tile itself. A kernel's own buffers
 * come after: workspaceHead of ../scratch-layout.ts.
 */
export const rowsOfC: usize = 32;
const rowsOfSpare: usize = 64;
export const tapZero: usize = 96;
export const epilogueSlot: usize = 104;
const spareTile: usize = 128;

export function prepareWorkspace(work: usize): void {
  for (let row: usize = 0; row < 6; row++) store<usize>(work + rowsOfSpare + (row << 2), (work + spareTile + (row << 5)));
  store<usize>(work + tapZero, 0);
}

/** What is done to a finished element before it is stored: y = relu(value + shift[j] + residual[i][j]). */
// @ts-ignore: decorator
@unmanaged
export class Epilogue {
  /** Per column; 0 for none. */
  shift: usize;
  /** Bytes from an element of C to that of the residual; 0 for none. */
  residual: usize;
  relu: bool;
}

// @ts-ignore: decorator
@inline
function splatAt(pointer: usize): v128 {
  return v128.load_splat<f32>(pointer);
}

/** One tile, over all taps. `c` holds six pointers; `column` is a byte offset added to each. */
function multiplyTile(
  a: usize,
  c: usize,
  column: usize,
  taps: usize,
  tapCount: i32,
  run: i32,
  panel: usize,
  accumulate: bool,
): void {
  if (!accumulate) {
    const zero = f32x4.splat(0);
    for (let row: usize = 0; row < 24; row += 4) {
      const to = load<usize>(c + row) + column;
      v128.store(to, zero);
      v128.store(to, zero, 16);
    }
  }
  for (; tapCount > 0; tapCount--) {
    multiplyTap(a, load<usize>(taps), c, column, run, panel);
    taps += 4;
    panel += <usize>run << 5;
  }
}

/**
 * Adds the part of one tap. The loop has a function to itself without another branch, and sums meet in memory: where
 * they stay in registers over two nested loops, or into a branch, V8 11 (Node 20) spills them in the inner loop and
 * reaches 57 % of the rate.
 */
function multiplyTap(a: usize, tap: usize, c: usize, column: usize, run: i32, panel: usize): void {
  const r0 = load<usize>(c, 0) + column;
  let c00 = v128.load(r0), c01 = v128.load(r0, 16);
  const r1 = load<usize>(c, 4) + column;
  let c10 = v128.load(r1), c11 = v128.load(r1, 16);
  const r2 = load<usize>(c, 8) + column;
  let c20 = v128.load(r2), c21 = v128.load(r2, 16);
  const r3 = load<usize>(c, 12) + column;
  let c30 = v128.load(r3), c31 = v128.load(r3, 16);
  const r4 = load<usize>(c, 16) + column;
  let c40 = v128.load(r4), c41 = v128.load(r4, 16);
  const r5 = load<usize>(c, 20) + column;
  let c50 = v128.load(r5), c51 = v128.load(r5, 16);
  let a0: usize = load<usize>(a, 0) + tap;
  let a1: usize = load<usize>(a, 4) + tap;
  let a2: usize = load<usize>(a, 8) + tap;
  let a3: usize = load<usize>(a, 12) + tap;
  let a4: usize = load<usize>(a, 16) + tap;
  let a5: usize = load<usize>(a, 20) + tap;
  for (let k = run; k > 0; k--) {
    const b0 = v128.load(panel);
    const b1 = v128.load(panel, 16);
    const x0 = splatAt(a0);
    c00 = madd(x0, b0, c00);
    c01 = madd(x0, b1, c01);
    const x1 = splatAt(a1);
    c10 = madd(x1, b0, c10);
    c11 = madd(x1, b1, c11);
    const x2 = splatAt(a2);
    c20 = madd(x2, b0, c20);
    c21 = madd(x2, b1, c21);
    const x3 = splatAt(a3);
    c30 = madd(x3, b0, c30);
    c31 = madd(x3, b1, c31);
    const x4 = splatAt(a4);
    c40 = madd(x4, b0, c40);
    c41 = madd(x4, b1, c41);
    const x5 = splatAt(a5);
    c50 = madd(x5, b0, c50);
    c51 = madd(x5, b1, c51);
    panel += 32;
    a0 += 4;
    a1 += 4;
    a2 += 4;
    a3 += 4;
    a4 += 4;
    a5 += 4;
  }
  v128.store(load<usize>(c, 0) + column, c00);
  v128.store(load<usize>(c, 0) + column, c01, 16);
  v128.store(load<usize>(c, 4) + column, c10);
  v128.store(load<usize>(c, 4) + column, c11, 16);
  v128.store(load<usize>(c, 8) + column, c20);
  v128.store(load<usize>(c, 8) + column, c21, 16);
  v128.store(load<usize>(c, 12) + column, c30);
  v128.store(load<usize>(c, 12) + column, c31, 16);
  v128.store(load<usize>(c, 16) + column, c40);
  v128.store(load<usize>(c, 16) + column, c41, 16);
  v128.store(load<usize>(c, 20) + column, c50);
  v128.store(load<usize>(c, 20) + column, c51, 16);
}

/**
 * The rows in the workspace's tables times all packed columns. With fewer than six rows the tables are filled up by
 * repeating the last row of A; what does not fill a whole tile, or has an epilogue, goes through the spare tile.
 */
export function multiplyRows(
  work: usize,
  rowCount: i32,
  columns: i32,
  taps: usize,
  tapCount: i32,
  run: i32,
  panels: usize,
  accumulate: bool,
  epilogue: Epilogue | null,
): void {
  for (let row = rowCount; row < tileRows; row++) {
    store<usize>(work + (<usize>row << 2), load<usize>(work + (<usize>(rowCount - 1) << 2)));
  }
  const panelBytes: usize = <usize>(tapCount * run) << 5;
  for (let column = 0; column < columns; column += tileColumns) {
    const width = min(tileColumns, columns - column);
    const offset: usize = <usize>column << 2;
    if (epilogue === null && rowCount === tileRows && width === tileColumns) {
      multiplyTile(work, work + rowsOfC, offset, taps, tapCount, run, panels, accumulate);
    } else {
      multiplyTile(work, work + rowsOfSpare, 0, taps, tapCount, run, panels, false);
      for (let row = 0; row < rowCount; row++) {
        const tile = work + spareTile + (<usize>row << 5);
        const c: usize = load<usize>(work + rowsOfC + (<usize>row << 2)) + offset;
        if (epilogue === null) finishRow(tile, c, width, accumulate, 0, 0, false);
        else {
          const shift: usize = epilogue.shift === 0 ? 0 : epilogue.shift + offset;
          finishRow(tile, c, width, accumulate, shift, epilogue.residual, epilogue.relu);
        }
      }
    }
    panels += panelBytes;
  }
}

/** Brings up to 8 elements from the spare tile to their place in C. */
function finishRow(
  tile: usize,
  c: usize,
  width: i32,
  accumulate: bool,
  shift: usize,
  residual: usize,
  relu: bool,
): void {
  const end = c + (<usize>width << 2);
  const zero = f32x4.splat(0);
  for (; c + 16 <= end; c += 16, tile += 16) {
    let value = v128.load(tile);
    if (accumulate) value = f32x4.add(v128.load(c), value);
    if (shift !== 0) {
      value = f32x4.add(value, v128.load(shift));
      shift += 16;
    }
    if (residual !== 0) value = f32x4.add(value, v128.load(c + residual));
    // pmax(x, 0) is x < 0 ? 0 : x, which keeps NaN.
    if (relu) value = f32x4.pmax(value, zero);
    v128.store(c, value);
  }
  for (; c < end; c += 4, tile += 4) {
    let value = load<f32>(tile);
    if (accumulate) value += load<f32>(c);
    if (shift !== 0) {
      value += load<f32>(shift);
      shift += 4;
    }
    if (residual !== 0) value += load<f32>(c + residual);
    if (relu && value < 0) value = 0;
    store<f32>(c, value);
  }
}
