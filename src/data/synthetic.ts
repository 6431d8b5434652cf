/**
 * The generated data set: images made on the fly, seeded, without files or network, whose class can only be told by
 * relating two places at opposite ends of the image. `scene.ts` explains the construction and what it is for.
 */
import { AxialError, ConfigError } from "../errors.js";
import type { BatchOptions, ImageBatch, ImageDataset, Split } from "./dataset.js";
import { normalizationTable } from "./normalize.js";
import { paintScene } from "./paint.js";
import { planEpoch, resolveBatchOptions } from "./plan.js";
import { purpose, randomOf } from "./random.js";
import { colors, drawScene, type Scene } from "./scene.js";

export interface GeneratedOptions {
  /** Number of classes, from 2 to 6. Default 4. */
  readonly classes?: number;
  /** Default 4096. */
  readonly trainCount?: number;
  /** Default 512. */
  readonly validationCount?: number;
  /** Default 0. */
  readonly seed?: number;
}

export interface GeneratedDataset extends ImageDataset {
  /** What image `index` shows; as `batches` draws it where `augment` is false. */
  scene(split: Split, index: number): Scene;
  /** The same image as bytes, [size, size, 3]. */
  image(split: Split, index: number, size: number): Uint8ClampedArray;
}

/**
 * Image `index` has the class `index mod classes`. With `augment` (the default for training) every epoch draws the images
 * anew, so that there is nothing to learn by heart; without it they are the same in every epoch.
 */
export function generated(options: GeneratedOptions = {}): GeneratedDataset {
  const { classes = 4, trainCount = 4096, validationCount = 512, seed = 0 } = options;
  const assertWhole = (name: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER): void => {
    if (Number.isSafeInteger(value) && value >= least && value <= most) return;
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new ConfigError(`generated: ${name} must be a whole number ${range}, got ${value}`);
  };
  assertWhole("classes", classes, 2, colors.length);
  assertWhole("trainCount", trainCount, 1);
  assertWhole("validationCount", validationCount, 1);
  assertWhole("seed", seed, 0);

  const counts: Record<Split, number> = { train: trainCount, validation: validationCount };
  const table = normalizationTable();
  let closed = false;

  /** Draws until the class is the one that the index asks for, so that all classes are equally frequent. */
  const draw = (split: Split, index: number, epoch: number) => {
    const random = randomOf(purpose.scene, seed, split === "train" ? 0 : 1, epoch, index);
    for (;;) {
      const scene = drawScene(classes, random);
      if (scene.label === index % classes) return { scene, random };
    }
  };
  const paint = (split: Split, index: number, epoch: number, size: number, out: Uint8ClampedArray): Scene => {
    const { scene, random } = draw(split, index, epoch);
    paintScene(scene, size, random, out);
    return scene;
  };
  const assertIndex = (where: string, split: Split, index: number): void => {
    if (Number.isSafeInteger(index) && index >= 0 && index < counts[split]) return;
    throw new ConfigError(`${where}: index must be from 0 to ${counts[split] - 1}, got ${index}`);
  };

  async function* batches(batchOptions: BatchOptions): AsyncGenerator<ImageBatch> {
    const where = "generated.batches";
    if (closed) throw new AxialError(`${where}: the data set is closed; make a new one`);
    const resolved = resolveBatchOptions(where, batchOptions);
    const { split, size, epoch, augment, signal } = resolved;
    const bytes = new Uint8ClampedArray(size * size * 3);
    for (const indices of planEpoch(where, counts[split], resolved)) {
      await new Promise(setImmediate); // Timers and input have their turn between batches.
      signal?.throwIfAborted();
      const images = new Float32Array(indices.length * bytes.length);
      const labels = new Int32Array(indices.length);
      indices.forEach((index, i) => {
        labels[i] = paint(split, index, augment ? epoch + 1 : 0, size, bytes).label;
        const start = i * bytes.length;
        for (let at = 0; at < bytes.length; at++) {
          images[start + at] = table[(at % 3) * 256 + bytes[at]];
        }
      });
      yield { images, labels, indices, shape: [indices.length, size, size, 3] };
    }
  }

  return {
    name: "generated",
    classes: colors.slice(0, classes).map(({ name }) => name),
    description: { name: "generated", version: 1, classes, trainCount, validationCount, seed },
    skipped: [],
    count: (split) => counts[split],
    prepare: () => Promise.resolve(),
    batches,
    close: () => {
      closed = true;
      return Promise.resolve();
    },
    scene: (split, index) => {
      assertIndex("generated.scene", split, index);
      return draw(split, index, 0).scene;
    },
    image: (split, index, size) => {
      assertIndex("generated.image", split, index);
      const out = new Uint8ClampedArray(size * size * 3);
      paint(split, index, 0, size, out);
      return out;
    },
  };
}
