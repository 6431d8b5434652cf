/**
 * matrixProduct: C = op(A) op(B) for a batch of matrices, op being nothing or the transposition, with an epilogue.
 * Equals tf.matMul (and its fused form); the 1x1 convolution of stride 1 is one with M = batch * height * width.
 *
 * Layout: A [batchA, M, K] ([batchA, K, M] when transposed), B [batchB, K, N] ([batchB, N, K]), C [batch, M, N].
 *
 * C is cut into tasks of `rowsPerTask` x `columnsPerTask`, which threads take from a counter: whoever does a task, its
 * sums are the same. Consecutive tasks share their columns, so that a thread packs a panel of B once and keeps it in
 * its L2 cache. A is read in place; transposed, a block of it is first brought into rows, and the depth is cut into
 * blocks so that the block stays in cache.
 */
import { panelBytes, tileRows, transposedRowBytes, workspaceHead } from "../scratch-layout";
import { packPanels, packPanelsTransposed, transpose } from "./matrix-pack";
import { Epilogue, epilogueSlot, multiplyRows, prepareWorkspace, rowsOfC, tapZero } from "./matrix-tile";
import { matrixProductArgs } from "./slots";

/**
 * rowsPerTask is a multiple of 6 unless it is M, columnsPerTask one of 8 unless it is N, depthPerBlock K unless A is
 * transposed. A thread's workspace: matrixProductWorkspace of ../scratch-layout.ts.
 */
export function matrixProduct(args: usize, part: i32, _parts: i32): void {
  const a = matrixProductArgs.a(args);
  const b = matrixProductArgs.b(args);
  const c = matrixProductArgs.c(args);
  const batch = matrixProductArgs.batch(args);
  const m = matrixProductArgs.rows(args);
  const n = matrixProductArgs.columns(args);
  const k = matrixProductArgs.depth(args);
  const transposeA = matrixProductArgs.transposeA(args);
  const transposeB = matrixProductArgs.transposeB(args);
  const rowsPerTask = matrixProductArgs.rowsPerTask(args);
  const columnsPerTask = matrixProductArgs.columnsPerTask(args);
  const depthPerBlock = matrixProductArgs.depthPerBlock(args);
  const work = matrixProductArgs.workspace(args) + <usize>part * matrixProductArgs.workspaceBytes(args);
  prepareWorkspace(work);

  const epilogue = changetype<Epilogue>(work + epilogueSlot);
  epilogue.relu = matrixProductArgs.relu(args);
  const shift = matrixProductArgs.shift(args);
  const residual = matrixProductArgs.residual(args);
  epilogue.residual = residual === 0 ? 0 : residual - c;
  const plain = shift === 0 && residual === 0 && !epilogue.relu;

  const panels = work + <usize>workspaceHead;
  const rowTasks = (m + rowsPerTask - 1) / rowsPerTask;
  const columnTasks = (n + columnsPerTask - 1) / columnsPerTask;
  const tasks = rowTasks * columnTasks * batch;
  const counter = matrixProductArgs.counter(args);
  let packed = -1;
  for (let task = atomic.add<i32>(counter, 1); task < tasks; task = atomic.add<i32>(counter, 1)) {
    const row0 = (task % rowTasks) * rowsPerTask;
    const column0 = ((task / rowTasks) % columnTasks) * columnsPerTask;
    const entry = task / (rowTasks * columnTasks);
    const rows = min(rowsPerTask, m - row0);
    const columns = min(columnsPerTask, n - column0);
    const matrixA = a + <usize>((entry / matrixProductArgs.divisorA(args)) % matrixProductArgs.countA(args)) * (<usize>m * <usize>k << 2);
    const indexB = (entry / matrixProductArgs.divisorB(args)) % matrixProductArgs.countB(args);
    const matrixB = b + <usize>indexB * (<usize>k * <usize>n << 2);
    const rowBytes: usize = <usize>n << 2;
    const corner = c + <usize>entry * (<usize>m * rowBytes) + <usize>row0 * rowBytes + (<usize>column0 << 2);
    epilogue.shift = shift === 0 ? 0 : shift + (<usize>column0 << 2);

    let depth0 = 0;
    do {
      const depth = min(depthPerBlock, k - depth0);
      const bytesOfPanel: usize = <usize>depth << 5;
      const key = depthPerBlock < k ? -1 : indexB * columnTasks + column0 / columnsPerTask;
      if (key === -1 || key !== packed) {
        if (transposeB) {
          const source = matrixB + ((<usize>column0 * <usize>k + <usize>depth0) << 2);
          packPanelsTransposed(source, <usize>k << 2, depth, columns, panels, bytesOfPanel);
        } else {
          const source = matrixB + ((<usize>depth0 * <usize>n + <usize>column0) << 2);
          packPanels(source, <usize>n << 2, depth, columns, panels, bytesOfPanel);
        }
        packed = key;
      }

      let left = matrixA + (<usize>row0 * <usize>k << 2);
      let leftBytes: usize = <usize>k << 2;
      if (transposeA) {
        left = panels + <usize>panelBytes(depth, columns);
        leftBytes = <usize>transposedRowBytes(depth);
        const source = matrixA + ((<usize>depth0 * <usize>m + <usize>row0) << 2);
        transpose(source, <usize>m << 2, depth, rows, left, leftBytes);
      }

      const last = depth0 + depth >= k;
      for (let row = 0; row < rows; row += tileRows) {
        const rowCount = min(tileRows, rows - row);
        for (let i = 0; i < rowCount; i++) {
          store<usize>(work + (<usize>i << 2), (left + <usize>(row + i) * leftBytes));
          store<usize>(work + rowsOfC + (<usize>i << 2), (corner + <usize>(row + i) * rowBytes));
        }
        let finish: Epilogue | null = null;
        if (last && !plain) finish = epilogue;
        multiplyRows(work, rowCount, columns, work + tapZero, 1, depth, panels, depth0 > 0, finish);
      }
      depth0 += depth;
    } while (depth0 < k);
  }
}
