/** Makes one batch, wherever it runs: the same job and indices give the same bits on any thread. */
import { centreCrop, drawProjection, drawTones, type Augmentation } from "./augmentation.js";
import type { ImageBatch, Split } from "./dataset.js";
import { normalizationTable } from "./normalize.js";
import { paintScene } from "./paint.js";
import { openPixelFile, type PixelFile } from "./pixel-file.js";
import { purpose, randomOf, type Random } from "./random.js";
import { resample } from "./resample.js";
import { drawScene, type Scene } from "./scene.js";

/** Images of a file of pixels, augmented or, without `augment`, cropped in the middle. */
export interface PixelsJob {
  readonly kind: "pixels";
  readonly path: string;
  readonly size: number;
  readonly augmentation: Augmentation;
  readonly augment: boolean;
  readonly seed: number;
  readonly epoch: number;
}

/** Drawn scenes. `round` 0 holds the images that never change, `round` e + 1 those of epoch e. */
export interface ScenesJob {
  readonly kind: "scenes";
  readonly classes: number;
  readonly split: Split;
  readonly size: number;
  readonly seed: number;
  readonly round: number;
}

export type BatchJob = PixelsJob | ScenesJob;

/** What outlasts a batch on one thread: open files and memory for the image at hand. */
export interface Workbench {
  files: Map<string, PixelFile>;
  bytes: Uint8Array;
}

export const createWorkbench = (): Workbench => ({ files: new Map(), bytes: new Uint8Array(0) });

/** Makes the batch, or null where `isCancelled` says, between two images, that nobody wants it any more. */
export function makeBatch(
  job: BatchJob,
  indices: Uint32Array,
  bench: Workbench,
  isCancelled: () => boolean = () => false,
): ImageBatch | null {
  const { size } = job;
  const images = new Float32Array(indices.length * size * size * 3);
  const labels = new Int32Array(indices.length);
  const write = job.kind === "pixels" ? pixelsWriter(job, bench) : scenesWriter(job);
  for (let i = 0; i < indices.length; i++) {
    if (isCancelled()) return null;
    labels[i] = write(indices[i], images, i * size * size * 3);
  }
  return { images, labels, indices, shape: [indices.length, size, size, 3] };
}

/** Writes one image into `out` at `start` and returns its label. */
type ImageWriter = (index: number, out: Float32Array, start: number) => number;

function pixelsWriter({ path, size, augmentation, augment, seed, epoch }: PixelsJob, bench: Workbench): ImageWriter {
  const file = bench.files.get(path) ?? openPixelFile(path);
  bench.files.set(path, file);
  if (bench.bytes.length < file.largest) bench.bytes = new Uint8Array(file.largest);
  const { bytes } = bench;
  return (index, out, start) => {
    const [width, height] = [file.width(index), file.height(index)];
    file.read(index, bytes);
    const random = randomOf(purpose.augmentation, seed, epoch, index);
    const projection = augment
      ? drawProjection(width, height, size, augmentation, random)
      : centreCrop(width, height, size, augmentation.validationCrop);
    const tones = augment ? drawTones(augmentation, random) : null;
    resample({ bytes, offset: 0, width, height }, projection, tones, size, out, start);
    return file.label(index);
  };
}

/** The scene of an image, and the random numbers that go on to paint it. */
export function sceneOf({ classes, split, seed, round }: ScenesJob, index: number): { scene: Scene; random: Random } {
  const random = randomOf(purpose.scene, seed, split === "train" ? 0 : 1, round, index);
  // Draws until the class is the one that the index asks for, so that all classes are equally frequent.
  for (;;) {
    const scene = drawScene(classes, random);
    if (scene.label === index % classes) return { scene, random };
  }
}

function scenesWriter(job: ScenesJob): ImageWriter {
  const { size } = job;
  const table = normalizationTable();
  const bytes = new Uint8ClampedArray(size * size * 3);
  return (index, out, start) => {
    const { scene, random } = sceneOf(job, index);
    paintScene(scene, size, random, bytes);
    for (let at = 0; at < bytes.length; at += 3) {
      out[start + at] = table[bytes[at]];
      out[start + at + 1] = table[256 + bytes[at + 1]];
      out[start + at + 2] = table[512 + bytes[at + 2]];
    }
    return scene.label;
  };
}
