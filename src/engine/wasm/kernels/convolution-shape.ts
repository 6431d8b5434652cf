/** What a convolution is over. */

/** Rows, columns. */
export type Pair = readonly [number, number];

/** The shapes of a convolution; `channels` and so on are those of all groups together. */
export interface ConvolutionShape {
  readonly images: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly outputRows: number;
  readonly outputColumns: number;
  readonly outputChannels: number;
  readonly window: Pair;
  readonly stride: Pair;
  readonly dilation: Pair;
  /** Zeros above and left of the input; what lies below and right of it follows from the other sizes. */
  readonly padding: Pair;
  readonly groups: number;
}

/** Whether every pixel sees itself alone, so that this is a product of matrices: pixels by channels, channels by channels. */
export function isPointwise({ window, stride, padding, groups, height, width, ...shape }: ConvolutionShape): boolean {
  const single = window[0] * window[1] === 1 && stride[0] * stride[1] === 1 && padding[0] + padding[1] === 0;
  return single && groups === 1 && shape.outputRows === height && shape.outputColumns === width;
}
