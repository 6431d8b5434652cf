/** Runs convolutions in as many groups as there are channels by kernels of their own: see ../assembly/depthwise-convolution.ts. */
import type { KernelPool } from "../pool.js";
import type { ConvolutionShape } from "./convolution-shape.js";
import { clamp, runOn, type Epilogue } from "./product-tasks.js";

type DepthwiseShape = Omit<ConvolutionShape, "groups">;

/** Whether each channel of the result comes from the one channel of the input at its place. */
export const isDepthwise = ({
  groups = 1,
  channels,
  outputChannels,
}: Pick<ConvolutionShape, "channels" | "outputChannels"> & { readonly groups?: number }): boolean =>
  groups > 1 && groups === channels && groups === outputChannels;

/** y = epilogue(x * w); all are pointers. */
export function runDepthwise(
  pool: KernelPool,
  { x, w, y, epilogue = {} }: { x: number; w: number; y: number; epilogue?: Epilogue },
  shape: DepthwiseShape,
  mirrored = false,
): void {
  runOn(pool, threadsFor(pool, shape), "depthwiseConvolution", {
    x,
    w,
    y,
    ...geometryOf(shape),
    mirrored: Number(mirrored),
    shift: epilogue.shift ?? 0,
    residual: epilogue.residual ?? 0,
    relu: Number(epilogue.relu ?? false),
  });
}

/** dx from dy, of a convolution without stride: the convolution of dy with the window mirrored. All are pointers. */
export function runDepthwiseInputGradient(
  pool: KernelPool,
  { dy, w, dx }: { dy: number; w: number; dx: number },
  shape: DepthwiseShape,
): void {
  const { height, width, outputRows, outputColumns, window, dilation, padding } = shape;
  const mirroredShape = {
    ...shape,
    height: outputRows,
    width: outputColumns,
    outputRows: height,
    outputColumns: width,
    padding: [(window[0] - 1) * dilation[0] - padding[0], (window[1] - 1) * dilation[1] - padding[1]] as const,
  };
  runDepthwise(pool, { x: dy, w, y: dx }, mirroredShape, true);
}

/** Parts of the places that are summed by themselves: the same whatever the number of threads, so that sums are too. */
const mostPixelShares = 16;

/** dw from x and dy; all are pointers. */
export function runDepthwiseFilterGradient(
  pool: KernelPool,
  { x, dy, dw }: { x: number; dy: number; dw: number },
  shape: DepthwiseShape,
): void {
  const { images, outputRows, outputColumns, window, channels } = shape;
  const threads = threadsFor(pool, shape);
  const pixelShares = clamp(Math.floor((images * outputRows * outputColumns) / 256), 1, mostPixelShares);
  const count = window[0] * window[1] * channels;
  const shares = pixelShares > 1 ? pool.scratch(pixelShares * count * 4) : dw;
  runOn(pool, threads, "depthwiseFilterGrad", { x, dy, dw: shares, ...geometryOf(shape), pixelShares });
  if (pixelShares > 1) runOn(pool, threads, "sumShares", { shares, total: dw, count, shareCount: pixelShares });
}

const threadsFor = (pool: KernelPool, { images, outputRows, outputColumns, window, channels }: DepthwiseShape) =>
  images * outputRows * outputColumns * channels * window[0] * window[1] < 250_000 ? 1 : pool.threads;

const geometryOf = (shape: DepthwiseShape) => ({
  images: shape.images,
  height: shape.height,
  width: shape.width,
  channels: shape.channels,
  outputRows: shape.outputRows,
  outputColumns: shape.outputColumns,
  windowRows: shape.window[0],
  windowColumns: shape.window[1],
  strideY: shape.stride[0],
  strideX: shape.stride[1],
  dilationY: shape.dilation[0],
  dilationX: shape.dilation[1],
  padTop: shape.padding[0],
  padLeft: shape.padding[1],
});
