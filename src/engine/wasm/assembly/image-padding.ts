/** Zeros around images, for windows that stick out of them. */
import { shareStart } from "./arguments";
import { padImagesArgs } from "./slots";

/**
 * padImages: copies of a rectangle of every image, zero where it sticks out. Top and left may be negative.
 */
export function padImages(args: usize, part: i32, parts: i32): void {
  const height = padImagesArgs.height(args);
  const width = padImagesArgs.width(args);
  const pixelBytes: usize = <usize>padImagesArgs.channels(args) << 2;
  const rows = padImagesArgs.rows(args);
  const columns = padImagesArgs.columns(args);
  const allRows = padImagesArgs.images(args) * rows;
  const end = shareStart(allRows, part + 1, parts);
  for (let row = shareStart(allRows, part, parts); row < end; row++) {
    const image: usize = row / rows;
    const source = padImagesArgs.x(args) + image * (<usize>(height * width) * pixelBytes);
    const to = padImagesArgs.y(args) + <usize>row * (<usize>columns * pixelBytes);
    const top = padImagesArgs.top(args) + (row % rows);
    copyBand(source, height, width, pixelBytes, pixelBytes, top, padImagesArgs.left(args), 1, columns, to);
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
