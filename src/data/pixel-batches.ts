/** Makes batches from a file of decoded images: the same job and indices give the same bits on any thread. */
import { randomOf } from "../core/random.js";
import { alternates, centreCrop, drawProjection, drawTones, type Augmentation } from "./augmentation.js";
import type { BatchMaker } from "./batch-maker.js";
import type { ImageBatch } from "./dataset.js";
import { openPixelFile, type PixelFile } from "./pixel-file.js";
import { purpose } from "./purposes.js";
import { resample } from "./resample.js";

/** Images of a file of pixels, augmented or, without `augment`, cropped in the middle. */
export interface PixelsJob {
  readonly path: string;
  readonly size: number;
  readonly augmentation: Augmentation;
  readonly augment: boolean;
  readonly seed: number;
  readonly epoch: number;
}

export function createBatchMaker(): BatchMaker<PixelsJob, ImageBatch> {
  const files = new Map<string, PixelFile>();
  let bytes = new Uint8Array(0); // of the image at hand
  return ({ path, size, augmentation, augment, seed, epoch }, indices, isCancelled) => {
    const file = files.get(path) ?? openPixelFile(path);
    files.set(path, file);
    if (bytes.length < file.largest) bytes = new Uint8Array(file.largest);
    const images = new Float32Array(indices.length * size * size * 3);
    const labels = new Int32Array(indices.length);
    for (let i = 0; i < indices.length; i++) {
      if (isCancelled()) return null;
      const index = indices[i];
      const [width, height] = [file.width(index), file.height(index)];
      file.read(index, bytes);
      const random = randomOf(purpose.augmentation, seed, epoch, index);
      const projection = augment
        ? drawProjection(width, height, size, augmentation, random, alternates(seed, epoch, index))
        : centreCrop(width, height, size, augmentation.validationCrop);
      const tones = augment ? drawTones(augmentation, random) : null;
      resample({ bytes, offset: 0, width, height }, projection, tones, size, images, i * size * size * 3);
      labels[i] = file.label(index);
    }
    return { images, labels, indices, shape: [indices.length, size, size, 3] };
  };
}
