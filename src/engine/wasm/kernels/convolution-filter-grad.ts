/** Shares out the gradient of a convolution with respect to its filter and runs it: see ../assembly/convolution-filter-grad.ts. */
import type { KernelPool } from "../pool.js";
import { filterGradWorkspace } from "../scratch-layout.js";
import { isDepthwise, runDepthwiseFilterGradient } from "./depthwise-plan.js";
import { clamp, packedFloats, roundUp, runOn } from "./product-tasks.js";

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
  if (isDepthwise(gradient)) {
    runDepthwiseFilterGradient(pool, gradient, { ...gradient, stride, dilation, padding });
    return;
  }
  const groupChannels = channels / groups;
  const groupColumns = outputChannels / groups;
  const pixels = images * outputRows * outputColumns;
  const rows = window[0] * window[1] * groupChannels;
  const size = rows * outputChannels;

  const threads = size * pixels < 250_000 ? 1 : pool.threads;
  // It has working memory of its own.
  const native = pool.isNative("convolutionFilterGrad");
  const plan = native ? planNativeShares : planShares;
  const { pixelShares, rowShares } = plan(rows, outputChannels, pixels, threads);
  const packedColumns = roundUp(groupColumns, 8);
  const largestBlock = clamp(Math.floor(packedFloats / packedColumns / 8) * 8, 64, 512);
  const sharePixels = Math.max(Math.ceil(pixels / pixelShares), 1);
  const pixelsPerBlock = Math.ceil(sharePixels / Math.ceil(sharePixels / largestBlock));
  const rowsPerBlock = Math.min(
    roundUp(Math.ceil(rows / rowShares), 6),
    Math.max(6, Math.floor(packedFloats / 2 / pixelsPerBlock / 6) * 6),
  );
  const bytes = native ? 0 : filterGradWorkspace(pixelsPerBlock, groupColumns, rowsPerBlock);
  const shareBytes = pixelShares > 1 ? pixelShares * size * 4 : 0;
  const scratch = pool.scratch(bytes * threads + shareBytes);
  const shares = scratch + bytes * threads;
  runOn(pool, threads, "convolutionFilterGrad", {
    x,
    dy,
    dw: pixelShares > 1 ? shares : dw,
    images,
    height,
    width,
    channels,
    groupChannels,
    groups,
    outputRows,
    outputColumns,
    strideY: stride[0],
    strideX: stride[1],
    padTop: padding[0],
    padLeft: padding[1],
    windowRows: window[0],
    windowColumns: window[1],
    dilationY: dilation[0],
    dilationX: dilation[1],
    outputChannels,
    groupColumns,
    pixelShares,
    rowShares,
    pixelsPerBlock,
    rowsPerBlock,
    workspace: scratch,
    workspaceBytes: bytes,
  });
  if (pixelShares > 1) runOn(pool, threads, "sumShares", { shares, total: dw, count: size, shareCount: pixelShares });
}

/** Shares of the pixels at most; the same whatever the number of threads, so that sums come out the same. */
const mostPixelShares = 48;

/** So that a thread which is held up leaves work to the others. */
const tasksPerThread = 4;

/** Bytes of the sums of all pixel shares together, at most. */
const shareBytesLimit = 8 * 2 ** 20;

/**
 * A share of the pixels writes and reads a dw of its own once more: at 192 pixels about 2 % of its work. A share of the rows packs
 * all of dy once more: at 48 rows about 6 %. It does not change the sums, so there are as few as keep the threads busy.
 */
function planShares(rows: number, columns: number, pixels: number, threads: number) {
  const most = Math.min(mostPixelShares, Math.floor(shareBytesLimit / (4 * rows * columns)));
  const pixelShares = clamp(Math.floor(pixels / 192), 1, Math.max(most, 1));
  const wanted = threads === 1 ? 1 : Math.ceil((tasksPerThread * threads) / pixelShares);
  const rowShares = clamp(wanted, 1, Math.max(Math.floor(rows / 48), 1));
  return { pixelShares, rowShares };
}

/** Tasks of the native kernel, the same on any number of threads, so that sums come out the same. */
const nativeTasks = 16;

/**
 * The native kernel keeps a dw of 256 KiB in cache while it takes any number of pixels, so that fewer and larger shares are better.
 * Of a larger dw a share of the rows is 128 high: the columns, which it shares out by itself, it packs once more for each.
 */
function planNativeShares(rows: number, columns: number, pixels: number) {
  if (rows * columns <= 65_536) return { pixelShares: clamp(Math.floor(pixels / 256), 1, nativeTasks), rowShares: 1 };
  return { pixelShares: 1, rowShares: clamp(Math.round(rows / 128), 1, nativeTasks) };
}
