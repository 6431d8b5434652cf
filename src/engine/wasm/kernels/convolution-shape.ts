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
