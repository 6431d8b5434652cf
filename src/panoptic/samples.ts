/** A few images of a panoptic set to look at: bytes for figures, what a model takes, the truth, and what it makes of it. */
import type { Split } from "../data/dataset.js";
import { toBytes } from "../data/normalize.js";
import { assertKnownKeys, type KeysOf } from "../core/options.js";
import type { PanopticDataset } from "./dataset.js";
import type { PixelMap } from "./panoptic-map.js";

/** One image of a panoptic data set, for a model and for figures. */
export interface PanopticSample {
  /** For figures: bytes from 0 to 255, [height, width, 3]. */
  readonly image: { readonly values: Uint8ClampedArray; readonly shape: readonly [number, number, 3] };
  /** For a model: the same image normalised. */
  readonly input: { readonly values: Float32Array; readonly shape: readonly [number, number, 3] };
  /** Labels class * 1000 + object. */
  readonly map: PixelMap;
  /** [H, W]: heat map of the centres */
  readonly center: Float32Array;
  /** [H, W, 2]: (y, x) to the own centre */
  readonly offset: Float32Array;
  /** [H, W]: 1 on objects, which offsets are trained on */
  readonly offsetWeight: Float32Array;
  /** Which image of the split this is. */
  readonly index: number;
}

/** Which images `panopticSamples` takes. */
export interface PanopticSampleOptions {
  /** How many; fewer where the split has fewer. Default 4. */
  readonly count?: number;
  /** Rows. */
  readonly size: number;
  /** Default `validation`. */
  readonly split?: Split;
  /** Chooses the images; the same seed gives the same ones. Default: the first, in order. */
  readonly seed?: number;
  /** As training sees them: magnified, cut and mirrored at random. Default false. */
  readonly augment?: boolean;
}

const keys: KeysOf<PanopticSampleOptions> = { count: true, size: true, split: true, seed: true, augment: true };

/**
 * The first images of a split, or those of a shuffled one.
 *
 * @throws ConfigError for an option that there is not; and what the data set's `batches` throw
 */
export async function panopticSamples(
  data: PanopticDataset,
  options: PanopticSampleOptions,
): Promise<PanopticSample[]> {
  assertKnownKeys("panoptic.panopticSamples", options, keys);
  const { count = 4, size, split = "validation", seed, augment = false } = options;
  const shuffle = seed !== undefined;
  const order = { split, batchSize: count, size, seed: seed ?? 0, epoch: 0, shuffle, augment, dropRemainder: false };
  for await (const batch of data.batches(order)) {
    const [images, height, width] = batch.shape;
    const shape = [height, width, 3] as const;
    const pixels = height * width;
    return Array.from({ length: images }, (_, i) => {
      const part = <T extends Float32Array | Int32Array>(values: T, channels = 1): T =>
        values.slice(i * pixels * channels, (i + 1) * pixels * channels) as T;
      const values = part(batch.images, 3);
      return {
        image: { values: toBytes(values), shape },
        input: { values, shape },
        map: { height, width, values: part(batch.panoptic) },
        center: part(batch.center),
        offset: part(batch.offset, 2),
        offsetWeight: part(batch.offsetWeight),
        index: batch.indices[i],
      };
    });
  }
  return [];
}
