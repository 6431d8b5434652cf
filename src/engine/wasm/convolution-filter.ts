/** Shares out the gradient of a convolution with respect to its filter and runs it: see assembly/convolution-filter.ts. */
import { clamp, packedFloats, roundUp, transposedRowBytes, workspaceHead } from "./matrix-product.js";
import type { KernelPool } from "./pool.js";

export interface FilterGradient {
  /** Pointers to x [images, height, width, channels], dy [images, outputRows, outputColumns, outputChannels], dw. */
  readonly x: number;
  readonly dy: number;
  /** [...window, channels / groups, outputChannels] */
  readonly dw: number;
  readonly images: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly outputRows: number;
  readonly outputColumns: number;
  readonly outputChannels: number;
  /** Rows and columns of the window. */
  readonly window: readonly [number, number];
  /** Rows and columns each. Default [1, 1]. */
  readonly stride?: readonly [number, number];
  readonly dilation?: readonly [number, number];
  /** Zeros above and left of x. Default [0, 0]. */
  readonly padding?: readonly [number, number];
  /** Default 1. */
  readonly groups?: number;
}

export function runFilterGradient(pool: KernelPool, gradient: FilterGradient): void {
  const { x, dy, dw, images, height, width, channels, outputRows, outputColumns, outputChannels, window } = gradient;
  const { stride = [1, 1], dilation = [1, 1], padding = [0, 0], groups = 1 } = gradient;
  const groupChannels = channels / groups;
  const groupColumns = outputChannels / groups;
  const pixels = images * outputRows * outputColumns;
  const rows = window[0] * window[1] * groupChannels;
  const size = rows * outputChannels;

  const threads = size * pixels < 250_000 ? 1 : pool.threads;
  const { pixelShares, rowShares } = planShares(rows, outputChannels, pixels);
  const packedColumns = roundUp(groupColumns, 8);
  const largestBlock = clamp(Math.floor(packedFloats / packedColumns / 8) * 8, 64, 512);
  const sharePixels = Math.max(Math.ceil(pixels / pixelShares), 1);
  const pixelsPerBlock = Math.ceil(sharePixels / Math.ceil(sharePixels / largestBlock));
  const rowsPerBlock = Math.min(
    roundUp(Math.ceil(rows / rowShares), 6),
    Math.max(6, Math.floor(packedFloats / 2 / pixelsPerBlock / 6) * 6),
  );
  const blockBytes = 4 * pixelsPerBlock * packedColumns + rowsPerBlock * transposedRowBytes(pixelsPerBlock);
  const bytes = roundUp(workspaceHead + blockBytes, 64);
  const shareBytes = pixelShares > 1 ? pixelShares * size * 4 : 0;
  const scratch = pool.scratch(bytes * threads + shareBytes);
  const shares = scratch + bytes * threads;
  const run = (name: string, args: number[]): void =>
    threads === 1 ? pool.runAlone(name, args) : pool.run(name, args);
  run("convolutionFilterGradient", [
    ...[x, dy, pixelShares > 1 ? shares : dw, images, height, width, channels, groupChannels, groups],
    ...[outputRows, outputColumns, ...stride, ...padding, ...window, ...dilation, outputChannels, groupColumns],
    ...[pixelShares, rowShares, pixelsPerBlock, rowsPerBlock, scratch, bytes, 0],
  ]);
  if (pixelShares > 1) run("sumShares", [shares, dw, size, pixelShares]);
}

/** Bytes of all the sums of shares together, at most about. */
const shareBytesLimit = 8 * 2 ** 20;

/**
 * Sharing out pixels costs each share a dw of its own, written and read once more; sharing out rows, packing all of dy. Enough
 * shares to keep 16 threads busy, and the same whatever their number, so that sums come out the same.
 */
function planShares(rows: number, columns: number, pixels: number): { pixelShares: number; rowShares: number } {
  if (2 * rows > pixels) return { pixelShares: 1, rowShares: clamp(Math.floor(rows / 96), 1, 16) };
  const most = clamp(Math.floor(shareBytesLimit / (4 * rows * columns)), 4, 32);
  return { pixelShares: clamp(Math.floor(pixels / 256), 1, most), rowShares: 1 };
}
