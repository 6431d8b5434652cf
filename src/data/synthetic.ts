/**
 * The generated data set: images made on the fly, seeded, without files or network, whose class can only be told by
 * relating two places at opposite ends of the image. `scene.ts` explains the construction and what it is for.
 */
import { ConfigError } from "../core/errors.js";
import { sceneOf, type ScenesJob } from "./batch-job.js";
import { createBatchPool } from "./batch-pool.js";
import type { BatchOptions, ImageBatch, ImageDataset, Split } from "./dataset.js";
import { paintScene } from "./paint.js";
import { planEpoch, resolveBatchOptions } from "./plan.js";
import { colors, type Scene } from "./scene.js";

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
  const { classes = 4, trainCount = 4096, validationCount = 512, seed = 0, threads, prefetch } = options;
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
  const pool = createBatchPool("generated.batches", { threads, prefetch });
  const scenes = (split: Split, size: number, round: number): ScenesJob => ({
    kind: "scenes",
    classes,
    split,
    size,
    seed,
    round,
  });
  const assertIndex = (where: string, split: Split, index: number): void => {
    if (Number.isSafeInteger(index) && index >= 0 && index < counts[split]) return;
    throw new ConfigError(`${where}: index must be from 0 to ${counts[split] - 1}, got ${index}`);
  };

  async function* batches(batchOptions: BatchOptions): AsyncGenerator<ImageBatch, void, undefined> {
    const where = "generated.batches";
    const resolved = resolveBatchOptions(where, batchOptions);
    const { split, size, epoch, augment, signal } = resolved;
    const plan = planEpoch(where, counts[split], resolved);
    yield* pool.stream(scenes(split, size, augment ? epoch + 1 : 0), plan, { signal });
  }

  return {
    name: "generated",
    classes: colors.slice(0, classes).map(({ name }) => name),
    description: { name: "generated", version: 1, classes, trainCount, validationCount, seed },
    skipped: [],
    count: (split) => counts[split],
    prepare: () => Promise.resolve(),
    batches,
    close: () => pool.close(),
    scene: (split, index) => {
      assertIndex("generated.scene", split, index);
      return sceneOf(scenes(split, 0, 0), index).scene;
    },
    image: (split, index, size) => {
      assertIndex("generated.image", split, index);
      const { scene, random } = sceneOf(scenes(split, size, 0), index);
      const out = new Uint8ClampedArray(size * size * 3);
      paintScene(scene, size, random, out);
      return out;
    },
  };
}
