/**
 * How the kernels lay out scratch memory. Compiled twice: by tsc for the plans, which reserve it (kernels/), and by
 * AssemblyScript for the kernels, which use it (assembly/). Hence the type i32, and integers alone. Of attention:
 * attention-scratch.ts.
 */

/** Rows and columns of the tile that matrix products are made of: see assembly/matrix-tile.ts. */
export const tileRows: i32 = 6;
export const tileColumns: i32 = 8;

/** Bytes of tables at the start of a thread's workspace for products, before its own buffers: see assembly/matrix-tile.ts. */
export const workspaceHead: i32 = 320;

/** Bytes up to whole cache lines. */
export function cacheLines(bytes: i32): i32 {
  return (bytes + 63) & ~63;
}

/** Bytes of packed panels: `depth` rows of so many columns, filled up to whole tiles. */
export function panelBytes(depth: i32, columns: i32): i32 {
  return 4 * depth * ((columns + tileColumns - 1) & ~(tileColumns - 1));
}

/**
 * Bytes of a transposed row of so many floats: an odd number of cache lines, for rows a power of two apart push each other
 * out of the cache.
 */
export function transposedRowBytes(floats: i32): i32 {
  return (((floats + 15) >> 4) | 1) << 6;
}

/** Where the panels of a convolution with so many taps begin in a thread's workspace. */
export function convolutionPanels(taps: i32): i32 {
  return cacheLines(workspaceHead + 4 * taps);
}

/** A thread's workspace for matrixProduct; `transposedRows` of A: 0 where it is read in place. */
export function matrixProductWorkspace(depth: i32, columns: i32, transposedRows: i32): i32 {
  return cacheLines(workspaceHead + panelBytes(depth, columns) + transposedRows * transposedRowBytes(depth));
}

/** A thread's workspace for convolution: `depth` is that of all taps together. */
export function convolutionWorkspace(taps: i32, depth: i32, columns: i32, bandFloats: i32): i32 {
  return cacheLines(convolutionPanels(taps) + panelBytes(depth, columns) + 4 * bandFloats);
}

/** A thread's workspace for convolutionFilterGrad: a block of dy beside one of x, transposed. */
export function filterGradWorkspace(pixels: i32, columns: i32, rows: i32): i32 {
  return matrixProductWorkspace(pixels, columns, rows);
}
