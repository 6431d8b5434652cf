/**
 * Works out taps, padding and tasks of a convolution and runs it: see ../assembly/convolution.ts. The gradient with respect to
 * the input is a convolution too: of dy with the window mirrored and the filter transposed. With a stride, the pixels of dx
 * fall into stride x stride phases, each of which sees its own part of the window.
 */
import type { KernelPool } from "../pool.js";
import { convolutionWorkspace } from "../scratch-layout.js";
import { isPointwise, type ConvolutionShape, type Pair } from "./convolution-shape.js";
import { isDepthwise, runDepthwise, runDepthwiseInputGradient } from "./depthwise-plan.js";
import { runMatrixProduct } from "./matrix-product-plan.js";
import { largest, smallest } from "../../../core/extremes.js";
import { packedFloats, roundUp, runOn, type Epilogue } from "./product-tasks.js";

/** y [images, outputRows, outputColumns, outputChannels] = epilogue(x * w); all are pointers. */
export function runConvolution(
  pool: KernelPool,
  { x, w, y, epilogue = {} }: { x: number; w: number; y: number; epilogue?: Epilogue },
  shape: ConvolutionShape,
): void {
  const { window, stride, dilation, padding, outputRows, outputColumns, outputChannels } = shape;
  if (isPointwise(shape)) {
    const rows = shape.images * outputRows * outputColumns;
    runMatrixProduct(pool, { a: x, b: w, c: y, rows, columns: outputChannels, depth: shape.channels, epilogue });
    return;
  }
  if (isDepthwise(shape)) {
    runDepthwise(pool, { x, w, y, epilogue }, shape);
    return;
  }
  const columnBytes = outputChannels * 4;
  runTaps(pool, {
    source: x,
    filter: w,
    target: y,
    ...shape,
    rows: outputRows,
    columns: outputColumns,
    stride,
    taps: range(window[0]).flatMap((row) =>
      range(window[1]).map((column) => ({
        row: row * dilation[0] - padding[0],
        column: column * dilation[1] - padding[1],
        place: row * window[1] + column,
      })),
    ),
    neighbours: dilation[1] === 1 ? window[1] : 1,
    transposed: false,
    targetStep: {
      image: outputRows * outputColumns * columnBytes,
      row: outputColumns * columnBytes,
      column: columnBytes,
    },
    targetStart: 0,
    epilogue,
  });
}

/** dx [images, height, width, channels] from dy; all are pointers. */
export function runInputGradient(
  pool: KernelPool,
  { dy, w, dx }: { dy: number; w: number; dx: number },
  shape: ConvolutionShape,
): void {
  const { images, height, width, channels, window, stride, dilation, padding, groups } = shape;
  const { outputRows, outputColumns, outputChannels } = shape;
  if (isPointwise(shape)) {
    const product = { rows: images * height * width, columns: channels, depth: outputChannels };
    runMatrixProduct(pool, { a: dy, b: w, c: dx, ...product, transposeB: true });
    return;
  }
  if (isDepthwise(shape) && stride[0] * stride[1] === 1) {
    runDepthwiseInputGradient(pool, { dy, w, dx }, shape);
    return;
  }
  const columnBytes = channels * 4;
  for (const phaseY of range(Math.min(stride[0], height))) {
    for (const phaseX of range(Math.min(stride[1], width))) {
      const rowTaps = phaseTaps(phaseY + padding[0], window[0], stride[0], dilation[0]);
      const columnTaps = phaseTaps(phaseX + padding[1], window[1], stride[1], dilation[1]);
      const taps = rowTaps.flatMap((row) =>
        columnTaps.map((column) => ({
          row: row.offset,
          column: column.offset,
          place: row.place * window[1] + column.place,
        })),
      );
      runTaps(pool, {
        source: dy,
        filter: w,
        target: dx,
        images,
        height: outputRows,
        width: outputColumns,
        channels: outputChannels,
        groups,
        window,
        outputChannels: channels,
        rows: Math.ceil((height - phaseY) / stride[0]),
        columns: Math.ceil((width - phaseX) / stride[1]),
        stride: [1, 1],
        taps: pool.isNative("convolution") ? taps.reverse() : taps,
        neighbours: 1,
        transposed: true,
        targetStep: {
          image: height * width * columnBytes,
          row: stride[0] * width * columnBytes,
          column: stride[1] * columnBytes,
        },
        targetStart: (phaseY * width + phaseX) * columnBytes,
        epilogue: {},
      });
    }
  }
}

/** The places of the window through which an input at `start` (padding counted) is seen, and from how many outputs on. */
function phaseTaps(start: number, size: number, stride: number, dilation: number) {
  return range(size)
    .map((place) => ({ place, offset: (start - place * dilation) / stride }))
    .filter(({ offset }) => Number.isInteger(offset))
    .reverse(); // front to back in memory
}

interface TapSum {
  /** Pointers. */
  readonly source: number;
  readonly filter: number;
  readonly target: number;
  /** Of the source. */
  readonly images: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Of the target. */
  readonly rows: number;
  readonly columns: number;
  readonly outputChannels: number;
  readonly groups: number;
  readonly window: Pair;
  /** From one row or column of the target to the next, in the source. */
  readonly stride: Pair;
  /** Where a target pixel reads, relative to its own place times the stride; and the place in the window. */
  readonly taps: readonly { row: number; column: number; place: number }[];
  /** Taps that follow each other in a row of window and source alike. */
  readonly neighbours: number;
  readonly transposed: boolean;
  /** In bytes. */
  readonly targetStep: { readonly image: number; readonly row: number; readonly column: number };
  readonly targetStart: number;
  readonly epilogue: Epilogue;
}

function runTaps(pool: KernelPool, sum: TapSum): void {
  const { images, height, width, channels, rows, columns, outputChannels, groups, stride, taps, window } = sum;
  // It has working memory of its own; a transposed filter it would pack for each of its tasks, and take the taps one by one.
  const native = pool.isNative("convolution");
  const turned = native && sum.transposed && groups === 1 && taps.length === window[0] * window[1];
  const transposed = sum.transposed && !turned;
  const groupChannels = channels / groups;
  const groupColumns = outputChannels / groups;
  const depth = taps.length * groupChannels;
  const threads = images * rows * columns * outputChannels * depth < 250_000 ? 1 : pool.threads;

  const [tapRows, tapColumns] = [taps.map((tap) => tap.row), taps.map((tap) => tap.column)];
  const [top, left] = [smallest(tapRows), smallest(tapColumns)];
  const origin = taps.length === 0 ? [0, 0] : [top, left];
  const span = taps.length === 0 ? [1, 1] : [largest(tapRows) - top + 1, largest(tapColumns) - left + 1];
  /** Rows and columns of the source that the taps of all targets reach. */
  const reach = [(rows - 1) * stride[0] + span[0], (columns - 1) * stride[1] + span[1]];
  const inside = taps.length === 0 || (top >= 0 && left >= 0 && top + reach[0] <= height && left + reach[1] <= width);

  const tasks = planTasks({ rows: images * rows, columns, groupColumns, groups, depth }, threads);
  // Zeros around: copied once for all where several tasks would each copy the same rows, else by each task for itself.
  const padded = !inside && tasks.columnTasks > 1 && !native;
  const banded = !inside && !padded;
  const sourcePixel = banded ? groupChannels : channels;
  const sourceWidth = inside ? width : reach[1];
  const merged = groupChannels === sourcePixel ? sum.neighbours : 1;
  const table = taps
    .filter((_, index) => index % merged === 0)
    .flatMap(({ row, column, place }) => [
      ((row - top) * sourceWidth + column - left) * sourcePixel * 4,
      place * (transposed ? outputChannels / groups : groupChannels) * (transposed ? channels : outputChannels) * 4,
    ]);
  const tapCount = table.length / 2;
  const run = groupChannels * merged;

  const segments = Math.ceil(tasks.rowsPerTask / rows) + 1;
  const bandFloats = banded ? (tasks.rowsPerTask * stride[0] + segments * span[0]) * sourceWidth * groupChannels : 0;
  const workBytes = native ? 0 : convolutionWorkspace(tapCount, depth, tasks.columnsPerTask, bandFloats);
  const tableBytes = roundUp(table.length * 4, 64);
  const paddedBytes = padded ? images * reach[0] * reach[1] * channels * 4 : 0;
  const turnedBytes = turned ? 4 * taps.length * channels * outputChannels : 0;
  const scratch = pool.scratch(tableBytes + workBytes * threads + paddedBytes + turnedBytes);
  new Uint32Array(pool.memory.buffer, scratch, table.length).set(table);
  const work = scratch + tableBytes;
  const image = padded ? work + workBytes * threads : sum.source;
  const turnedFilter = work + workBytes * threads + paddedBytes;
  if (turned)
    runOn(pool, threads, "transposeMatrices", {
      x: sum.filter,
      y: turnedFilter,
      outer: taps.length,
      rows: outputChannels,
      columns: channels,
    });
  if (padded)
    runOn(pool, threads, "padImages", {
      x: sum.source,
      y: image,
      images,
      height,
      width,
      channels,
      top: origin[0],
      left: origin[1],
      rows: reach[0],
      columns: reach[1],
    });
  const { targetStep } = sum;
  runOn(pool, threads, "convolution", {
    x: image,
    w: turned ? turnedFilter : sum.filter,
    y: sum.target,
    images,
    channels,
    groupChannels,
    groups,
    height: padded ? reach[0] : height,
    width: padded ? reach[1] : width,
    outputRows: rows,
    outputColumns: columns,
    strideY: stride[0],
    strideX: stride[1],
    originY: padded ? 0 : origin[0],
    originX: padded ? 0 : origin[1],
    tapRows: span[0],
    bandWidth: banded ? sourceWidth : 0,
    start: sum.targetStart,
    imageStep: targetStep.image,
    rowStep: targetStep.row,
    columnStep: targetStep.column,
    tapCount,
    run,
    taps: scratch,
    transposed: Number(transposed),
    groupColumns,
    filterRowBytes: (transposed ? channels : outputChannels) * 4,
    groupBytes: (transposed ? groupChannels : groupColumns) * 4,
    columnsPerTask: tasks.columnsPerTask,
    rowsPerTask: tasks.rowsPerTask,
    shift: sum.epilogue.shift ?? 0,
    residual: sum.epilogue.residual ?? 0,
    relu: Number(sum.epilogue.relu ?? false),
    workspace: work,
    workspaceBytes: workBytes,
  });
}

interface TaskShape {
  /** Of all images. */
  readonly rows: number;
  readonly columns: number;
  readonly groupColumns: number;
  readonly groups: number;
  readonly depth: number;
}

/**
 * As for a matrix product: a task's filter columns should stay in L2 cache, and a thread packs them once for all its tasks of
 * the same columns. Where the images are small, tasks take all of them and few columns, a multiple of the threads in number.
 */
function planTasks({ rows, columns, groupColumns, groups, depth }: TaskShape, threads: number) {
  const widest = Math.max(8, Math.floor(packedFloats / Math.max(depth, 1) / 8) * 8);
  const fewPixels = rows * columns < 1024 && threads > 1;
  const split = Math.max(Math.ceil(groupColumns / widest), fewPixels ? Math.ceil((2 * threads) / groups) : 1);
  const columnsPerTask = roundUp(Math.ceil(groupColumns / (fewPixels ? roundUp(split, threads) : split)), 8);
  const columnTasks = Math.ceil(groupColumns / columnsPerTask);
  const enough = fewPixels && columnTasks * groups >= threads;
  // At least 96 pixels, and 4 rows, of which neighbouring tasks copy the same edges.
  const most = Math.max(1, Math.ceil((rows * columnTasks * groups) / (4 * threads)));
  const rowsPerTask = enough ? rows : Math.min(Math.max(Math.ceil(96 / columns), 4), most);
  return { columnsPerTask, columnTasks, rowsPerTask };
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
