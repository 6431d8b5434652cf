import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import sharp from "sharp";
import * as tar from "tar";
import { amount, createDataProgress } from "../../src/cli/data-progress.js";
import { imagenetteClasses } from "../../src/data/imagenette.js";
import { jpeg, writeDataset, writeFiles } from "../data/images.js";

describe("axial-lab data", () => {
  const root = mkdtempSync(join(tmpdir(), "axial-cli-data-"));
  const images = join(root, "images");
  const archive = join(root, "imagenette2-160.tgz");
  before(async () => {
    await writeDataset(images, { train: 3, val: 2 });
    for (const name of Object.keys(imagenetteClasses)) {
      const image = await jpeg(21, 19, [9, 9, 9]);
      writeFiles(join(root, "source"), { [`i/train/${name}/a.JPEG`]: image, [`i/val/${name}/b.JPEG`]: image });
    }
    await tar.create({ file: archive, cwd: join(root, "source"), gzip: true }, ["i"]);
  });
  after(() => rmSync(root, { recursive: true }));

  const data = (...options: string[]) => run("data", ...options);

  function run(...options: string[]): { status: number | null; stdout: string; stderr: string } {
    const main = join(__dirname, "../../src/cli/main.js");
    return spawnSync(process.execPath, [main, ...options], {
      encoding: "utf8",
      timeout: 60_000,
      env: { ...process.env, AXIAL_LAB_CACHE: join(root, "cache") },
    });
  }

  it("unpacks a local archive and says how to go on", () => {
    const { status, stdout, stderr } = data("imagenette", "--from", archive);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^gas pump +1 +1$/m);
    assert.match(stdout, /^all +10 +10$/m);
    assert.match(stdout, /^next: npx axial-lab train --data imagenette$/m);
    assert.equal(stderr, "unpacking imagenette2-160.tgz\n");
  });

  it("keeps in mind where Imagenette is, so that training finds it without a path", () => {
    data("imagenette", "--from", archive);
    const { status, stdout, stderr } = run(
      "train",
      "--data",
      "imagenette",
      "--epochs",
      "1",
      "--batch",
      "5",
      "--size",
      "16",
      "--threads",
      "2",
      "--out",
      join(root, "run"),
    );
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^data {5}imagenette, 10 classes, 16 px, 2 batches of 5$/m);
  });

  it("trains on the rest of the training images where a share is held out, and evaluate measures on that share", () => {
    const out = join(root, "held-out");
    const size = ["--size", "16", "--threads", "2"];
    const { status, stdout, stderr } = run(
      "train",
      ...["--data", images, "--hold-out", "0.4", "--mixup", "0.2", "--epochs", "1", "--batch", "2", "--out", out],
      ...size,
    );
    assert.equal(status, 0, stderr);
    // Of three images of each class one is held out.
    assert.match(stdout, /^data {5}images, 2 classes, 16 px, 2 batches of 2$/m);
    const evaluated = run("evaluate", out, "--json", ...size);
    assert.equal(evaluated.status, 0, evaluated.stderr);
    assert.equal((JSON.parse(evaluated.stdout) as { images: number }).images, 2);
  });

  it("unpacks where it is told to, and prints JSON", () => {
    const to = join(root, "here");
    const { status, stdout } = data("imagenette", "--from", archive, "--to", to, "--json");
    assert.equal(status, 0);
    const { folder, train, classes } = JSON.parse(stdout) as { folder: string; train: number; classes: unknown[] };
    assert.deepEqual([folder, train], [join(to, "i"), 10]);
    assert.deepEqual(classes[1], { name: "English springer", folder: "n02102040", train: 1, validation: 1 });
  });

  it("counts the images of any folder, and with --check finds those that cannot be read", () => {
    const broken = join(images, "train/dark/x.png");
    writeFiles(images, { "train/dark/x.png": "text" });
    const checked = data("info", images, "--check", "--json");
    const { skipped } = JSON.parse(checked.stdout) as { skipped: { path: string }[] };
    assert.equal(checked.status, 1);
    assert.deepEqual(
      skipped.map(({ path }) => path),
      ["train/dark/x.png"],
    );
    rmSync(broken);
    const whole = data("info", images, "--check");
    assert.match(whole.stdout, /^dark +3 +2$/m);
    assert.equal(whole.status, 0);
  });

  it("names 20 of many files that are left out, and all of them in JSON", async () => {
    const folder = join(root, "notes");
    await writeDataset(folder, { train: 1, val: 1 });
    const [first] = readdirSync(join(folder, "train"));
    for (let i = 0; i < 23; i++) writeFiles(join(folder, "train", first), { [`note-${i}.txt`]: Buffer.from("text") });
    const { status, stdout } = data("info", folder);
    assert.equal(status, 0);
    assert.match(stdout, /^23 files are left out:$/m);
    assert.equal(stdout.match(/^ {2}.*note-\d+\.txt: /gm)?.length, 20);
    assert.match(stdout, /^ {2}and 3 more; --json names them all$/m);
    const { skipped } = JSON.parse(data("info", folder, "--json").stdout) as { skipped: unknown[] };
    assert.equal(skipped.length, 23);
  });

  it("draws a sheet of images", async () => {
    const out = join(root, "sheet.png");
    const { status, stdout } = data("preview", "--from", images, "--size", "16", "--count", "4", "--out", out);
    assert.equal(status, 0);
    assert.equal(stdout, `wrote ${out}: 4 images of images, 16 px\n`);
    const { width, height } = await sharp(out).metadata();
    assert.deepEqual([width, height], [34, 34]);
  });

  it("shows and clears the cache", () => {
    const shown = JSON.parse(data("cache", "--json").stdout) as { folder: string; decoded: unknown[] };
    assert.equal(shown.folder, join(root, "cache"));
    assert.ok(shown.decoded.length > 0);
    assert.match(data("cache", "--clear").stdout, /^decoded +0 files, 0.0 MB\nfreed +\d+ files/m);
    assert.equal(existsSync(join(root, "cache", "imagenette")), true);
  });

  it("ends with code 2 and one line for wrong input", () => {
    const absent = join(root, "absent");
    const { status, stderr } = data("info", absent);
    assert.equal(status, 2);
    assert.equal(
      stderr,
      `data info: a folder must be readable, got ENOENT for ${absent}; check its name and its rights\n`,
    );
    assert.equal(data("imagenette", "--size", "64").status, 2);
  });
});

describe("createDataProgress", () => {
  const progress = (done: number) => ({ task: "download", what: "a.tgz", unit: "bytes", done, total: 4e6 }) as const;

  it("keeps one line alive on a terminal, with speed and time left", () => {
    let [text, time] = ["", 0];
    const screen = { write: (part: string) => (text += part), isTTY: true, columns: 100 };
    const { show, end } = createDataProgress(screen, () => time);
    show(progress(1e6));
    time = 2;
    show(progress(2e6));
    end();
    const clear = "\r\u001b[2K";
    assert.deepEqual(text.split(clear), [
      "",
      "downloading a.tgz  1.0 MB of 4.0 MB  25 %",
      "downloading a.tgz  2.0 MB of 4.0 MB  50 %  0.5 MB/s  4 s left",
      "",
    ]);
  });

  it("writes a line for each piece of work elsewhere", () => {
    let text = "";
    const { show, end } = createDataProgress({ write: (part: string) => (text += part) });
    show(progress(1));
    show(progress(2));
    show({ ...progress(3), task: "verify" });
    end();
    assert.equal(text, "downloading a.tgz\nverifying a.tgz\n");
  });

  it("words amounts", () => {
    assert.equal(amount(1234.4, "images"), "1,234 images");
    assert.equal(amount(99_003_388, "bytes"), "99.0 MB");
    assert.equal(amount(1_557_161_267, "bytes"), "1.56 GB");
  });
});
