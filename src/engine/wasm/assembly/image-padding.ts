/** Zeros around images, for windows that stick out of them. */
import { integerAt, pointerAt, shareStart } from "./arguments";

/**
 * padImages: copies of a rectangle of every image, zero where it sticks out.
 * args: 0 x, 1 y, 2 images, 3 4 height and width of x, 5 channels, 6 7 top and left of the rectangle, may be negative,
 * 8 9 its rows and columns.
 */
export function padImages(args: usize, part: i32, parts: i32): void {
  const height = integerAt(args, 3);
  const width = integerAt(args, 4);
  const pixelBytes: usize = pointerAt(args, 5) << 2;
  const rows = integerAt(args, 8);
  const columns = integerAt(args, 9);
  const allRows = integerAt(args, 2) * rows;
  const end = shareStart(allRows, part + 1, parts);
  for (let row = shareStart(allRows, part, parts); row < end; row++) {
    const image: usize = row / rows;
    const source = pointerAt(args, 0) + image * (<usize>(height * width) * pixelBytes);
    const to = pointerAt(args, 1) + <usize>row * (<usize>columns * pixelBytes);
    const top = integerAt(args, 6) + (row % rows);
    copyBand(source, height, width, pixelBytes, pixelBytes, top, integerAt(args, 7), 1, columns, to);
  }
}

/**
 * A rectangle of an image, zero where it sticks out; of each pixel the first `groupBytes` of `pixelBytes`. `top` and
 * `left` may be negative.
 */
export function copyBand(
  source: usize,
  height: i32,
  width: i32,
  pixelBytes: usize,
  groupBytes: usize,
  top: i32,
  left: i32,
  rows: i32,
  columns: i32,
  to: usize,
): void {
  const before = min(columns, max(0, -left));
  const inside = max(0, min(width, left + columns) - max(0, left));
  const after = columns - before - inside;
  for (let row = top; row < top + rows; row++) {
    if (row < 0 || row >= height || inside === 0) {
      to = fillZero(to, <usize>columns * groupBytes);
      continue;
    }
    to = fillZero(to, <usize>before * groupBytes);
    const from = source + <usize>(row * width + max(0, left)) * pixelBytes;
    if (pixelBytes === groupBytes) {
      memory.copy(to, from, <usize>inside * groupBytes);
      to += <usize>inside * groupBytes;
    } else {
      for (let pixel: usize = 0; pixel < <usize>inside; pixel++) {
        memory.copy(to, from + pixel * pixelBytes, groupBytes);
        to += groupBytes;
      }
    }
    to = fillZero(to, <usize>after * groupBytes);
  }
}

function fillZero(to: usize, bytes: usize): usize {
  if (bytes > 0) memory.fill(to, 0, bytes);
  return to + bytes;
}
