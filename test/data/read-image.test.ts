import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { imageFolder, readImage } from "../../src/data/index.js";
import { jpeg, writeFiles } from "./images.js";

describe("readImage", () => {
  const root = mkdtempSync(join(tmpdir(), "axial-read-image-"));
  after(() => rmSync(root, { recursive: true }));

  it("gives the image that validation gives a model, bit for bit", async () => {
    const photo = await jpeg(41, 29, [200, 90, 30], 17);
    writeFiles(join(root, "set"), { "train/a/0.jpg": photo, "val/a/0.jpg": photo });
    const data = await imageFolder(join(root, "set"), { cacheFolder: join(root, "cache") });
    const seen: Float32Array[] = [];
    for await (const { images } of data.batches({ split: "validation", size: 16, batchSize: 1, seed: 0, epoch: 0 }))
      seen.push(images);
    await data.close();
    const { values, shape, image } = await readImage(join(root, "set/val/a/0.jpg"), 16);
    assert.deepEqual(shape, [16, 16, 3]);
    assert.deepEqual([values], seen);
    const [red, green, blue] = image.values.slice(3 * (8 * 16 + 12));
    assert.ok(
      Math.abs(red - 200) < 6 && Math.abs(green - 90) < 6 && Math.abs(blue - 30) < 6,
      `${red} ${green} ${blue}`,
    );
  });

  it("says which file is no image, and which size is none", async () => {
    writeFileSync(join(root, "text.jpg"), "text");
    await assert.rejects(readImage(join(root, "text.jpg"), 16), {
      name: "FileError",
      message: /text\.jpg \(Input buffer/,
    });
    await assert.rejects(readImage(join(root, "absent.jpg"), 16), { name: "FileError", message: /ENOENT/ });
    await assert.rejects(readImage(join(root, "text.jpg"), 3.5), {
      name: "ConfigError",
      message: /size must be .* got 3\.5/,
    });
  });
});
