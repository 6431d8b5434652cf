/**
 * What training asks of a data set: plain arrays, no tensors. Imagenette and the generated set both are one of these.
 */

export type Split = "train" | "validation";

/** A batch of B images of H x W pixels, RGB, normalised, and their classes. */
export interface ImageBatch {
  /** [B, H, W, 3], row-major. */
  readonly images: Float32Array;
  /** [B], indices into `classes`. */
  readonly labels: Int32Array;
  readonly shape: readonly [batch: number, height: number, width: number, channels: 3];
}

export interface BatchOptions {
  readonly split: Split;
  readonly batchSize: number;
  /** Side of the square images that come out, in pixels. */
  readonly size: number;
  /** Orders and augments; the same seed and epoch give the same batches, bit for bit. */
  readonly seed: number;
  readonly epoch: number;
  /** Batches to leave out at the start: where a resumed epoch goes on. Default 0. */
  readonly skip?: number;
  /** Random crops, flips and the rest. Default: true for `train`, false for `validation`. */
  readonly augment?: boolean;
  /** Leave out the last, smaller batch. Default: true for `train`, false for `validation`. */
  readonly dropRemainder?: boolean;
  readonly signal?: AbortSignal;
}

export interface ImageDataset {
  readonly name: string;
  readonly classes: readonly string[];
  count(split: Split): number;
  batches(options: BatchOptions): AsyncIterable<ImageBatch>;
  /** Stops decoding threads. The data set cannot be used afterwards. */
  close(): Promise<void>;
}
