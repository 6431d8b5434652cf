/**
 * convolutionFilterGrad: dw[tap][channel][n] = sum over output pixels p: x[pixel of p under the tap][channel] *
 * dy[p][n]. Equals the gradient of tf.conv2d with respect to its filter; with a 1x1 window, A^T B for a deep A: the
 * gradient of a dense layer with respect to its weights.
 *
 * The left operand has a row for each tap and channel, along which the pixels run; so blocks of x are transposed, tap
 * by tap, into the workspace, zero where the window sticks out of the image. The pixels are cut into blocks of
 * `pixelsPerBlock`, short enough that a block of dy, packed, stays in L2 cache; dw is summed block by block.
 *
 * Tasks: pixelShares x rowShares, taken from a counter. Where dw is small, the pixels are shared out, each share sums a
 * dw of its own, and sumShares adds these in their order; where dw is large and the pixels few, the rows of dw are.
 * Which numbers are added in which order does not depend on the number of threads.
 */
import { integerAt, lineShareStart, pointerAt, shareStart } from "./arguments";
import { packPanels, transpose, transposedRowBytes } from "./matrix-pack";
import { multiplyRows, prepareWorkspace, rowsOfC, tapZero, tileRows, workspaceHead } from "./matrix-tile";

/**
 * args: 0 x, 1 dy, 2 dw, or one dw for each pixel share,
 * 3 images, 4 5 height and width of x, 6 channels of x, 7 of these per group, 8 groups,
 * 9 10 rows and columns of dy, 11 12 strideY, strideX, 13 14 rows and columns of padding before x,
 * 15 rows of the window, 16 its columns, 17 18 dilation, 19 channels of dy, 20 of these per group,
 * 21 pixelShares, 22 rowShares, 23 pixelsPerBlock, 24 rowsPerBlock (a multiple of 6),
 * 25 workspace, 26 its bytes per thread: workspaceHead + 4 * pixelsPerBlock * (channels of dy per group rounded up to
 * 8)
 *    + rowsPerBlock * transposedRowBytes(pixelsPerBlock),
 * 27 zero (the counter of tasks).
 */
export function convolutionFilterGrad(args: usize, part: i32, _parts: i32): void {
  const pixelShares = integerAt(args, 21);
  const rowShares = integerAt(args, 22);
  const pixels = integerAt(args, 3) * integerAt(args, 9) * integerAt(args, 10);
  const rows = integerAt(args, 15) * integerAt(args, 16) * integerAt(args, 7);
  const tiles = (rows + tileRows - 1) / tileRows;
  const dwBytes: usize = <usize>rows * <usize>integerAt(args, 19) << 2;
  const work = pointerAt(args, 25) + <usize>part * pointerAt(args, 26);
  prepareWorkspace(work);

  const tasks = pixelShares * rowShares;
  const counter = args + (27 << 3);
  for (let task = atomic.add<i32>(counter, 1); task < tasks; task = atomic.add<i32>(counter, 1)) {
    const pixelShare = task / rowShares;
    const rowShare = task % rowShares;
    const firstPixel = shareStart(pixels, pixelShare, pixelShares);
    const endPixel = shareStart(pixels, pixelShare + 1, pixelShares);
    const firstRow = tileRows * shareStart(tiles, rowShare, rowShares);
    const endRow = min(rows, tileRows * shareStart(tiles, rowShare + 1, rowShares));
    const dw = pointerAt(args, 2) + <usize>pixelShare * dwBytes;
    for (let group = 0; group < integerAt(args, 8); group++) {
      sumShare(args, work, group, dw, firstPixel, endPixel, firstRow, endRow);
    }
  }
}

/** The rows firstRow ... of a group's dw, summed over the pixels firstPixel ... */
function sumShare(
  args: usize,
  work: usize,
  group: i32,
  dw: usize,
  firstPixel: i32,
  endPixel: i32,
  firstRow: i32,
  endRow: i32,
): void {
  const groupColumns = integerAt(args, 20);
  const pixelsPerBlock = integerAt(args, 23);
  const rowsPerBlock = integerAt(args, 24);
  const panels = work + workspaceHead;
  const block = panels + ((<usize>pixelsPerBlock * <usize>((groupColumns + 7) & ~7)) << 2);
  const rowBytes: usize = pointerAt(args, 19) << 2;
  const column: usize = <usize>(group * groupColumns) << 2;
  let pixel0 = firstPixel;
  do {
    const depth = min(pixelsPerBlock, endPixel - pixel0);
    const dy = pointerAt(args, 1) + <usize>pixel0 * rowBytes + column;
    packPanels(dy, rowBytes, depth, groupColumns, panels, <usize>depth << 5);
    for (let row0 = firstRow; row0 < endRow; row0 += rowsPerBlock) {
      const blockRows = min(rowsPerBlock, endRow - row0);
      gatherRows(args, group, row0, blockRows, pixel0, depth, block);
      for (let row = 0; row < blockRows; row += tileRows) {
        const rowCount = min(tileRows, blockRows - row);
        for (let i = 0; i < rowCount; i++) {
          const slot: usize = <usize>i << 2;
          store<usize>(work + slot, block + <usize>(row + i) * transposedRowBytes(depth));
          store<usize>(work + rowsOfC + slot, dw + <usize>(row0 + row + i) * rowBytes + column);
        }
        multiplyRows(work, rowCount, groupColumns, work + tapZero, 1, depth, panels, pixel0 > firstPixel, null);
      }
    }
    pixel0 += depth;
  } while (pixel0 < endPixel);
}

/** Rows row0 ... of the left operand over the pixels pixel0 ...: block[row][pixel]. */
function gatherRows(args: usize, group: i32, row0: i32, rows: i32, pixel0: i32, depth: i32, block: usize): void {
  const groupChannels = integerAt(args, 7);
  const windowColumns = integerAt(args, 16);
  for (let row = 0; row < rows; ) {
    const tap = (row0 + row) / groupChannels;
    const channel = (row0 + row) % groupChannels;
    const count = min(groupChannels - channel, rows - row);
    const tapY = (tap / windowColumns) * integerAt(args, 17) - integerAt(args, 13);
    const tapX = (tap % windowColumns) * integerAt(args, 18) - integerAt(args, 14);
    const to = block + <usize>row * transposedRowBytes(depth);
    gatherTap(args, tapY, tapX, group * groupChannels + channel, count, pixel0, depth, to);
    row += count;
  }
}

/** `count` channels of x under one tap, which lies at (tapY, tapX) from an output pixel's place in x. */
function gatherTap(
  args: usize,
  tapY: i32,
  tapX: i32,
  channel: i32,
  count: i32,
  pixel0: i32,
  depth: i32,
  to: usize,
): void {
  const x = pointerAt(args, 0) + (<usize>channel << 2);
  const height = integerAt(args, 4);
  const width = integerAt(args, 5);
  const pixelBytes: usize = pointerAt(args, 6) << 2;
  const outputRows = integerAt(args, 9);
  const outputColumns = integerAt(args, 10);
  const strideX = integerAt(args, 12);
  const toBytes = transposedRowBytes(depth);
  // Output columns whose tap falls inside the image: firstInside <= column < endInside.
  const firstInside = tapX >= 0 ? 0 : (strideX - 1 - tapX) / strideX;
  const endInside = tapX >= width ? 0 : min(outputColumns, (width - 1 - tapX) / strideX + 1);

  for (let done = 0; done < depth; ) {
    const outputRow = (pixel0 + done) / outputColumns;
    const column = (pixel0 + done) % outputColumns;
    const length = min(outputColumns - column, depth - done);
    const image = outputRow / outputRows;
    const sourceRow = (outputRow % outputRows) * integerAt(args, 11) + tapY;
    const target = to + (<usize>done << 2);
    let first = max(column, firstInside);
    let end = min(column + length, endInside);
    if (sourceRow < 0 || sourceRow >= height || end < first) {
      first = column + length;
      end = first;
    }
    fillColumns(target, toBytes, count, first - column);
    const source = x + <usize>((image * height + sourceRow) * width + first * strideX + tapX) * pixelBytes;
    const inside: usize = <usize>(first - column) << 2;
    if (end > first) transpose(source, <usize>strideX * pixelBytes, end - first, count, target + inside, toBytes);
    fillColumns(target + (<usize>(end - column) << 2), toBytes, count, column + length - end);
    done += length;
  }
}

/** Zero in the first `columns` of `rows` rows. */
function fillColumns(to: usize, toBytes: usize, rows: i32, columns: i32): void {
  if (columns <= 0) return;
  for (; rows > 0; rows--) {
    for (let column: usize = 0; column < <usize>columns; column++) store<f32>(to + (column << 2), 0);
    to += toBytes;
  }
}

/**
 * sumShares: total = share 0 + share 1 + ..., added in this order. args: 0 shares, one behind the other, 1 total, 2
 * count, 3 shares
 */
export function sumShares(args: usize, part: i32, parts: i32): void {
  const from = pointerAt(args, 0);
  const to = pointerAt(args, 1);
  const count = integerAt(args, 2);
  const shares = integerAt(args, 3);
  const shareBytes: usize = <usize>count << 2;
  let i: usize = <usize>lineShareStart(count, part, parts) << 2;
  const end: usize = <usize>lineShareStart(count, part + 1, parts) << 2;
  for (; i + 16 <= end; i += 16) {
    let sum = v128.load(from + i);
    for (let share: usize = 1; share < <usize>shares; share++) sum = f32x4.add(sum, v128.load(from + i + share * shareBytes));
    v128.store(to + i, sum);
  }
  for (; i < end; i += 4) {
    let sum = load<f32>(from + i);
    for (let share: usize = 1; share < <usize>shares; share++) sum += load<f32>(from + i + share * shareBytes);
    store<f32>(to + i, sum);
  }
}
