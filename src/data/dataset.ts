/**
 * What training asks of a data set: plain arrays, no tensors. Imagenette, any folder of images and the generated sets
 * each are one of these. What a batch holds beside its images is a matter between the data set and the task.
 *
 * B images a batch, H x W pixels, 3 channels (red, green, blue).
 */

export type Split = "train" | "validation";

/**
 * A batch of B images of H x W pixels, RGB, normalised, and whatever else a task is taught by. Every typed array in it
 * has one row an image, B rows in the same order, so that a batch can be cut into parts without knowing what it holds.
 */
export interface Batch {
  /** [B, H, W, 3], row-major; (value / 255 - mean) / std per channel, see `normalize.ts`. */
  readonly images: Float32Array;
  /** [B], which image of the split each one is, from 0 to `count(split) - 1`. */
  readonly indices: Uint32Array;
  readonly shape: readonly [batch: number, height: number, width: number, channels: 3];
}

/** Images and their classes. */
export interface ImageBatch extends Batch {
  /** [B], indices into `classes`. */
  readonly labels: Int32Array;
}

/** Images and the class of every pixel. */
export interface LabelMapBatch extends Batch {
  /** [B, H, W], indices into `classes`; -1 where nothing is said of a pixel, which then counts nowhere. */
  readonly labelMaps: Int32Array;
}

/** Which batches of an epoch a data set is to give, and how large. */
export interface BatchOptions {
  readonly split: Split;
  readonly batchSize: number;
  /** Side of the square images that come out, in pixels. */
  readonly size: number;
  /** Orders and augments; the same seed and epoch give the same batches, bit for bit, on any number of threads. */
  readonly seed: number;
  readonly epoch: number;
  /** Batches to leave out at the start: where a resumed epoch goes on. Default 0. */
  readonly skip?: number;
  /** Random crops, flips and the rest. Default: true for `train`, false for `validation`. */
  readonly augment?: boolean;
  /** A new order each epoch. Default: true for `train`, false for `validation`. */
  readonly shuffle?: boolean;
  /** Leave out the last, smaller batch. Default: true for `train`, false for `validation`. */
  readonly dropRemainder?: boolean;
  /**
   * Which part of each batch comes out, where several processes share them: the order of the epoch and what a batch holds
   * do not depend on it, `batchSize` is that of the whole. Default: all of it.
   */
  readonly shard?: { readonly rank: number; readonly size: number };
  /** Ends the iteration with the signal's reason. Default: none. */
  readonly signal?: AbortSignal;
}

/** What is to be decoded ahead of training. */
export interface PrepareOptions {
  /** The size that `batches` will be asked for. */
  readonly size: number;
  /** Default: both. */
  readonly splits?: readonly Split[];
  /** Ends the work with the signal's reason. Default: none. */
  readonly signal?: AbortSignal;
  /** Told how far it is. Default: nobody. */
  readonly onProgress?: (progress: Progress) => void;
}

/** How far a longer piece of work is: `done` of `total` (bytes or images), total null while it is unknown. */
export interface Progress {
  readonly task: "download" | "verify" | "unpack" | "decode";
  readonly what: string;
  readonly unit: "bytes" | "images";
  readonly done: number;
  readonly total: number | null;
}

/** An image that is left out, and why. */
export interface SkippedImage {
  readonly split: Split;
  /** Relative to the data set's folder, with forward slashes. */
  readonly path: string;
  readonly reason: string;
}

/** A data set whose batches are `B`. */
export interface Dataset<B extends Batch = Batch> {
  readonly name: string;
  /** What its batches hold beside the images: `classes` for an `ImageBatch`, `label maps` for a `LabelMapBatch`. */
  readonly targets: string;
  readonly classes: readonly string[];
  /** Everything that the images depend on, as plain JSON, for logs and checkpoints. */
  readonly description: Readonly<Record<string, unknown>>;
  /** Images that could not be read and are left out; complete once `prepare` has run. */
  readonly skipped: readonly SkippedImage[];
  /** Images of the split, without those skipped; final once `prepare` has run. */
  count(split: Split): number;
  /**
   * Does the work that would hold up the first batches: decodes every image once, into a cache on disk. `batches` does it
   * by itself where it is missing; call it to see progress, or before `count` when files may be broken.
   */
  prepare(options: PrepareOptions): Promise<void>;
  batches(options: BatchOptions): AsyncIterable<B>;
  /** Stops its threads. The data set cannot be used afterwards. */
  close(): Promise<void>;
}

/** Images of classes. */
export type ImageDataset = Dataset<ImageBatch>;

/** The batch in parts of at most so many images, which share its memory. */
export function partsOf<B extends Batch>(batch: B, most: number): B[] {
  const count = batch.shape[0];
  return Array.from({ length: Math.ceil(count / most) }, (_, i) => {
    const [begin, end] = [i * most, Math.min(count, (i + 1) * most)];
    const fields = Object.entries(batch).map(([name, value]: [string, unknown]) => {
      if (!ArrayBuffer.isView(value)) return [name, value];
      const rows = value as Float32Array;
      const length = rows.length / count;
      return [name, rows.subarray(begin * length, end * length)];
    });
    return { ...Object.fromEntries(fields), shape: [end - begin, ...batch.shape.slice(1)] } as B;
  });
}
