/**
 * The generated data set: images made on the fly, seeded, without files or network, whose class can only be told by
 * relating two places at opposite ends of the image. `scene.ts` explains the construction and what it is for.
 */
import { join } from "node:path";
import { ConfigError } from "../core/errors.js";
import { assertKnownKeys, type KeysOf } from "../core/options.js";
import { createBatchPool } from "./batch-pool.js";
import type { Batch, BatchOptions, Dataset, ImageBatch, LabelMapBatch, Split } from "./dataset.js";
import { paintScene, sceneParts } from "./paint.js";
import { planEpoch, resolveBatchOptions } from "./plan.js";
import { sceneOf, type ScenesJob } from "./scene-batches.js";
import { colors, type Scene } from "./scene.js";

/** How many images `generated` draws, of how many classes, in what layout. */
export interface GeneratedOptions {
  /** Number of classes, from 2 to 6. Default 4. */
  readonly classes?: number;
  /** Default 4096. */
  readonly trainCount?: number;
  /** Default 512. */
  readonly validationCount?: number;
  /** Default 0. */
  readonly seed?: number;
  /** Threads that draw. Default: 2, or 1 on a single core. */
  readonly threads?: number;
  /** Batches drawn ahead. Default: as many as fit in 128 MiB, from 2 to 16. */
  readonly prefetch?: number;
}

const keys: KeysOf<Omit<GeneratedOptions, "classes">> = {
  trainCount: true,
  validationCount: true,
  seed: true,
  threads: true,
  prefetch: true,
};

/** A data set that is drawn, not read: every image can be told apart from its scene. */
export interface GeneratedDataset<B extends Batch = ImageBatch> extends Dataset<B> {
  /** What image `index` shows; as `batches` draws it where `augment` is false. */
  scene(split: Split, index: number): Scene;
  /** The same image as bytes, [size, size, 3]. */
  image(split: Split, index: number, size: number): Uint8ClampedArray;
}

/**
 * The class of an image is the colour of the disc opposite the ring: image `index` has the class `index mod classes`. With
 * `augment` (the default for training) every epoch draws the images anew, so that there is nothing to learn by heart;
 * without it they are the same in every epoch.
 *
 * @throws ConfigError for options; from `batches` for theirs; from `scene` and `image` for an index that there is not
 * @throws AxialError from `batches` of a data set that is closed
 */
export function generated(options: GeneratedOptions = {}): GeneratedDataset {
  assertKnownKeys("generated", options, { ...keys, classes: true });
  return scenes<ImageBatch>("generated", { ...options, colors: options.classes ?? 4, targets: "classes" });
}

/** What `generated` takes, with the number of colours in place of the number of classes. */
export interface GeneratedLabelMapsOptions extends Omit<GeneratedOptions, "classes"> {
  /** Number of colours, which is that of the lanes, from 2 to 6. Default 4. */
  readonly colors?: number;
}

/**
 * The same images with the class of every pixel: `background`, `disc`, `ring`, and `opposite`, the disc opposite the ring.
 * Discs look alike: which of them is opposite the ring takes the ring's whole lane.
 *
 * @throws ConfigError for options; from `batches` for theirs; from `scene` and `image` for an index that there is not
 * @throws AxialError from `batches` of a data set that is closed
 */
export function generatedLabelMaps(options: GeneratedLabelMapsOptions = {}): GeneratedDataset<LabelMapBatch> {
  assertKnownKeys("generatedLabelMaps", options, { ...keys, colors: true });
  return scenes<LabelMapBatch>("generatedLabelMaps", {
    ...options,
    colors: options.colors ?? 4,
    targets: "label maps",
  });
}

interface ScenesOptions extends Omit<GeneratedOptions, "classes"> {
  readonly colors: number;
  readonly targets: ScenesJob["targets"];
}

function scenes<B extends Batch>(name: string, options: ScenesOptions): GeneratedDataset<B> {
  const { colors: colorCount, targets, trainCount = 4096, validationCount = 512, seed = 0 } = options;
  const assertWhole = (key: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER): void => {
    if (Number.isSafeInteger(value) && value >= least && value <= most) return;
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new ConfigError(`${name}: ${key} must be a whole number ${range}, got ${value}; choose one of those`);
  };
  assertWhole(targets === "classes" ? "classes" : "colors", colorCount, 2, colors.length);
  assertWhole("trainCount", trainCount, 1);
  assertWhole("validationCount", validationCount, 1);
  assertWhole("seed", seed, 0);

  const counts: Record<Split, number> = { train: trainCount, validation: validationCount };
  const pool = createBatchPool<ScenesJob, B>(`${name}.batches`, join(__dirname, "scene-batches.js"), options);
  const still = (split: Split): Omit<ScenesJob, "size"> => ({ targets, colors: colorCount, split, seed, round: 0 });
  const assertIndex = (where: string, split: Split, index: number): void => {
    if (Number.isSafeInteger(index) && index >= 0 && index < counts[split]) return;
    throw new ConfigError(`${where}: index must be from 0 to ${counts[split] - 1}, got ${index}; take one of those`);
  };

  async function* batches(batchOptions: BatchOptions): AsyncGenerator<B, void, undefined> {
    const where = `${name}.batches`;
    const resolved = resolveBatchOptions(where, batchOptions);
    const { split, size, epoch, augment, signal } = resolved;
    const plan = planEpoch(where, counts[split], resolved);
    yield* pool.stream({ ...still(split), size, round: augment ? epoch + 1 : 0 }, plan, { signal });
  }

  const colorNames = colors.slice(0, colorCount).map((color) => color.name);
  const count = targets === "classes" ? { classes: colorCount } : { colors: colorCount };
  return {
    name,
    targets,
    classes: targets === "classes" ? colorNames : [...sceneParts],
    description: { name, version: 1, ...count, trainCount, validationCount, seed },
    skipped: [],
    count: (split) => counts[split],
    prepare: () => Promise.resolve(),
    batches,
    close: () => pool.close(),
    scene: (split, index) => {
      assertIndex(`${name}.scene`, split, index);
      return sceneOf(still(split), index).scene;
    },
    image: (split, index, size) => {
      assertIndex(`${name}.image`, split, index);
      const { scene, random } = sceneOf(still(split), index);
      const out = new Uint8ClampedArray(size * size * 3);
      paintScene(scene, size, random, out);
      return out;
    },
  };
}
