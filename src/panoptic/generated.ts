/** The generated panoptic set: images made on the fly, seeded, without files; `scene.ts` says what they show. */
import { join } from "node:path";
import { ConfigError } from "../core/errors.js";
import { createBatchPool } from "../data/batch-pool.js";
import type { BatchOptions, Split } from "../data/dataset.js";
import { planEpoch, resolveBatchOptions } from "../data/plan.js";
import type { BatchTargetOptions, PanopticBatch, PanopticDataset } from "./dataset.js";
import type { PixelMap } from "./panoptic-map.js";
import { panopticSceneOf, type PanopticScenesJob } from "./scene-batches.js";
import { sceneClasses, sceneThings } from "./scene.js";
import { assertKnownKeys, type KeysOf } from "../core/options.js";

/** How many images `generatedPanoptic` draws, and of what kind. */
export interface GeneratedPanopticOptions {
  /** Default 1024. */
  readonly trainCount?: number;
  /** Default 128. */
  readonly validationCount?: number;
  /** Width over height. Default 1. */
  readonly aspect?: number;
  /** Default 0. */
  readonly seed?: number;
  /** How centres, offsets and weights are made. Default sigma 3 and no weight for small objects, for images of 64 to 128 rows. */
  readonly targets?: BatchTargetOptions;
  /** Threads that draw. Default: 2, or 1 on a single core. */
  readonly threads?: number;
  /** Batches drawn ahead. Default: as many as fit in 128 MiB, from 2 to 16. */
  readonly prefetch?: number;
}

const keys: KeysOf<GeneratedPanopticOptions> = {
  trainCount: true,
  validationCount: true,
  aspect: true,
  seed: true,
  targets: true,
  threads: true,
  prefetch: true,
};

/** A panoptic data set that is drawn, not read. */
export interface GeneratedPanopticDataset extends PanopticDataset {
  /** Image `index` as bytes, [size, size * aspect, 3], and its labels; as `batches` draws it where `augment` is false. */
  image(split: Split, index: number, size: number): { bytes: Uint8ClampedArray; map: PixelMap };
}

/**
 * With `augment` (the default for training) every epoch draws its images anew.
 *
 *     train({ task: panopticSegmentation(), model: axialDeepLabConfig("s"), data: generatedPanoptic() })
 *
 * @throws ConfigError for options; from `batches` for theirs; from `image` for an index that there is not
 * @throws AxialError from `batches` of a data set that is closed
 */
export function generatedPanoptic(options: GeneratedPanopticOptions = {}): GeneratedPanopticDataset {
  assertKnownKeys("generatedPanoptic", options, keys);
  const { trainCount = 1024, validationCount = 128, aspect = 1, seed = 0 } = options;
  const { targets = { sigma: 3, small: null } } = options;
  const assertWhole = (key: string, value: number, least: number): void => {
    if (!Number.isSafeInteger(value) || value < least)
      throw new ConfigError(
        `generatedPanoptic: ${key} must be a whole number of at least ${least}, got ${value}; use ${least} or more`,
      );
  };
  assertWhole("trainCount", trainCount, 1);
  assertWhole("validationCount", validationCount, 1);
  assertWhole("seed", seed, 0);
  if (!(aspect > 0.1 && aspect < 10))
    throw new ConfigError(`generatedPanoptic: aspect must be from 0.1 to 10, got ${aspect}; use 4 / 3`);

  const counts: Record<Split, number> = { train: trainCount, validation: validationCount };
  const name = "generatedPanoptic";
  const maker = join(__dirname, "scene-batches.js");
  const pool = createBatchPool<PanopticScenesJob, PanopticBatch>(`${name}.batches`, maker, options);

  async function* batches(batchOptions: BatchOptions): AsyncGenerator<PanopticBatch, void, undefined> {
    const where = `${name}.batches`;
    const resolved = resolveBatchOptions(where, batchOptions);
    const { split, size, epoch, augment, signal } = resolved;
    const plan = planEpoch(where, counts[split], resolved);
    yield* pool.stream({ split, size, aspect, seed, round: augment ? epoch + 1 : 0, targets }, plan, { signal });
  }

  return {
    name,
    targets: "panoptic maps",
    classes: [...sceneClasses],
    things: [...sceneThings],
    aspect,
    description: { name, version: 1, things: [...sceneThings], trainCount, validationCount, aspect, seed, targets },
    skipped: [],
    count: (split) => counts[split],
    prepare: () => Promise.resolve(),
    batches,
    close: () => pool.close(),
    image(split, index, size) {
      if (!Number.isSafeInteger(index) || index < 0 || index >= counts[split])
        throw new ConfigError(
          `${name}.image: index must be from 0 to ${counts[split] - 1}, got ${index}; take one of those`,
        );
      return panopticSceneOf({ split, size, aspect, seed, round: 0 }, index);
    },
  };
}
