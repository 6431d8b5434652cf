/** Makes batches of drawn scenes: the same job and indices give the same bits on any thread. */
import { randomOf, type Random } from "../core/random.js";
import type { BatchMaker } from "./batch-maker.js";
import type { Batch, ImageBatch, LabelMapBatch, Split } from "./dataset.js";
import { normalizationTable } from "./normalize.js";
import { labelScene, paintScene } from "./paint.js";
import { purpose } from "./purposes.js";
import { drawScene, type Scene } from "./scene.js";

/** `round` 0 holds the images that never change, `round` e + 1 those of epoch e. */
export interface ScenesJob {
  readonly targets: "classes" | "label maps";
  /** Colours, and lanes: what `drawScene` calls K. */
  readonly colors: number;
  readonly split: Split;
  readonly size: number;
  readonly seed: number;
  readonly round: number;
}

export function createBatchMaker(): BatchMaker<ScenesJob, Batch> {
  const table = normalizationTable();
  return (job, indices, isCancelled) => {
    const { size, targets } = job;
    const pixels = size * size;
    const images = new Float32Array(indices.length * pixels * 3);
    const labels = new Int32Array(indices.length);
    const labelMaps = new Int32Array(targets === "label maps" ? indices.length * pixels : 0);
    const bytes = new Uint8ClampedArray(pixels * 3);
    for (let i = 0; i < indices.length; i++) {
      if (isCancelled()) return null;
      const { scene, random } = sceneOf(job, indices[i]);
      paintScene(scene, size, random, bytes);
      normalizeInto(images, i * pixels * 3, bytes, table);
      labels[i] = scene.label;
      if (targets === "label maps") labelScene(scene, size, labelMaps.subarray(i * pixels, (i + 1) * pixels));
    }
    const batch = { images, indices, shape: [indices.length, size, size, 3] } as const;
    return targets === "classes"
      ? ({ ...batch, labels } satisfies ImageBatch)
      : ({ ...batch, labelMaps } satisfies LabelMapBatch);
  };
}

/** The scene of an image, and the random numbers that go on to paint it. */
export function sceneOf(
  { colors, split, seed, round }: Omit<ScenesJob, "size" | "targets">,
  index: number,
): { scene: Scene; random: Random } {
  const random = randomOf(purpose.scene, seed, split === "train" ? 0 : 1, round, index);
  // Draws until the class is the one that the index asks for, so that all classes are equally frequent.
  for (;;) {
    const scene = drawScene(colors, random);
    if (scene.label === index % colors) return { scene, random };
  }
}

function normalizeInto(out: Float32Array, start: number, bytes: Uint8ClampedArray, table: Float32Array): void {
  for (let at = 0; at < bytes.length; at += 3) {
    out[start + at] = table[bytes[at]];
    out[start + at + 1] = table[256 + bytes[at + 1]];
    out[start + at + 2] = table[512 + bytes[at + 2]];
  }
}
