/** Makes batches of drawn panoptic scenes: the same job and indices give the same bits on any thread. */
import { randomOf } from "../core/random.js";
import type { BatchMaker } from "../data/batch-maker.js";
import type { Split } from "../data/dataset.js";
import { normalizationTable } from "../data/normalize.js";
import {
  batchLabels,
  batchSpace,
  columnsOf,
  createTargetArrays,
  type BatchTargetOptions,
  type PanopticBatch,
} from "./dataset.js";
import { drawPanopticScene, paintPanopticScene, sceneThings } from "./scene.js";

/** `round` 0 holds the images that never change, `round` e + 1 those of epoch e. */
export interface PanopticScenesJob {
  readonly split: Split;
  readonly size: number;
  readonly aspect: number;
  readonly seed: number;
  readonly round: number;
  readonly targets: BatchTargetOptions;
}

/** Keeps the numbers of this set apart from those of other uses of a seed. */
const purpose = 18;

export function createBatchMaker(): BatchMaker<PanopticScenesJob, PanopticBatch> {
  const table = normalizationTable();
  return (job, indices, isCancelled) => {
    const [height, width] = [job.size, columnsOf(job.size, job.aspect)];
    const pixels = height * width;
    const images = new Float32Array(indices.length * pixels * 3);
    const { arrays, fill } = createTargetArrays(indices.length, height, width);
    for (const [i, index] of indices.entries()) {
      if (isCancelled()) return null;
      const { bytes, map } = panopticSceneOf(job, index);
      for (let at = 0; at < bytes.length; at++) images[i * pixels * 3 + at] = table[256 * (at % 3) + bytes[at]];
      fill(i, map, { ...batchSpace(sceneThings), ...job.targets });
    }
    return { images, indices, shape: [indices.length, height, width, 3], ...arrays };
  };
}

/** Image `index` as bytes, [H, W, 3], and its labels. */
export function panopticSceneOf(
  { split, seed, round, size, aspect }: Omit<PanopticScenesJob, "targets">,
  index: number,
) {
  const [height, width] = [size, columnsOf(size, aspect)];
  const random = randomOf(purpose, seed, split === "train" ? 0 : 1, round, index);
  const bytes = new Uint8ClampedArray(height * width * 3);
  const values = new Int32Array(height * width);
  paintPanopticScene(drawPanopticScene(random), { height, width, divisor: batchLabels.divisor }, random, bytes, values);
  return { bytes, map: { height, width, values } };
}
