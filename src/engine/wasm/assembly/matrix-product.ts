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
import { integerAt, pointerAt } from "./arguments";
import { packPanels, packPanelsTransposed, transpose, transposedRowBytes } from "./matrix-pack";
import { Epilogue, epilogueSlot, multiplyRows, prepareWorkspace, rowsOfC, tapZero, tileRows, workspaceHead } from "./matrix-tile";

/**
 * args: 0 A, 1 B, 2 C, 3 batch, 4 M, 5 N, 6 K,
 * 7 8 matrix of A for batch entry i: (i / args[7]) % args[8]; 9 10 the same for B,
 * 11 A is transposed, 12 B is transposed,
 * 13 rowsPerTask (a multiple of 6 unless it is M), 14 columnsPerTask (a multiple of 8 unless N),
 * 15 depthPerBlock (K unless A is transposed),
 * 16 shift [N] or 0, 17 residual [batch, M, N] or 0, 18 relu,
 * 19 workspace, 20 its bytes per thread: workspaceHead + 4 * depthPerBlock * (columnsPerTask rounded up to 8),
 *    and where A is transposed, rowsPerTask * transposedRowBytes(depthPerBlock),
 * 21 zero (the counter of tasks).
 */
export function matrixProduct(args: usize, part: i32, _parts: i32): void {
  const a = pointerAt(args, 0);
  const b = pointerAt(args, 1);
  const c = pointerAt(args, 2);
  const batch = integerAt(args, 3);
  const m = integerAt(args, 4);
  const n = integerAt(args, 5);
  const k = integerAt(args, 6);
  const transposeA = integerAt(args, 11) !== 0;
  const transposeB = integerAt(args, 12) !== 0;
  const rowsPerTask = integerAt(args, 13);
  const columnsPerTask = integerAt(args, 14);
  const depthPerBlock = integerAt(args, 15);
  const work = pointerAt(args, 19) + <usize>part * pointerAt(args, 20);
  prepareWorkspace(work);

  const epilogue = changetype<Epilogue>(work + epilogueSlot);
  epilogue.relu = integerAt(args, 18) !== 0;
  const shift = pointerAt(args, 16);
  const residual = pointerAt(args, 17);
  epilogue.residual = residual === 0 ? 0 : residual - c;
  const plain = shift === 0 && residual === 0 && !epilogue.relu;

  const panels = work + workspaceHead;
  const rowTasks = (m + rowsPerTask - 1) / rowsPerTask;
  const columnTasks = (n + columnsPerTask - 1) / columnsPerTask;
  const tasks = rowTasks * columnTasks * batch;
  const counter = args + (21 << 3);
  let packed = -1;
  for (let task = atomic.add<i32>(counter, 1); task < tasks; task = atomic.add<i32>(counter, 1)) {
    const row0 = (task % rowTasks) * rowsPerTask;
    const column0 = ((task / rowTasks) % columnTasks) * columnsPerTask;
    const entry = task / (rowTasks * columnTasks);
    const rows = min(rowsPerTask, m - row0);
    const columns = min(columnsPerTask, n - column0);
    const matrixA = a + <usize>((entry / integerAt(args, 7)) % integerAt(args, 8)) * (<usize>m * <usize>k << 2);
    const indexB = (entry / integerAt(args, 9)) % integerAt(args, 10);
    const matrixB = b + <usize>indexB * (<usize>k * <usize>n << 2);
    const rowBytes: usize = <usize>n << 2;
    const corner = c + <usize>entry * (<usize>m * rowBytes) + <usize>row0 * rowBytes + (<usize>column0 << 2);
    epilogue.shift = shift === 0 ? 0 : shift + (<usize>column0 << 2);

    let depth0 = 0;
    do {
      const depth = min(depthPerBlock, k - depth0);
      const panelBytes: usize = <usize>depth << 5;
      const key = depthPerBlock < k ? -1 : indexB * columnTasks + column0 / columnsPerTask;
      if (key === -1 || key !== packed) {
        if (transposeB) {
          const source = matrixB + ((<usize>column0 * <usize>k + <usize>depth0) << 2);
          packPanelsTransposed(source, <usize>k << 2, depth, columns, panels, panelBytes);
        } else {
          const source = matrixB + ((<usize>depth0 * <usize>n + <usize>column0) << 2);
          packPanels(source, <usize>n << 2, depth, columns, panels, panelBytes);
        }
        packed = key;
      }

      let left = matrixA + (<usize>row0 * <usize>k << 2);
      let leftBytes: usize = <usize>k << 2;
      if (transposeA) {
        left = panels + panelBytes * (<usize>(columns + 7) >> 3);
        leftBytes = transposedRowBytes(depth);
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
