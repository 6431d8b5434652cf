/**
 * A band of image rows as an axis: the rows that queries of one image row see, laid out column by column, M rows each.
 *
 * An M x M window is then a run of M M rows, and that of the next query lies M rows further on, so all loops of rows.ts
 * serve. From one image row to the next only one row of each column is new; it takes the place of the one that leaves,
 * in a ring, so row y of the image is row y mod M of its column, and the encodings are put in the same order.
 */
import {
  after, at, before, eitherCount, eitherKey, height, length, lineBytes, lines, readRows, rowBytes, rows, secondCount,
  selectQueryRow, unit,
} from "./axis";
import { copyEncodings, forgetShifts, spreadKeyEncodings } from "./logits";

/** Row of its column that image row y takes; y may be negative. */
export function ringRow(y: i32): i32 {
  return (y + unit) % unit;
}

/** Bytes from a column's row to that of the next column. */
export function columnBytes(): usize {
  return <usize>unit * rowBytes;
}

/** Reads image row y of the selected tasks; zeros if there is none. */
export function loadImageRow(y: i32): void {
  const to = at(rows, ringRow(y), rowBytes);
  if (y >= 0 && y < height) readRows(y * length, length, to, columnBytes());
  else clearImageRow(rows, y);
}

/** Zeroes image row y of a band. */
export function clearImageRow(band: usize, y: i32): void {
  let to = at(band, ringRow(y), rowBytes);
  for (let x = 0; x < length; x++) {
    for (let d: usize = 0; d < rowBytes; d += 16) v128.store(to + d, f32x4.splat(0));
    to += columnBytes();
  }
}

/** Makes image row y, whose band is loaded, that of the queries; `factor` goes to the key's encodings. */
export function selectImageRow(y: i32, factor: v128): void {
  selectQueryRow(ringRow(y));
  for (let offset = 0; offset < unit; offset++) {
    const row = ringRow(y + offset - before);
    for (let column = 0; column < unit; column++) copyEncodings(offset * unit + column, column * unit + row, 1);
  }
  spreadKeyEncodings(factor);
}

/**
 * Sets the selected pair's logits of keys above and below the image to minus infinity, which makes their weights
 * 2^-100: as good as nothing.
 */
export function maskOutside(y: i32): void {
  if (y >= before && y + after < height) return;
  fillOutside(y, lines, eitherKey, eitherCount, f32x4.splat(-Infinity));
  if (secondCount > 0) fillOutside(y, lines + lineBytes, eitherKey, eitherCount, f32x4.splat(-Infinity));
  forgetShifts();
}

/** Sets a line's entries, whole columns of them from `first` on, for image rows that there are not. */
export function fillOutside(y: i32, line: usize, first: i32, count: i32, value: v128): void {
  for (let key = y - before; key <= y + after; key++) {
    if (key >= 0 && key < height) continue;
    for (let entry = first + ringRow(key); entry < first + count; entry += unit) v128.store(at(line, entry, 16), value);
  }
}
