/**
 * Rearranging the operands of a multiplication, a cache-sized block at a time.
 *
 * Panels: 8 columns of B, [depth][8] without gaps, zero beyond the last column; the tile reads them from front to back.
 * Transposition: where rows of the left operand do not lie contiguous along the summed dimension, a block of them is
 * transposed, in squares of 4 x 4 that stay in registers.
 */
import { tileColumns } from "../scratch-layout";

/**
 * Packs `depth` rows of `columns` contiguous floats, `rowBytes` apart, into panels that lie `panelBytes` apart.
 *
 * By blocks of 32 rows, one panel after the other: taking whole rows would write to as many places as there are panels,
 * which, a power of two apart, would push each other out of the cache.
 */
export function packPanels(
  source: usize,
  rowBytes: usize,
  depth: i32,
  columns: i32,
  panels: usize,
  panelBytes: usize,
): void {
  for (let k0 = 0; k0 < depth; k0 += 32) {
    const rows = min(32, depth - k0);
    let corner = source;
    let panel = panels;
    for (let column = 0; column < columns; column += 8) {
      packPanel(corner, rowBytes, rows, min(8, columns - column), panel);
      corner += 32;
      panel += panelBytes;
    }
    source += rowBytes << 5;
    panels += 32 << 5;
  }
}

function packPanel(from: usize, rowBytes: usize, rows: i32, width: i32, to: usize): void {
  if (width === 8) {
    for (; rows > 0; rows--) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
      from += rowBytes;
      to += 32;
    }
    return;
  }
  for (; rows > 0; rows--) {
    for (let column: i32 = 0; column < 8; column++) {
      const value: f32 = column < width ? load<f32>(from + (<usize>column << 2)) : 0;
      store<f32>(to + (<usize>column << 2), value);
    }
    from += rowBytes;
    to += 32;
  }
}

/** The same for a B that is stored transposed: `columns` rows of `depth` contiguous floats, `rowBytes` apart. */
export function packPanelsTransposed(
  source: usize,
  rowBytes: usize,
  depth: i32,
  columns: i32,
  panels: usize,
  panelBytes: usize,
): void {
  for (let column = 0; column < columns; column += tileColumns) {
    const width = min(tileColumns, columns - column);
    transpose(source, rowBytes, width, depth, panels, 32);
    for (let empty = width; empty < tileColumns; empty++) {
      for (let k = 0; k < depth; k++) store<f32>(panels + (<usize>k << 5) + (<usize>empty << 2), 0);
    }
    source += rowBytes << 3;
    panels += panelBytes;
  }
}

/**
 * to[column][row] = from[row][column]; both are given by the bytes from one row to the next. With `toBytes` a power of
 * two it takes five times as long.
 */
export function transpose(from: usize, fromBytes: usize, rows: i32, columns: i32, to: usize, toBytes: usize): void {
  let row = 0;
  for (; row + 4 <= rows; row += 4) {
    let source = from;
    let target = to;
    let column = 0;
    for (; column + 4 <= columns; column += 4) {
      const a = v128.load(source);
      const b = v128.load(source + fromBytes);
      const c = v128.load(source + 2 * fromBytes);
      const d = v128.load(source + 3 * fromBytes);
      const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
      const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
      const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
      const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
      v128.store(target, v128.shuffle<f64>(ab, cd, 0, 2));
      v128.store(target + toBytes, v128.shuffle<f64>(ab, cd, 1, 3));
      v128.store(target + 2 * toBytes, v128.shuffle<f64>(abHigh, cdHigh, 0, 2));
      v128.store(target + 3 * toBytes, v128.shuffle<f64>(abHigh, cdHigh, 1, 3));
      source += 16;
      target += toBytes << 2;
    }
    for (; column < columns; column++) {
      store<f32>(target, load<f32>(source));
      store<f32>(target, load<f32>(source + fromBytes), 4);
      store<f32>(target, load<f32>(source + 2 * fromBytes), 8);
      store<f32>(target, load<f32>(source + 3 * fromBytes), 12);
      source += 4;
      target += toBytes;
    }
    from += fromBytes << 2;
    to += 16;
  }
  for (; row < rows; row++) {
    let target = to;
    for (let column: usize = 0; column < <usize>columns; column++) {
      store<f32>(target, load<f32>(from + (column << 2)));
      target += toBytes;
    }
    from += fromBytes;
    to += 4;
  }
}
