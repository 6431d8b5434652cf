import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, describe, it } from "node:test";
import * as tar from "tar";
import type { Progress } from "../../src/data/dataset.js";
import {
  bringImagenette,
  fetchImagenette,
  imagenette,
  imagenetteArchives,
  imagenetteClasses,
  type ImagenetteOptions,
} from "../../src/data/imagenette.js";
import { jpeg, writeFiles } from "./images.js";
import { serve } from "./server.js";

describe("imagenette", () => {
  const root = mkdtempSync(join(tmpdir(), "axial-imagenette-"));
  const source = join(root, "source");
  const archive = join(root, "imagenette2-160.tgz");
  before(async () => {
    for (const [label, name] of Object.keys(imagenetteClasses).entries()) {
      const image = await jpeg(21, 19, [25 * label, 0, 0]);
      writeFiles(join(source, "imagenette2-160"), { [`train/${name}/a.JPEG`]: image, [`val/${name}/b.JPEG`]: image });
    }
    await tar.create({ file: archive, cwd: source, gzip: true }, ["imagenette2-160"]);
  });
  after(() => rmSync(root, { recursive: true }));

  const freshCache = (): string => mkdtempSync(join(root, "cache-"));
  async function open(options: ImagenetteOptions) {
    const dataset = await imagenette(options);
    await dataset.close();
    return dataset;
  }

  it("opens a folder, or one with the data set's folder in it", async () => {
    const cacheFolder = freshCache();
    for (const from of [source, join(source, "imagenette2-160")]) {
      const dataset = await open({ from, cacheFolder });
      assert.equal(dataset.folder, join(source, "imagenette2-160"));
      assert.deepEqual(dataset.classes, Object.values(imagenetteClasses));
      assert.deepEqual([dataset.count("train"), dataset.count("validation")], [10, 10]);
      assert.equal(dataset.name, "imagenette");
    }
    assert.deepEqual(readdirSync(cacheFolder), []);
  });

  it("unpacks a local archive once", async () => {
    const cacheFolder = freshCache();
    const tasks = new Set<string>();
    const onProgress = ({ task }: Progress): unknown => tasks.add(task);
    const first = await open({ from: archive, cacheFolder, onProgress });
    assert.deepEqual([...tasks], ["unpack"]);
    tasks.clear();
    const second = await open({ from: archive, cacheFolder, onProgress });
    assert.deepEqual([...tasks], []);
    assert.equal(second.folder, first.folder);
    assert.deepEqual(second.description, first.description);
  });

  it("unpacks for several who ask at once, and leaves one folder", async () => {
    const cacheFolder = freshCache();
    const opened = await Promise.all([1, 2, 3].map(() => open({ from: archive, cacheFolder })));
    assert.equal(new Set(opened.map(({ folder }) => folder)).size, 1);
    assert.deepEqual(
      opened.map((dataset) => dataset.count("train")),
      [10, 10, 10],
    );
    assert.equal(readdirSync(join(cacheFolder, "imagenette")).length, 1);
  });

  it("is described alike from an archive and from a folder", async () => {
    const [one, other] = [await open({ from: archive, cacheFolder: freshCache() }), await open({ from: source })];
    assert.deepEqual(one.description, other.description);
  });

  it("downloads, verifies and unpacks once, and keeps the archive only when asked to", async () => {
    const bytes = readFileSync(archive);
    const server = await serve(() => bytes);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const archives = { ...imagenetteArchives, 160: { url: server.url, bytes: bytes.length, sha256 } };
    try {
      for (const keepArchive of [false, true]) {
        const cacheFolder = freshCache();
        const tasks = new Set<string>();
        const options = { archives, cacheFolder, keepArchive, onProgress: ({ task }: Progress) => tasks.add(task) };
        const dataset = await open(options);
        assert.deepEqual([...tasks], ["download", "verify", "unpack"]);
        assert.equal(dataset.count("train"), 10);
        await open(options);
        assert.deepEqual(
          readdirSync(join(cacheFolder, "imagenette")).sort(),
          keepArchive ? ["file", "file.tgz"] : ["file"],
        );
      }
      assert.equal(server.ranges.length, 2);
    } finally {
      await server.close();
    }
  });

  it("unpacks to the folder that is named", async () => {
    const to = join(root, "here");
    mkdirSync(to);
    const dataset = await open({ from: archive, to, cacheFolder: freshCache() });
    assert.equal(dataset.folder, join(to, "imagenette2-160"));
  });

  it("knows the official archives", () => {
    for (const [variant, { url, bytes, sha256 }] of Object.entries(imagenetteArchives)) {
      assert.equal(basename(url), variant === "full" ? "imagenette2.tgz" : `imagenette2-${variant}.tgz`);
      assert.ok(bytes > 9e7);
      assert.match(sha256, /^[\da-f]{64}$/);
    }
  });

  it("says what is wrong", async () => {
    const absent = join(root, "absent.tgz");
    await assert.rejects(open({ from: absent }), {
      name: "FileError",
      message: `imagenette: from must be a file or folder, got ENOENT for ${absent}; check its name and its rights`,
    });
    await assert.rejects(open({ from: archive, variant: 320 }), {
      name: "ConfigError",
      message: `imagenette: only one of from and variant can be given, got ${archive} and 320; leave one out`,
    });
    await assert.rejects(open({ variant: 64 as 160 }), {
      name: "ConfigError",
      message: "imagenette: variant must be one that is published, got 64; use 160, 320, full",
    });
    const other = join(root, "other");
    writeFiles(other, { "train/cats/a.png": "", "val/cats/b.png": "" });
    await assert.rejects(open({ from: other }), {
      name: "FileError",
      message:
        `imagenette: the folders must be the ten classes of Imagenette, got 1 (cats ...) in ${other}; ` +
        "open other images with imageFolder",
    });
    assert.equal(existsSync(absent), false);
  });

  it("is found again where it was brought to, until another is, and by no one who asks for an official archive", async () => {
    const cache = { cacheFolder: join(root, "brought") };
    const official = join(cache.cacheFolder, "imagenette/imagenette2-160");
    writeFiles(official, { "as if it had been downloaded": "" });
    const first = await bringImagenette({ ...cache, from: archive });
    assert.match(first, /imagenette2-160-[\da-f]{8}$/);
    assert.equal(await fetchImagenette(cache), first);
    const dataset = await imagenette(cache);
    await dataset.close();
    assert.equal(dataset.folder, join(first, "imagenette2-160"));
    const second = await bringImagenette({ ...cache, from: source });
    assert.equal(await fetchImagenette(cache), second);
    assert.equal(await fetchImagenette({ ...cache, variant: 160 }), official);
    rmSync(join(cache.cacheFolder, "imagenette/brought.json"));
    assert.equal(await fetchImagenette(cache), official);
    assert.equal(await bringImagenette(cache), official);
  });
});
