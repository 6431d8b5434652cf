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
import { panelBytes, tileRows, transposedRowBytes, workspaceHead } from "../scratch-layout";
import { lineShareStart, shareStart } from "./arguments";
import { packPanels, transpose } from "./matrix-pack";
import { multiplyRows, prepareWorkspace, rowsOfC, tapZero } from "./matrix-tile";
import { convolutionFilterGradArgs, sumSharesArgs } from "./slots";

/**
 * rowsPerBlock is a multiple of 6. A thread's workspace: filterGradWorkspace of ../scratch-layout.ts.
 */
export function convolutionFilterGrad(args: usize, part: i32, _parts: i32): void {
  const pixelShares = convolutionFilterGradArgs.pixelShares(args);
  const rowShares = convolutionFilterGradArgs.rowShares(args);
  const pixels = convolutionFilterGradArgs.images(args) * convolutionFilterGradArgs.outputRows(args) * convolutionFilterGradArgs.outputColumns(args);
  const rows = convolutionFilterGradArgs.windowRows(args) * convolutionFilterGradArgs.windowColumns(args) * convolutionFilterGradArgs.groupChannels(args);
  const tiles = (rows + tileRows - 1) / tileRows;
  const dwBytes: usize = <usize>rows * <usize>convolutionFilterGradArgs.outputChannels(args) << 2;
  const work = convolutionFilterGradArgs.workspace(args) + <usize>part * convolutionFilterGradArgs.workspaceBytes(args);
  prepareWorkspace(work);

  const tasks = pixelShares * rowShares;
  const counter = convolutionFilterGradArgs.counter(args);
  for (let task = atomic.add<i32>(counter, 1); task < tasks; task = atomic.add<i32>(counter, 1)) {
    const pixelShare = task / rowShares;
    const rowShare = task % rowShares;
    const firstPixel = shareStart(pixels, pixelShare, pixelShares);
    const endPixel = shareStart(pixels, pixelShare + 1, pixelShares);
    const firstRow = tileRows * shareStart(tiles, rowShare, rowShares);
    const endRow = min(rows, tileRows * shareStart(tiles, rowShare + 1, rowShares));
    const dw = convolutionFilterGradArgs.dw(args) + <usize>pixelShare * dwBytes;
    for (let group = 0; group < convolutionFilterGradArgs.groups(args); group++) {
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
  const groupColumns = convolutionFilterGradArgs.groupColumns(args);
  const pixelsPerBlock = convolutionFilterGradArgs.pixelsPerBlock(args);
  const rowsPerBlock = convolutionFilterGradArgs.rowsPerBlock(args);
  const panels = work + <usize>workspaceHead;
  const block = panels + <usize>panelBytes(pixelsPerBlock, groupColumns);
  const rowBytes: usize = <usize>convolutionFilterGradArgs.outputChannels(args) << 2;
  const column: usize = <usize>(group * groupColumns) << 2;
  let pixel0 = firstPixel;
  do {
    const depth = min(pixelsPerBlock, endPixel - pixel0);
    const dy = convolutionFilterGradArgs.dy(args) + <usize>pixel0 * rowBytes + column;
    packPanels(dy, rowBytes, depth, groupColumns, panels, <usize>depth << 5);
    for (let row0 = firstRow; row0 < endRow; row0 += rowsPerBlock) {
      const blockRows = min(rowsPerBlock, endRow - row0);
      gatherRows(args, group, row0, blockRows, pixel0, depth, block);
      for (let row = 0; row < blockRows; row += tileRows) {
        const rowCount = min(tileRows, blockRows - row);
        for (let i = 0; i < rowCount; i++) {
          const slot: usize = <usize>i << 2;
          store<usize>(work + slot, block + <usize>((row + i) * transposedRowBytes(depth)));
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
  const groupChannels = convolutionFilterGradArgs.groupChannels(args);
  const windowColumns = convolutionFilterGradArgs.windowColumns(args);
  for (let row = 0; row < rows; ) {
    const tap = (row0 + row) / groupChannels;
    const channel = (row0 + row) % groupChannels;
    const count = min(groupChannels - channel, rows - row);
    const tapY = (tap / windowColumns) * convolutionFilterGradArgs.dilationY(args) - convolutionFilterGradArgs.padTop(args);
    const tapX = (tap % windowColumns) * convolutionFilterGradArgs.dilationX(args) - convolutionFilterGradArgs.padLeft(args);
    const to = block + <usize>(row * transposedRowBytes(depth));
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
  const x = convolutionFilterGradArgs.x(args) + (<usize>channel << 2);
  const height = convolutionFilterGradArgs.height(args);
  const width = convolutionFilterGradArgs.width(args);
  const pixelBytes: usize = <usize>convolutionFilterGradArgs.channels(args) << 2;
  const outputRows = convolutionFilterGradArgs.outputRows(args);
  const outputColumns = convolutionFilterGradArgs.outputColumns(args);
  const strideX = convolutionFilterGradArgs.strideX(args);
  const toBytes = <usize>transposedRowBytes(depth);
  // Output columns whose tap falls inside the image: firstInside <= column < endInside.
  const firstInside = tapX >= 0 ? 0 : (strideX - 1 - tapX) / strideX;
  const endInside = tapX >= width ? 0 : min(outputColumns, (width - 1 - tapX) / strideX + 1);

  for (let done = 0; done < depth; ) {
    const outputRow = (pixel0 + done) / outputColumns;
    const column = (pixel0 + done) % outputColumns;
    const length = min(outputColumns - column, depth - done);
    const image = outputRow / outputRows;
    const sourceRow = (outputRow % outputRows) * convolutionFilterGradArgs.strideY(args) + tapY;
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
 * sumShares: total = share 0 + share 1 + ..., added in this order. The shares lie one behind the other.
 */
export function sumShares(args: usize, part: i32, parts: i32): void {
  const from = sumSharesArgs.shares(args);
  const to = sumSharesArgs.total(args);
  const count = sumSharesArgs.count(args);
  const shares = sumSharesArgs.shareCount(args);
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
