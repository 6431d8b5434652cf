/** A few images of a data set to look at: as bytes for figures, and as a model takes them. */
import type { ImageDataset, Split } from "./dataset.js";
import { toBytes } from "./normalize.js";
import { assertKnownKeys, type KeysOf } from "../core/options.js";

/** One image of a data set with its class, for a model and for figures. */
export interface Sample {
  /** For figures: bytes from 0 to 255, [height, width, 3]. */
  readonly image: { readonly values: Uint8ClampedArray; readonly shape: readonly [number, number, 3] };
  /** For a model: the same image normalised. */
  readonly input: { readonly values: Float32Array; readonly shape: readonly [number, number, 3] };
  /** Index of the class, and its name. */
  readonly label: number;
  readonly name: string;
  /** Which image of the split this is. */
  readonly index: number;
}

/** Which images `samples` takes. */
export interface SampleOptions {
  /** How many; fewer where the split has fewer. Default 12. */
  readonly count?: number;
  /** Side of the square images, in pixels. */
  readonly size: number;
  /** Default `validation`. */
  readonly split?: Split;
  /** Chooses the images; the same seed gives the same ones. Default 0. */
  readonly seed?: number;
  /** As training sees them: cropped, flipped and so on at random. Default false. */
  readonly augment?: boolean;
}

const keys: KeysOf<SampleOptions> = { count: true, size: true, split: true, seed: true, augment: true };

/**
 * The first images of a shuffled split.
 *
 *     const [first] = await samples(data, { size: 64 });
 *     await axial.widgets.show(axial.widgets.imageGrid([{ image: first.image, caption: first.name }]));
 *
 * @throws ConfigError for an option that there is not; and what the data set's `batches` throw
 */
export async function samples(data: ImageDataset, options: SampleOptions): Promise<Sample[]> {
  assertKnownKeys("samples", options, keys);
  const { count = 12, size, split = "validation", seed = 0, augment = false } = options;
  const found: Sample[] = [];
  const order = { split, batchSize: count, size, seed, epoch: 0, shuffle: true, augment, dropRemainder: false };
  for await (const { images, labels, indices, shape } of data.batches(order)) {
    const [, height, width, channels] = shape;
    const length = height * width * channels;
    labels.forEach((label, i) => {
      const values = images.slice(i * length, (i + 1) * length);
      const one = [height, width, channels] as const;
      found.push({
        image: { values: toBytes(values), shape: one },
        input: { values, shape: one },
        label,
        name: data.classes[label],
        index: indices[i],
      });
    });
    break;
  }
  return found;
}
