/**
 * convolution: y[b][row][column] = epilogue(sum over taps, sum over k < run: x[b][row * strideY + tapY][column *
 * strideX + tapX][k] * w), NHWC, in groups of channels. With the taps of a window it equals tf.conv2d; with those of
 * the mirrored window, w transposed, and one call for each of strideY * strideX phases of its output, the gradient of
 * tf.conv2d with respect to its input. (../kernels/convolution-plan.ts works out taps and phases.)
 *
 * An implicit im2col: a row of the left operand is a pixel's window, and the tile reads it in the image itself, tap by
 * tap. Where the window sticks out of the image, the few image rows that a task needs are first copied into the
 * thread's workspace with zeros around them (the band, which then lies in L2 cache); otherwise nothing is copied.
 * Neighbours in a row of the window are contiguous in NHWC and make one tap, as long as there is one group and no
 * dilation.
 *
 * Tasks are stretches of output rows (of all images in one sequence) x columns x groups, taken from a counter.
 */
import { convolutionPanels, panelBytes, tileRows, workspaceHead } from "../scratch-layout";
import { copyBand } from "./image-padding";
import { packPanels, packPanelsTransposed } from "./matrix-pack";
import { Epilogue, epilogueSlot, multiplyRows, prepareWorkspace, rowsOfC } from "./matrix-tile";
import { convolutionArgs } from "./slots";

/**
 * Rows, columns and steps of the output are those of one phase. The run of a tap is a multiple of the group's channels;
 * tapRows are the rows that the taps span. columnsPerTask is a multiple of 8 unless it is all. A thread's workspace:
 * convolutionWorkspace of ../scratch-layout.ts.
 */
export function convolution(args: usize, part: i32, _parts: i32): void {
  const x = convolutionArgs.x(args);
  const w = convolutionArgs.w(args);
  const images = convolutionArgs.images(args);
  const height = convolutionArgs.height(args);
  const width = convolutionArgs.width(args);
  const pixelBytes: usize = <usize>convolutionArgs.channels(args) << 2;
  const groupBytes: usize = <usize>convolutionArgs.groupChannels(args) << 2;
  const outputRows = convolutionArgs.outputRows(args);
  const outputColumns = convolutionArgs.outputColumns(args);
  const strideY = convolutionArgs.strideY(args);
  const strideX = convolutionArgs.strideX(args);
  const originY = convolutionArgs.originY(args);
  const originX = convolutionArgs.originX(args);
  const bandWidth = convolutionArgs.bandWidth(args);
  const imageStep = convolutionArgs.imageStep(args);
  const rowStep = convolutionArgs.rowStep(args);
  const columnStep = convolutionArgs.columnStep(args);
  const tapCount = convolutionArgs.tapCount(args);
  const run = convolutionArgs.run(args);
  const groupColumns = convolutionArgs.groupColumns(args);
  const columnsPerTask = convolutionArgs.columnsPerTask(args);
  const rowsPerTask = convolutionArgs.rowsPerTask(args);

  const work = convolutionArgs.workspace(args) + <usize>part * convolutionArgs.workspaceBytes(args);
  prepareWorkspace(work);
  const taps = work + <usize>workspaceHead;
  for (let tap: usize = 0; tap < <usize>tapCount; tap++) {
    store<usize>(taps + (tap << 2), load<usize>(convolutionArgs.taps(args) + (tap << 3)));
  }
  const panels = work + <usize>convolutionPanels(tapCount);
  const band = panels + <usize>panelBytes(tapCount * run, columnsPerTask);

  const allRows = images * outputRows;
  const rowTasks = (allRows + rowsPerTask - 1) / rowsPerTask;
  const columnTasks = (groupColumns + columnsPerTask - 1) / columnsPerTask;
  const tasks = rowTasks * columnTasks * convolutionArgs.groups(args);
  const counter = convolutionArgs.counter(args);
  let packed = -1;
  for (let task = atomic.add<i32>(counter, 1); task < tasks; task = atomic.add<i32>(counter, 1)) {
    const key = task / rowTasks;
    const group: usize = key / columnTasks;
    const column0 = (key % columnTasks) * columnsPerTask;
    const columns = min(columnsPerTask, groupColumns - column0);
    if (key !== packed) packFilter(args, w + group * convolutionArgs.groupBytes(args), column0, columns, panels);
    packed = key;

    const firstRow = (task % rowTasks) * rowsPerTask;
    const endRow = min(firstRow + rowsPerTask, allRows);
    const channel: usize = (group * <usize>groupColumns + <usize>column0) << 2;
    const y = convolutionArgs.y(args) + convolutionArgs.start(args) + channel;
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
        const bandRows = (rows - 1) * strideY + convolutionArgs.tapRows(args);
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
  const shift = convolutionArgs.shift(args);
  const residual = convolutionArgs.residual(args);
  const relu = convolutionArgs.relu(args);
  if (shift === 0 && residual === 0 && !relu) return null;
  const epilogue = changetype<Epilogue>(work + epilogueSlot);
  epilogue.shift = shift === 0 ? 0 : shift + channel;
  epilogue.residual = residual === 0 ? 0 : residual - convolutionArgs.y(args);
  epilogue.relu = relu;
  return epilogue;
}

/** Columns column0 ... of a group's filter, all taps one below the other. */
function packFilter(args: usize, w: usize, column0: i32, columns: i32, panels: usize): void {
  const tapCount = convolutionArgs.tapCount(args);
  const run = convolutionArgs.run(args);
  const rowBytes = convolutionArgs.filterRowBytes(args);
  const bytesOfPanel: usize = <usize>(tapCount * run) << 5;
  for (let tap: usize = 0; tap < <usize>tapCount; tap++) {
    const source = w + load<usize>(convolutionArgs.taps(args) + (tap << 3), 4);
    const to = panels + tap * (<usize>run << 5);
    if (convolutionArgs.transposed(args)) {
      packPanelsTransposed(source + <usize>column0 * rowBytes, rowBytes, run, columns, to, bytesOfPanel);
    } else {
      packPanels(source + (<usize>column0 << 2), rowBytes, run, columns, to, bytesOfPanel);
    }
  }
}
