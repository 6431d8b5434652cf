import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import sharp from "sharp";
import * as engine from "../../../src/engine/index.js";
import type { ResNetConfig } from "../../../src/models/index.js";
import { panopticFolder, panopticSegmentation } from "../../../src/panoptic/index.js";
import { train } from "../../../src/training/index.js";
import { segmentNumbersPng } from "../../../src/panoptic/coco-results.js";
import { writeAnnotations, writeImage } from "../coco.js";

type Written = Awaited<ReturnType<typeof writeImage>>;

const decoder = { pyramid: { filters: 4, rates: [] }, skips: [], filters: 4, headFilters: 4 };
const model: ResNetConfig = {
  name: "tiny",
  norm: "torch",
  stem: { kind: "convolution", filters: 4 },
  stages: [{ blocks: 1, stride: 1, width: 4, filters: 8, operator: { kind: "convolution" } }],
  head: { kind: "panoptic", semantic: decoder, instance: decoder },
};

describe("training on a panoptic set with one bad image in the middle", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "panoptic-bad-"));
    await engine.start({ threads: 1 });
  });
  after(async () => {
    await rm(folder, { recursive: true });
    await engine.stop();
  });

  /** Trains for an epoch on three images, the second of which was changed. */
  async function trainedOn(change: (image: Written, root: string) => void | Promise<void>) {
    const root = await mkdtemp(join(folder, "set-"));
    const images: Written[] = [];
    for (const name of ["a", "b", "c"]) images.push(await writeImage(root, "train", name, [2, 70000]));
    await change(images[1], root);
    await writeAnnotations(root, "train", images);
    await writeAnnotations(root, "val", [await writeImage(root, "val", "d", [3])]);
    const data = await panopticFolder(root, { cacheFolder: join(folder, "cache"), threads: 1 });
    try {
      await data.prepare({ size: 11 });
      const settings = { epochs: 1, batchSize: 1, size: 16, learningRate: 0.001, average: null, seed: 1 } as const;
      const { events, model: trained } = await train({ ...settings, task: panopticSegmentation(), model, data });
      trained.dispose();
      const losses = events.flatMap((event) => (event.event === "step" ? [event.loss] : []));
      assert.ok(losses.every(Number.isFinite), losses.join());
      return { steps: losses.length, reasons: data.skipped.map(({ path, reason }) => `${path}: ${reason}`) };
    } finally {
      await data.close();
    }
  }

  const labelsOf = (root: string) => join(root, "panoptic_train", "b.png");
  const plain = (width = 13, height = 11) => sharp({ create: { width, height, channels: 3, background: "#010000" } });

  const leftOut: Record<string, [change: (image: Written, root: string) => void | Promise<void>, reason: RegExp]> = {
    "labels of another size": [
      async (_, root) => void (await plain(5, 7).png().toFile(labelsOf(root))),
      /^train\/b\.png: panopticFolder: labels must have the photograph's size, got 5 x 7 for 13 x 11; scale one$/,
    ],
    "labels with a palette": [
      async (_, root) => void (await plain().png({ palette: true }).toFile(labelsOf(root))),
      /must be a PNG of red, green and blue with 8 bits each, got .*with a palette/,
    ],
    "labels of 16 bits": [
      async (_, root) => void (await plain().toColourspace("rgb16").png().toFile(labelsOf(root))),
      /must be a PNG of red, green and blue with 8 bits each, got .*ushort/,
    ],
    "grey labels": [
      async (_, root) => void (await plain().toColourspace("b-w").png().toFile(labelsOf(root))),
      /must be a PNG of red, green and blue with 8 bits each, got .*1 channels/,
    ],
    "a class that the list has not": [
      ({ annotation }) => void (annotation.segments_info[1].category_id = 4711),
      /panopticFolder: segment 2 must have a category of the list, got 4711; add it/,
    ],
    "a photograph that is no image": [
      (_, root) => writeFile(join(root, "train", "b.png"), "no image"),
      /^train\/b\.png: .*unsupported image format/,
    ],
    "a photograph that ends early": [
      async (_, root) => {
        const path = join(root, "train", "b.png");
        const whole = await readFile(path);
        await writeFile(path, whole.subarray(0, whole.length - 20));
      },
      /^train\/b\.png: /,
    ],
    "labels that end early": [
      async (_, root) => {
        const whole = await readFile(labelsOf(root));
        await writeFile(labelsOf(root), whole.subarray(0, whole.length - 20));
      },
      /panopticFolder: labels must be a whole PNG/,
    ],
    "no labels": [(_, root) => rm(labelsOf(root)), /panopticFolder: labels must be readable, got ENOENT/],
  };
  for (const [name, [change, reason]] of Object.entries(leftOut))
    it(`leaves it out with one line and trains on the rest: ${name}`, async () => {
      const { steps, reasons } = await trainedOn(change);
      assert.equal(steps, 2);
      assert.equal(reasons.length, 1);
      assert.match(reasons[0], reason);
      assert.doesNotMatch(reasons[0], /\n/);
    });

  const used: Record<string, (image: Written, root: string) => void | Promise<void>> = {
    "a segment in the PNG and not in the JSON, which is void": ({ annotation }) =>
      void annotation.segments_info.splice(1, 1),
    "a segment in the JSON and not in the PNG": ({ annotation }) =>
      void annotation.segments_info.push({ id: 9, category_id: 11, area: 3, iscrowd: 0 }),
    "an image without things": async ({ annotation }, root) => {
      annotation.segments_info.splice(1);
      const values = new Int32Array(143).fill(1);
      await writeFile(labelsOf(root), await segmentNumbersPng({ width: 13, height: 11, values }, (number) => number));
    },
    "an image of void alone": async ({ annotation }, root) => {
      annotation.segments_info.splice(0);
      const values = new Int32Array(143);
      await writeFile(labelsOf(root), await segmentNumbersPng({ width: 13, height: 11, values }, (number) => number));
    },
    "a crowd": ({ annotation }) => void (annotation.segments_info[1].iscrowd = 1),
  };
  for (const [name, change] of Object.entries(used))
    it(`trains on all three, every loss a number: ${name}`, async () => {
      assert.deepEqual(await trainedOn(change), { steps: 3, reasons: [] });
    });

  it("refuses a set without images, and one of which none can be used, in one line", async () => {
    const root = await mkdtemp(join(folder, "empty-"));
    for (const split of ["train", "val"]) await writeAnnotations(root, split, []);
    await assert.rejects(
      panopticFolder(root),
      /^FileError: panopticFolder: a set must have annotated images, got none/,
    );
    const broken = await mkdtemp(join(folder, "broken-"));
    for (const split of ["train", "val"]) {
      await writeAnnotations(broken, split, [await writeImage(broken, split, "a", [2])]);
      await mkdir(join(broken, split), { recursive: true });
      await writeFile(join(broken, split, "a.png"), "no image");
    }
    const data = await panopticFolder(broken, { cacheFolder: join(folder, "cache") });
    await assert.rejects(data.prepare({ size: 11 }), /a split must have usable images, got none of 1 in .*data check/);
    await data.close();
  });
});
