/**
 * Cuts a matrix product into tasks that suit its shape and runs it: see ../assembly/matrix-product.ts, which does the work,
 * and ../assembly/convolution-filter-grad.ts, which does A^T B.
 */
import type { KernelPool } from "../pool.js";
import { matrixProductWorkspace } from "../scratch-layout.js";
import { runFilterGradient } from "./convolution-filter-grad.js";
import { clamp, packedFloats, roundUp, runOn, type Epilogue } from "./product-tasks.js";

export interface MatrixProduct {
  /** Pointers to op(A) [M, K], op(B) [K, N] and C [M, N], for each entry of the batch. */
  readonly a: number;
  readonly b: number;
  readonly c: number;
  /** M, N, K. */
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  /** A lies as [K, M], B as [N, K]. */
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** Default 1. */
  readonly batch?: number;
  /** Entry i of the batch takes matrix floor(i / divisor) % count of A, and so of B. Default: matrix i. */
  readonly entriesOfA?: BatchIndex;
  readonly entriesOfB?: BatchIndex;
  readonly epilogue?: Epilogue;
}

export interface BatchIndex {
  readonly divisor: number;
  readonly count: number;
}

/** Below this many multiply-adds a sleeping thread is woken too late to help: about 20 microseconds of work. */
const minimumToShare = 250_000;

/** Tasks for each thread, so that one which is held up leaves work to the others, and all end at about the same time. */
const tasksPerThread = 8;

/** Where tasks can be small: about 100 microseconds of work, a thousand times what taking a task costs. */
const multiplyAddsPerTask = 1_000_000;

/** C = op(A) op(B), with the epilogue. */
export function runMatrixProduct(pool: KernelPool, product: MatrixProduct): void {
  const { a, b, c, rows, columns, depth, transposeA = false, transposeB = false, batch = 1, epilogue = {} } = product;
  const plain = (epilogue.shift ?? 0) + (epilogue.residual ?? 0) === 0 && !epilogue.relu;
  if (transposeA && !transposeB && batch === 1 && plain) {
    // A^T B is the gradient of a 1 x 1 convolution over one row of K pixels with respect to its filter.
    const image = { images: 1, height: 1, width: depth, channels: rows, outputRows: 1, outputColumns: depth };
    runFilterGradient(pool, { ...image, x: a, dy: b, dw: c, window: [1, 1], outputChannels: columns });
    return;
  }
  const threads = rows * columns * depth * batch < minimumToShare ? 1 : pool.threads;
  const { rowsPerTask, columnsPerTask, depthPerBlock } = planTasks(
    { rows, columns, depth, batch, transposeA },
    threads,
  );
  const { entriesOfA = { divisor: 1, count: batch }, entriesOfB = { divisor: 1, count: batch } } = product;
  // Native products pack their operands by themselves, in memory of their own.
  const isNative = pool.isNative("matrixProduct");
  const turned = isNative && transposeB && entriesOfB.count === 1 && rows * batch >= minimumRowsToTranspose;
  const workspaceBytes = isNative
    ? 0
    : matrixProductWorkspace(depthPerBlock, columnsPerTask, transposeA ? rowsPerTask : 0);
  runOn(pool, threads, "matrixProduct", {
    a,
    b: turned ? transposedCopy(pool, b, columns, depth) : b,
    c,
    batch,
    rows,
    columns,
    depth,
    transposeA: Number(transposeA),
    transposeB: Number(transposeB && !turned),
    divisorA: entriesOfA.divisor,
    countA: entriesOfA.count,
    divisorB: entriesOfB.divisor,
    countB: entriesOfB.count,
    rowsPerTask,
    columnsPerTask,
    depthPerBlock,
    shift: epilogue.shift ?? 0,
    residual: epilogue.residual ?? 0,
    relu: Number(epilogue.relu ?? false),
    workspace: isNative ? 0 : pool.scratch(workspaceBytes * threads),
    workspaceBytes,
  });
}

/** From so many rows of A on, native products copy a transposed B first rather than pack it for each of their tasks. */
const minimumRowsToTranspose = 128;

/** B [rows, columns] as [columns, rows] in scratch memory. */
function transposedCopy(pool: KernelPool, x: number, rows: number, columns: number): number {
  const y = pool.scratch(4 * rows * columns);
  runOn(pool, rows * columns < 16_384 ? 1 : pool.threads, "transposeMatrices", { x, y, outer: 1, rows, columns });
  return y;
}

interface ProductShape {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly batch: number;
  readonly transposeA: boolean;
}

/**
 * Packing a column costs a thread about as much as multiplying it by four rows. So where there are many rows, tasks split
 * those and each thread packs all columns for itself; where there are few, tasks split the columns.
 */
function planTasks({ rows, columns, depth, batch, transposeA }: ProductShape, threads: number) {
  const depthPerBlock = transposeA ? Math.min(depth, 256) : depth;
  const wanted = threads === 1 ? 1 : tasksPerThread * threads;
  const widest = Math.max(8, Math.floor(packedFloats / Math.max(depthPerBlock, 1) / 8) * 8);
  const columnTasks = Math.max(Math.ceil(columns / widest), 1);

  const manyRows = rows >= 48 * wanted;
  const columnSplit = manyRows ? columnTasks : Math.max(columnTasks, Math.ceil(wanted / batch));
  const columnsPerTask = roundUp(Math.max(Math.ceil(columns / columnSplit), Math.min(columns, 16)), 8);
  if (manyRows && !transposeA) {
    const rowsPerTask = clamp(roundUp(Math.ceil(multiplyAddsPerTask / (depth * columnsPerTask)), 6), 12, 96);
    return { rowsPerTask, columnsPerTask, depthPerBlock };
  }
  const otherTasks = batch * Math.ceil(columns / columnsPerTask);
  const rowSplit = Math.max(Math.ceil(wanted / otherTasks), transposeA ? Math.ceil(rows / 252) : 1);
  return { rowsPerTask: roundUp(Math.ceil(rows / rowSplit), 6), columnsPerTask, depthPerBlock };
}
