import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ConfigError, FileError } from "../../src/core/errors.js";
import { panopticFolder, segmentsOf, writePanopticResults, type PanopticBatch } from "../../src/panoptic/index.js";
import { batchSpace } from "../../src/panoptic/dataset.js";
import { readPanopticAnnotations, readSegmentNumbers } from "../../src/data/coco-panoptic.js";
import { writeAnnotations, writeImage, writeSet } from "./coco.js";

describe("panopticFolder", () => {
  let folder: string;
  before(async () => void (folder = await mkdtemp(join(tmpdir(), "panoptic-folder-"))));
  after(() => rm(folder, { recursive: true }));

  async function collect(batches: AsyncIterable<PanopticBatch>): Promise<PanopticBatch[]> {
    const all = [];
    for await (const batch of batches) all.push(batch);
    return all;
  }

  it("gives photographs and the targets of their labels, the same ones each time and augmented in training", async () => {
    const root = join(folder, "set");
    await writeSet(await mkdtemp(join(folder, "set")).then((path) => path));
    const made = await mkdtemp(join(folder, "made-"));
    await writeSet(made);
    const data = await panopticFolder(made, { cacheFolder: join(folder, "cache"), targets: { small: null } });
    try {
      assert.deepEqual([data.classes, data.things, data.targets], [["road", "car"], [1], "panoptic maps"]);
      assert.ok(Math.abs(data.aspect - 13 / 11) < 1e-12, root);
      const options = { split: "validation", batchSize: 2, size: 11, seed: 3, epoch: 0 } as const;
      const [batch] = await collect(data.batches(options));
      assert.deepEqual([...batch.shape], [2, 11, 13, 3]);
      const first = { height: 11, width: 13, values: batch.panoptic.subarray(0, 143) };
      assert.deepEqual(
        segmentsOf(first, batchSpace(data.things)).map(({ label, area }) => [label, area]),
        [
          [0, 123],
          [1001, 10],
          [1002, 10],
        ],
      );
      assert.equal(
        batch.offsetWeight.reduce((sum, weight) => sum + weight, 0),
        20,
      );
      assert.deepEqual(await collect(data.batches(options)), [batch]);
      const train = { ...options, split: "train", batchSize: 3 } as const;
      const [augmented] = await collect(data.batches(train));
      const [again] = await collect(data.batches(train));
      const [other] = await collect(data.batches({ ...train, epoch: 1 }));
      assert.deepEqual(augmented, again);
      assert.notDeepEqual(augmented.panoptic, other.panoptic);
    } finally {
      await data.close();
    }
  });

  it("leaves an image out that cannot be used, says why, and trains on the rest", async () => {
    const root = await mkdtemp(join(folder, "broken-"));
    await writeSet(root);
    await writeFile(join(root, "train", "b.png"), "no image");
    const data = await panopticFolder(root, { cacheFolder: join(folder, "cache") });
    await data.prepare({ size: 11 });
    assert.equal(data.count("train"), 2);
    assert.deepEqual(
      data.skipped.map(({ split, path }) => [split, path]),
      [["train", "train/b.png"]],
    );
    await data.close();
  });

  it("refuses a set without annotations for a split, and options that cannot be", async () => {
    const root = await mkdtemp(join(folder, "half-"));
    await writeAnnotations(root, "train", [await writeImage(root, "train", "a", [2])]);
    await assert.rejects(panopticFolder(root), /a set must have annotations for validation, got train in/);
    await assert.rejects(panopticFolder(join(root, "nowhere")), FileError);
    await writeSet(root);
    await assert.rejects(panopticFolder(root, { aspect: -1 }), ConfigError);
    await assert.rejects(
      panopticFolder(root, { augmentation: { scales: [1, 2] } as object }),
      /must have known options only, got scales; it has scale/,
    );
  });

  it("writes results as COCO has them, which read back as the same map", async () => {
    const root = await mkdtemp(join(folder, "results-"));
    const map = { height: 2, width: 3, values: Int32Array.of(0, 0, 1001, 255000, 1002, 1002) };
    const categories = [
      { id: 7, name: "road", isThing: false },
      { id: 11, name: "car", isThing: true },
    ];
    await writePanopticResults(root, "val", categories, [{ image: { id: 5, labels: "x/five.png" }, map }]);
    const numbers = await readSegmentNumbers("test", join(root, "panoptic_val", "five.png"));
    assert.deepEqual([...numbers.values], [1, 1, 2, 0, 3, 3]);
    const { categories: read } = await readPanopticAnnotations(
      "test",
      await withImages(join(root, "panoptic_val.json")),
    );
    assert.deepEqual(read, categories);
  });

  /** Results list no images; annotations do. */
  async function withImages(file: string): Promise<string> {
    const { readFile } = await import("node:fs/promises");
    const content = JSON.parse(await readFile(file, "utf8")) as { annotations: { segments_info: unknown[] }[] };
    assert.equal(content.annotations[0].segments_info.length, 3);
    await writeFile(file, JSON.stringify({ images: [], ...content }));
    return file;
  }
});
