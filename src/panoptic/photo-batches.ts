/** Makes batches from a file of photographs and labels: the same job and indices give the same bits on any thread. */
import { randomOf } from "../core/random.js";
import type { BatchMaker } from "../data/batch-maker.js";
import { normalizationTable } from "../data/normalize.js";
import { cutOut, drawCrop, wholeImage, type PanopticAugmentation } from "./crop.js";
import {
  batchLabels,
  batchSpace,
  columnsOf,
  createTargetArrays,
  type BatchTargetOptions,
  type PanopticBatch,
} from "./dataset.js";
import { openMapFile, type MapFile } from "./map-file.js";

export interface PhotosJob {
  readonly path: string;
  readonly size: number;
  readonly aspect: number;
  readonly things: readonly number[];
  /** Null: the whole image. */
  readonly augmentation: PanopticAugmentation | null;
  readonly seed: number;
  readonly epoch: number;
  readonly targets: BatchTargetOptions;
}

/** Keeps the numbers of this use of a seed apart from those of others. */
const purpose = 19;

export function createBatchMaker(): BatchMaker<PhotosJob, PanopticBatch> {
  const files = new Map<string, MapFile>();
  const table = normalizationTable();
  return (job, indices, isCancelled) => {
    const file = files.get(job.path) ?? openMapFile(job.path);
    files.set(job.path, file);
    const out = {
      height: job.size,
      width: columnsOf(job.size, job.aspect),
      voidLabel: batchLabels.ignore * batchLabels.divisor,
    };
    const values = out.height * out.width * 3;
    const images = new Float32Array(indices.length * values);
    const { arrays, fill } = createTargetArrays(indices.length, out.height, out.width);
    for (const [i, index] of indices.entries()) {
      if (isCancelled()) return null;
      const { bytes, height, width, labels } = file.read(index);
      const map = { height, width, values: labels };
      const crop =
        job.augmentation === null
          ? wholeImage(map, out)
          : drawCrop(map, out, job.augmentation, randomOf(purpose, job.seed, job.epoch, index));
      const cut = cutOut({ bytes, map }, crop, out, table, images.subarray(i * values, (i + 1) * values));
      fill(i, cut, { ...batchSpace(job.things), ...job.targets });
    }
    return { images, indices, shape: [indices.length, out.height, out.width, 3], ...arrays };
  };
}
