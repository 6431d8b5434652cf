/**
 * convolution: y[b][row][column] = epilogue(sum over taps, sum over k < run: x[b][row * strideY + tapY][column *
 * strideX + tapX][k] * w), NHWC, in groups of channels. With the taps of a window it equals tf.conv2d; with those of
 * the mirrored window, w transposed, and one call for each of strideY * strideX phases of its output, the gradient of
 * tf.conv2d with respect to its input. (../../ops/convolution.ts works out taps and phases.)
 *
 * An implicit im2col: a row of the left operand is a pixel's window, and the tile reads it in the image itself, tap by
 * tap. Where the window sticks out of the image, the few image rows that a task needs are first copied into the
 * thread's workspace with zeros around them (the band, which then lies in L2 cache); otherwise nothing is copied.
 * Neighbours in a row of the window are contiguous in NHWC and make one tap, as long as there is one group and no
 * dilation.
 *
 * Tasks are stretches of output rows (of all images in one sequence) x columns x groups, taken from a counter.
 */
import { integerAt, pointerAt } from "./arguments";
import { copyBand } from "./image-padding";
import { packPanels, packPanelsTransposed } from "./matrix-pack";
import { Epilogue, epilogueSlot, multiplyRows, prepareWorkspace, rowsOfC, tileRows, workspaceHead } from "./matrix-tile";

/**
 * args: 0 x, 1 w, 2 y,
 * 3 images, 4 5 height and width of x, 6 channels of x, 7 of these per group (the run of a tap is a multiple), 8
 * groups, 9 10 rows and columns of the output (of this phase), 11 12 strideY, strideX,
 * 13 14 place in x of the first tap of output (0, 0), may be negative, 15 rows that the taps span,
 * 16 width of the band in pixels, or 0 to read x in place,
 * 17 18 19 bytes from one image, row, column of the output to the next, 20 bytes to the phase's first element,
 * 21 taps, 22 run, 23 table of taps: for each the byte offset in band or image, then in w (u32 each),
 * 24 bytes from one row of w to the next, 25 w is transposed, 26 output channels per group,
 * 27 bytes in w from one group to the next, 28 columnsPerTask (a multiple of 8 unless all), 29 rowsPerTask,
 * 30 shift or 0, 31 residual or 0, 32 relu,
 * 33 workspace, 34 its bytes per thread: workspaceHead + 4 * taps + 4 * taps * run * (columnsPerTask rounded up to 8)
 *    + 4 * band, 35 zero (the counter of tasks).
 */
export function convolution(args: usize, part: i32, _parts: i32): void {
  const x = pointerAt(args, 0);
  const w = pointerAt(args, 1);
  const images = integerAt(args, 3);
  const height = integerAt(args, 4);
  const width = integerAt(args, 5);
  const pixelBytes: usize = pointerAt(args, 6) << 2;
  const groupBytes: usize = pointerAt(args, 7) << 2;
  const outputRows = integerAt(args, 9);
  const outputColumns = integerAt(args, 10);
  const strideY = integerAt(args, 11);
  const strideX = integerAt(args, 12);
  const originY = integerAt(args, 13);
  const originX = integerAt(args, 14);
  const bandWidth = integerAt(args, 16);
  const imageStep = pointerAt(args, 17);
  const rowStep = pointerAt(args, 18);
  const columnStep = pointerAt(args, 19);
  const tapCount = integerAt(args, 21);
  const run = integerAt(args, 22);
  const groupColumns = integerAt(args, 26);
  const columnsPerTask = integerAt(args, 28);
  const rowsPerTask = integerAt(args, 29);

  const work = pointerAt(args, 33) + <usize>part * pointerAt(args, 34);
  prepareWorkspace(work);
  const taps = work + workspaceHead;
  for (let tap: usize = 0; tap < <usize>tapCount; tap++) {
    store<usize>(taps + (tap << 2), load<usize>(pointerAt(args, 23) + (tap << 3)));
  }
  const panels = (taps + (<usize>tapCount << 2) + 63) & ~63;
  const panelBytes: usize = <usize>(tapCount * run) << 5;
  const band = panels + <usize>((columnsPerTask + 7) >> 3) * panelBytes;

  const allRows = images * outputRows;
  const rowTasks = (allRows + rowsPerTask - 1) / rowsPerTask;
  const columnTasks = (groupColumns + columnsPerTask - 1) / columnsPerTask;
  const tasks = rowTasks * columnTasks * integerAt(args, 8);
  const counter = args + (35 << 3);
  let packed = -1;
  for (let task = atomic.add<i32>(counter, 1); task < tasks; task = atomic.add<i32>(counter, 1)) {
    const key = task / rowTasks;
    const group: usize = key / columnTasks;
    const column0 = (key % columnTasks) * columnsPerTask;
    const columns = min(columnsPerTask, groupColumns - column0);
    if (key !== packed) packFilter(args, w + group * pointerAt(args, 27), column0, columns, panels);
    packed = key;

    const firstRow = (task % rowTasks) * rowsPerTask;
    const endRow = min(firstRow + rowsPerTask, allRows);
    const channel: usize = (group * <usize>groupColumns + <usize>column0) << 2;
    const y = pointerAt(args, 2) + pointerAt(args, 20) + channel;
    const epilogue = prepareEpilogue(args, work, channel);

    let bandPart = band;
    let rowCount = 0;
    for (let row = firstRow; row < endRow; ) {
      // The rows of one image.
      const image: usize = row / outputRows;
      const imageRow = row % outputRows;
      const rows = min(outputRows - imageRow, endRow - row);
      const source = x + image * (<usize>height * <usize>width * pixelBytes) + group * groupBytes;
      const top = imageRow * strideY + originY;
      let first: usize, sourceRowBytes: usize, sourcePixelBytes: usize;
      if (bandWidth === 0) {
        sourcePixelBytes = pixelBytes;
        sourceRowBytes = <usize>width * pixelBytes;
        first = source + <usize>top * sourceRowBytes + <usize>originX * pixelBytes;
      } else {
        sourcePixelBytes = groupBytes;
        sourceRowBytes = <usize>bandWidth * groupBytes;
        first = bandPart;
        const bandRows = (rows - 1) * strideY + integerAt(args, 15);
        copyBand(source, height, width, pixelBytes, groupBytes, top, originX, bandRows, bandWidth, bandPart);
        bandPart += <usize>bandRows * sourceRowBytes;
      }
      let target = y + image * imageStep + <usize>imageRow * rowStep;
      for (let r = 0; r < rows; r++) {
        let from = first;
        let to = target;
        for (let c = 0; c < outputColumns; c++) {
          store<usize>(work + (<usize>rowCount << 2), from);
          store<usize>(work + rowsOfC + (<usize>rowCount << 2), to);
          if (++rowCount === tileRows) {
            multiplyRows(work, tileRows, columns, taps, tapCount, run, panels, false, epilogue);
            rowCount = 0;
          }
          from += <usize>strideX * sourcePixelBytes;
          to += columnStep;
        }
        first += <usize>strideY * sourceRowBytes;
        target += rowStep;
      }
      row += rows;
    }
    if (rowCount > 0) multiplyRows(work, rowCount, columns, taps, tapCount, run, panels, false, epilogue);
  }
}

function prepareEpilogue(args: usize, work: usize, channel: usize): Epilogue | null {
  const shift = pointerAt(args, 30);
  const residual = pointerAt(args, 31);
  const relu = integerAt(args, 32) !== 0;
  if (shift === 0 && residual === 0 && !relu) return null;
  const epilogue = changetype<Epilogue>(work + epilogueSlot);
  epilogue.shift = shift === 0 ? 0 : shift + channel;
  epilogue.residual = residual === 0 ? 0 : residual - pointerAt(args, 2);
  epilogue.relu = relu;
  return epilogue;
}

/** Columns column0 ... of a group's filter, all taps one below the other. */
function packFilter(args: usize, w: usize, column0: i32, columns: i32, panels: usize): void {
  const tapCount = integerAt(args, 21);
  const run = integerAt(args, 22);
  const rowBytes = pointerAt(args, 24);
  const panelBytes: usize = <usize>(tapCount * run) << 5;
  for (let tap: usize = 0; tap < <usize>tapCount; tap++) {
    const source = w + load<usize>(pointerAt(args, 23) + (tap << 3), 4);
    const to = panels + tap * (<usize>run << 5);
    if (integerAt(args, 25) !== 0) {
      packPanelsTransposed(source + <usize>column0 * rowBytes, rowBytes, run, columns, to, panelBytes);
    } else {
      packPanels(source + (<usize>column0 << 2), rowBytes, run, columns, to, panelBytes);
    }
  }
}
