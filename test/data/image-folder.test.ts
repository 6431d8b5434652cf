import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { ImageBatch, Progress } from "../../src/data/dataset.js";
import { imageFolder, type ImageFolderDataset, type ImageFolderOptions } from "../../src/data/image-folder.js";
import { toBytes } from "../../src/data/normalize.js";
import { clearPixels } from "../../src/data/prepare.js";
import { jpeg, writeDataset, writeFiles } from "./images.js";

async function collect(batches: AsyncIterable<ImageBatch>): Promise<ImageBatch[]> {
  const all: ImageBatch[] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}

const train = { split: "train", batchSize: 5, size: 16, seed: 3, epoch: 1 } as const;

describe("imageFolder", () => {
  const root = mkdtempSync(join(tmpdir(), "axial-folder-"));
  const folder = join(root, "images");
  const cache = join(root, "cache");
  before(() => writeDataset(folder, { train: 11, val: 3 }));
  after(() => rmSync(root, { recursive: true }));

  async function using<T>(
    use: (dataset: ImageFolderDataset) => Promise<T>,
    options: ImageFolderOptions = {},
  ): Promise<T> {
    const dataset = await imageFolder(folder, { cacheFolder: cache, ...options });
    try {
      return await use(dataset);
    } finally {
      await dataset.close();
    }
  }

  it("finds classes, counts and names", async () => {
    await using(async (dataset) => {
      assert.equal(dataset.name, "images");
      assert.deepEqual(dataset.classes, ["dark", "light"]);
      assert.deepEqual([dataset.count("train"), dataset.count("validation")], [22, 6]);
      assert.equal(dataset.path("train", 11), join(folder, "train/light/000.JPEG"));
      assert.throws(() => dataset.path("train", 22), {
        message: "images.path: index must be from 0 to 21, got 22; take one of those",
      });
      assert.deepEqual(JSON.parse(JSON.stringify(dataset.description)), dataset.description);
      await Promise.resolve();
    });
  });

  it("gives every image once an epoch, with its label and its colours", async () => {
    const batches = await using((dataset) => collect(dataset.batches({ ...train, dropRemainder: false })));
    assert.deepEqual(
      batches.map(({ shape }) => shape[0]),
      [5, 5, 5, 5, 2],
    );
    const seen = batches.flatMap(({ images, labels, indices }) =>
      [...indices].map((index, i) => {
        assert.equal(labels[i], index < 11 ? 0 : 1);
        const red = toBytes(images.slice(i * 768, i * 768 + 3))[0];
        assert.ok(Math.abs(red - (labels[i] === 0 ? 36 : 196)) < 10, `red ${red} of image ${index}`);
        return index;
      }),
    );
    assert.deepEqual(
      seen.sort((a, b) => a - b),
      Array.from({ length: 22 }, (_, i) => i),
    );
  });

  it("gives the same bits on any number of threads and with any prefetching", async () => {
    const run = (options: ImageFolderOptions) =>
      using((dataset) => collect(dataset.batches(train)), { augmentation: "reference", ...options });
    const expected = await run({ threads: 1, prefetch: 1 });
    assert.deepEqual(await run({ threads: 3, prefetch: 2 }), expected);
    assert.deepEqual(await run({ threads: 2 }), expected);
  });

  it("augments anew each epoch and for each seed, validation never", async () => {
    await using(async (dataset) => {
      const sorted = { ...train, shuffle: false };
      const first = await collect(dataset.batches(sorted));
      assert.notDeepEqual((await collect(dataset.batches({ ...sorted, epoch: 2 })))[0].images, first[0].images);
      assert.notDeepEqual((await collect(dataset.batches({ ...sorted, seed: 4 })))[0].images, first[0].images);
      const plain = await collect(dataset.batches({ ...sorted, augment: false }));
      assert.deepEqual((await collect(dataset.batches({ ...sorted, augment: false, epoch: 2 })))[0], plain[0]);
      const validation = { ...train, split: "validation" } as const;
      const [one, other] = [
        await collect(dataset.batches(validation)),
        await collect(dataset.batches({ ...validation, epoch: 7 })),
      ];
      assert.deepEqual(one, other);
      assert.deepEqual(
        one.flatMap(({ indices }) => [...indices]),
        [0, 1, 2, 3, 4, 5],
      );
    });
  });

  it("goes on after skipped batches as if it had not stopped", async () => {
    await using(async (dataset) => {
      const whole = await collect(dataset.batches(train));
      assert.equal(whole.length, 4);
      assert.deepEqual(await collect(dataset.batches({ ...train, skip: 3 })), whole.slice(3));
      assert.deepEqual(await collect(dataset.batches({ ...train, skip: 4 })), []);
    });
  });

  it("decodes once: later it needs the cache alone", async () => {
    const expected = await using((dataset) => collect(dataset.batches(train)));
    const progress: Progress[] = [];
    await using(async (dataset) => {
      renameSync(join(folder, "train/dark"), join(root, "away"));
      try {
        await dataset.prepare({ size: 16, splits: ["train"], onProgress: (state) => progress.push(state) });
        assert.deepEqual(await collect(dataset.batches(train)), expected);
      } finally {
        renameSync(join(root, "away"), join(folder, "train/dark"));
      }
    });
    assert.deepEqual(progress, []);
  });

  it("tells how far decoding is, and prepares once for all who wait", async () => {
    await clearPixels(cache);
    const progress: Progress[] = [];
    await using(async (dataset) => {
      await Promise.all([
        dataset.prepare({ size: 16, onProgress: (state) => progress.push(state) }),
        collect(dataset.batches(train)),
      ]);
    });
    assert.deepEqual(progress.at(-1), { task: "decode", what: "validation", unit: "images", done: 6, total: 6 });
    assert.equal(progress.length, 28);
  });

  it("makes a cache anew that was cut short, and leaves no temporary file", async () => {
    const expected = await using((dataset) => collect(dataset.batches(train)));
    const pixels = join(cache, "pixels");
    for (const name of readdirSync(pixels)) truncateSync(join(pixels, name), 100);
    assert.deepEqual(await using((dataset) => collect(dataset.batches(train))), expected);
    assert.deepEqual(
      readdirSync(pixels).filter((name) => name.endsWith(".tmp")),
      [],
    );
  });

  it("does not use the cache of other files", async () => {
    const path = join(folder, "train/dark/000.JPEG");
    const before = readFileSync(path);
    const expected = await using((dataset) => collect(dataset.batches({ ...train, augment: false, shuffle: false })));
    try {
      writeFileSync(path, await jpeg(29, 23, [250, 250, 250]));
      const [first] = await using((dataset) => collect(dataset.batches({ ...train, augment: false, shuffle: false })));
      assert.notDeepEqual(first.images, expected[0].images);
    } finally {
      writeFileSync(path, before);
    }
  });

  it("leaves out files that are no images, and lists them", async () => {
    const broken = join(root, "broken");
    await writeDataset(broken, { train: 4, val: 2 });
    const whole = await jpeg(64, 64, [9, 99, 199], 20);
    writeFiles(broken, {
      "train/dark/text.JPEG": "this is not an image",
      "train/light/half.jpg": whole.subarray(0, whole.length / 2),
      "train/light/notes.txt": "names of the photographers",
      "train/light/.DS_Store": "hidden files are passed over",
      "val/dark/empty.png": "",
    });
    for (const pass of ["first", "from the cache"]) {
      const dataset = await imageFolder(broken, { cacheFolder: cache });
      await dataset.prepare({ size: 16 });
      assert.deepEqual([dataset.count("train"), dataset.count("validation")], [8, 4], pass);
      assert.deepEqual(dataset.skipped.map(({ split, path }) => `${split} ${path}`).sort(), [
        "train train/dark/text.JPEG",
        "train train/light/half.jpg",
        "train train/light/notes.txt",
        "validation val/dark/empty.png",
      ]);
      assert.equal(dataset.skipped[0].reason, "not an image by its name");
      assert.match(dataset.skipped[1].reason, /unsupported image format/);
      const batches = await collect(dataset.batches({ ...train, batchSize: 8 }));
      assert.deepEqual([...batches[0].indices].sort(), [0, 1, 2, 3, 4, 5, 6, 7]);
      assert.equal(dataset.path("train", 4), join(broken, "train/light/000.JPEG"));
      await dataset.close();
    }
  });

  it("stops at the signal with its reason, while decoding and between batches", async () => {
    await using(async (dataset) => {
      const stop = new AbortController();
      stop.abort(new Error("enough"));
      await assert.rejects(dataset.prepare({ size: 24, signal: stop.signal }), /^Error: enough$/);
      const later = new AbortController();
      const seen: ImageBatch[] = [];
      await assert.rejects(async () => {
        for await (const batch of dataset.batches({ ...train, signal: later.signal })) {
          seen.push(batch);
          later.abort(new Error("enough"));
        }
      }, /^Error: enough$/);
      assert.equal(seen.length, 1);
      // A preparation that was stopped can be done after all.
      await dataset.prepare({ size: 24 });
    });
    assert.deepEqual(
      readdirSync(join(cache, "pixels")).filter((name) => name.endsWith(".tmp")),
      [],
    );
  });

  it("refuses batches once it is closed, and those that are waited for", async () => {
    const dataset = await imageFolder(folder, { cacheFolder: cache });
    const iterator = dataset.batches(train)[Symbol.asyncIterator]();
    await iterator.next();
    await dataset.close();
    await assert.rejects(iterator.next(), {
      name: "AxialError",
      message: /^images\.batches: the data set must (be|stay) open, got /,
    });
    await assert.rejects(collect(dataset.batches(train)), {
      message: "images.batches: the data set must be open, got one that is closed; make a new one",
    });
  });

  it("keeps no process alive, though it was never closed", () => {
    const script = `
      const { imageFolder } = require(${JSON.stringify(require.resolve("../../src/data/image-folder.js"))});
      (async () => {
        const dataset = await imageFolder(process.argv[1], { cacheFolder: process.argv[2] });
        for await (const batch of dataset.batches(${JSON.stringify(train)})) { console.log(batch.labels.length); break; }
      })();`;
    const { stdout, stderr, status } = spawnSync(process.execPath, ["-e", script, folder, cache], {
      encoding: "utf8",
      timeout: 60_000,
    });
    assert.deepEqual([stdout, stderr, status], ["5\n", "", 0]);
  });

  it("leaves no thread behind when it is closed", async () => {
    const threads = (): number => (process.report.getReport() as { workers: unknown[] }).workers.length;
    assert.equal(threads(), 0);
    const dataset = await imageFolder(folder, { cacheFolder: cache, threads: 3 });
    await collect(dataset.batches(train));
    await collect(dataset.batches(train));
    assert.equal(threads(), 3);
    await dataset.close();
    assert.equal(threads(), 0);
  });

  it("says what a folder lacks", async () => {
    const message = async (files: Record<string, string>): Promise<string> => {
      const path = mkdtempSync(join(root, "bad-"));
      writeFiles(path, files);
      const error = await imageFolder(path, { cacheFolder: cache }).then(
        () => new Error("opened"),
        (reason: Error) => reason,
      );
      assert.equal(error.name, "FileError");
      return error.message.replaceAll(path, "PATH").replaceAll("\\", "/");
    };
    assert.equal(
      await message({ "a/x": "", "b/x": "" }),
      "imageFolder: a data set must hold the folders train/CLASS and val/CLASS, or folders of images, one a class, got PATH with a, b; name the folder above those",
    );
    assert.equal(
      await message({ "train/a/x.png": "" }),
      "imageFolder: a data set must hold a folder val beside train, or a class of two images, one of which can be held out, " +
        "got 1 images of 1 classes in PATH; add images",
    );
    assert.equal(
      await message({ "train/a/x.png": "", "val/b/x.png": "" }),
      "imageFolder: every class of val must be one of train, got b in PATH; move its images into folders of their classes, " +
        "or name these in val/val_annotations.txt",
    );
    assert.equal(
      await message({ "train/a/x.txt": "", "val/a/x.png": "" }),
      "imageFolder: train must hold images in class folders, got none but train/a/x.txt, not an image by its name, in PATH/train; put each image, as a JPEG, PNG or other kind that is read, into a folder of its class",
    );
    await assert.rejects(imageFolder(join(root, "absent")), {
      message: `imageFolder: a folder must be readable, got ENOENT for ${join(root, "absent")}; check its name and its rights`,
    });
  });

  it("says when no image can be read", async () => {
    const path = join(root, "none");
    writeFiles(path, { "train/a/x.png": "text", "val/a/x.png": "text" });
    const dataset = await imageFolder(path, { cacheFolder: cache });
    await assert.rejects(dataset.prepare({ size: 16 }), {
      name: "FileError",
      message: /^none\.prepare: train must hold images, got 1 files and none that can be read, the first because: /,
    });
    await dataset.close();
  });
});
