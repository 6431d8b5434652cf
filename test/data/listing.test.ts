import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { ConfigError } from "../../src/core/errors.js";
import { listImages, type ListOptions } from "../../src/data/listing.js";
import { writeFiles } from "./images.js";

describe("the listing of a data set", () => {
  const root = mkdtempSync(join(tmpdir(), "axial-listing-"));
  after(() => rmSync(root, { recursive: true }));
  let made = 0;
  /** A folder with empty files at these paths. */
  function folder(...paths: string[]): string {
    const path = join(root, String(made++));
    writeFiles(path, Object.fromEntries(paths.map((file) => [file, ""])));
    return path;
  }
  const list = async (path: string, options: ListOptions = {}) => {
    const { images, skipped, classFolders, heldOut } = await listImages("test", path, options);
    const paths = (split: "train" | "validation") => images[split].map(({ path, label }) => `${path} ${label}`);
    const left = skipped.map(({ path, reason }) => `${path}: ${reason}`);
    return { train: paths("train"), validation: paths("validation"), classFolders, heldOut, skipped: left };
  };

  it("takes images by every name that they go by, and says what it leaves out", async () => {
    const names =
      "a.JPG b.jpeg c.jfif d.jpe e.png f.bmp g.dib h.ppm i.pgm j.pbm k.pnm l.tif m.TIFF n.gif o.webp p.avif";
    const paths = names.split(" ").map((name) => `train/cats/${name}`);
    const found = await list(folder(...paths, "val/cats/a.bmp", "train/cats/notes.txt", "train/cats/.hidden.png"));
    assert.deepEqual(found.train, [...paths].sort().map((path) => `${path} 0`)); // prettier-ignore
    assert.deepEqual(found.skipped, ["train/cats/notes.txt: not an image by its name"]);
  });

  it("leaves out links to nothing and links that lead in circles, and follows others", async (test) => {
    const path = folder("train/cats/a.png", "val/cats/b.png", "elsewhere/more/c.png");
    try {
      symlinkSync("/nowhere/9.png", join(path, "train/cats/9.png"));
      symlinkSync(join(path, "train"), join(path, "train/cats/circle"));
      symlinkSync(join(path, "elsewhere/more"), join(path, "train/cats/more"));
    } catch {
      return test.skip("this system makes no links");
    }
    const found = await list(path);
    assert.deepEqual(found.train, ["train/cats/a.png 0", "train/cats/more/c.png 0"]);
    assert.equal(found.skipped[0], "train/cats/9.png: a link to nothing");
    assert.match(found.skipped[1], /^train\/cats\/circle\/cats: a link to a folder that it is in|^train\/cats\/circle/);
  });

  it("finds images in folders within a class, as Tiny ImageNet has them, and its classes of validation images", async () => {
    const path = folder(
      "train/n1/images/a.JPEG",
      "train/n1/n1_boxes.txt",
      "train/n2/images/b.JPEG",
      "val/images/v0.JPEG",
    );
    writeFiles(path, { "val/images/v1.JPEG": "", "val/images/v2.JPEG": "" });
    await assert.rejects(
      list(path),
      /every class of val must be one of train, got images .* in val\/val_annotations\.txt/,
    );
    writeFileSync(join(path, "val/val_annotations.txt"), "v0.JPEG\tn2\t0\t0\t62\t62\nv1.JPEG\tn1\t1\t2\t3\t4\n");
    const found = await list(path);
    assert.deepEqual(found.train, ["train/n1/images/a.JPEG 0", "train/n2/images/b.JPEG 1"]);
    assert.deepEqual(found.validation, ["val/images/v0.JPEG 1", "val/images/v1.JPEG 0"]);
    assert.deepEqual(found.skipped, [
      "train/n1/n1_boxes.txt: not an image by its name",
      "val/images/v2.JPEG: without a class",
    ]);
    writeFileSync(join(path, "val/val_annotations.txt"), "v0.JPEG\tn3\n");
    await assert.rejects(list(path), { name: "FileError", message: /must name a class of train, got "v0\.JPEG\\tn3"/ });
  });

  it("looks past what a Mac and a Synology leave beside a folder", async () => {
    const path = folder("__MACOSX/set/._a", "set/train/cats/a.png", "set/val/cats/b.png", "set/train/@eaDir/a.png");
    const found = await list(path);
    assert.deepEqual(found.classFolders, ["cats"]);
    assert.deepEqual(found.train, ["train/cats/a.png 0"]);
  });

  it("keeps a class that has no validation images", async () => {
    const found = await list(folder("train/cats/a.png", "train/newts/b.png", "val/cats/c.png"));
    assert.deepEqual(found.classFolders, ["cats", "newts"]);
    assert.deepEqual(found.validation, ["val/cats/c.png 0"]);
    assert.equal(found.heldOut, null);
  });

  it("leaves out a class without images, and says so", async () => {
    const found = await list(folder("train/a/0.heic", "train/b/0.png", "train/c/1.png", "val/b/0.png", "val/c/0.png"));
    assert.deepEqual(found.classFolders, ["b", "c"]);
    assert.deepEqual(found.train, ["train/b/0.png 0", "train/c/1.png 1"]);
    assert.deepEqual(found.skipped, ["train/a/0.heic: not an image by its name", "train/a: a class without images"]);
  });

  const names: readonly (readonly [train: string, validation: string])[] = [
    ["train", "validation"],
    ["Train", "Val"],
    ["Training", "Testing"],
    ["TRAIN", "dev"],
    ["training", "Test"],
  ];
  for (const [train, validation] of names)
    it(`takes ${train} and ${validation} for the two splits`, async () => {
      const found = await list(folder(`${train}/a/0.png`, `${validation}/a/1.png`));
      assert.deepEqual(found.train, [`${train}/a/0.png 0`]);
      assert.deepEqual(found.validation, [`${validation}/a/1.png 0`]);
    });

  it("takes the folder that is meant for validation where there is one for tests beside it", async () => {
    const found = await list(folder("train/a/0.png", "test/a/1.png", "Valid/a/2.png"));
    assert.deepEqual(found.validation, ["Valid/a/2.png 0"]);
  });

  it("holds out a fifth of each class, the same each time, where there is no folder of validation images", async () => {
    const of = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name}/${i}.png`);
    for (const before of ["train/", ""]) {
      const files = [...of(`${before}cats`, 20), ...of(`${before}dogs`, 5), ...of(`${before}newts`, 1)];
      const path = folder(...files);
      const found = await list(path);
      assert.equal(found.heldOut, 0.2);
      const counts = [0, 1, 2].map((label) => found.validation.filter((file) => file.endsWith(` ${label}`)).length);
      assert.deepEqual(counts, [4, 1, 0]);
      assert.deepEqual([...found.train, ...found.validation].map((file) => file.split(" ")[0]).sort(), [...files].sort()); // prettier-ignore
      assert.deepEqual(await list(path), found);
    }
  });

  it("holds out a share of the images for training where asked to, and leaves those for validation alone", async () => {
    const of = (name: string, count: number) => Array.from({ length: count }, (_, i) => `train/${name}/${i}.png`);
    const path = folder(...of("cats", 13), ...of("dogs", 7), "val/cats/a.png", "val/dogs/b.png");
    const found = await list(path, { holdOut: 0.3 });
    assert.equal(found.heldOut, 0.3);
    const counts = [0, 1].map((label) => found.validation.filter((file) => file.endsWith(` ${label}`)).length);
    assert.deepEqual(counts, [4, 2]);
    assert.ok(found.validation.every((file) => file.startsWith("train/")));
    assert.equal(new Set([...found.train, ...found.validation]).size, 20);
  });

  for (const holdOut of [0, 1, -0.2, Number.NaN])
    it(`refuses to hold out ${holdOut}`, async () => {
      await assert.rejects(
        list(folder("cats/a.png", "cats/b.png"), { holdOut }),
        new ConfigError(`test: holdOut must be above 0 and below 1, got ${holdOut}; leave it out, or use 0.2`),
      );
    });

  it("takes a class of any number of images: more than a call can have arguments", () => {
    const count = 20_000;
    const path = folder("val/cats/a.png");
    mkdirSync(join(path, "train/cats"), { recursive: true });
    for (let i = 0; i < count; i++) writeFileSync(join(path, "train/cats", `${i}.png`), "");
    // With a seventh of the usual stack, so that 20,000 are to it what 131,072 are to that one.
    const script = `
      const { listImages } = require(${JSON.stringify(require.resolve("../../src/data/listing.js"))});
      let overflows = false;
      try { [].push(...Array(${count})); } catch { overflows = true; }
      listImages("test", ${JSON.stringify(path)}).then(({ images }) => console.log(overflows, images.train.length));`;
    const { stdout, stderr } = spawnSync(process.execPath, ["--stack-size=140", "-e", script], { encoding: "utf8" });
    assert.equal(stdout, `true ${count}\n`, stderr);
    rmSync(path, { recursive: true });
  });

  it("says what a data set must hold where there is none", async () => {
    await assert.rejects(
      list(folder("readme.txt")),
      /must hold the folders train\/CLASS and val\/CLASS, or .* with no folders/,
    );
    await assert.rejects(
      list(folder("one/a.png", "two/b.txt")),
      /or folders of images, one a class, got .* with one, two/,
    );
    await assert.rejects(list(folder("train/cats/a.txt", "val/cats/b.png")), /train must hold images in class folders/);
    await assert.rejects(list(folder("train/cats/a.png", "val/cats/b.txt")), /val must hold images in class folders/);
    await assert.rejects(
      list(folder("train/a/0.heic")),
      /got none but train\/a\/0\.heic, not an image by its name, in/,
    );
    await assert.rejects(list(join(root, "absent")), { name: "FileError", message: /got ENOENT/ });
  });
});
