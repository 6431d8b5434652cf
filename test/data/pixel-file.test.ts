import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { createPixelFile, openPixelFile } from "../../src/data/pixel-file.js";

describe("a file of pixels", () => {
  const folder = mkdtempSync(join(tmpdir(), "axial-pixels-"));
  after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "images.bin");

  it("gives back every image, its label and the facts", async () => {
    const images = [
      { width: 3, height: 2, bytes: Uint8Array.from({ length: 18 }, (_, i) => i) },
      { width: 1, height: 1, bytes: Uint8Array.of(7, 8, 9) },
    ];
    const file = await createPixelFile(path);
    await file.add(images[0], 5);
    await file.add(images[1], 70_000);
    await file.finish({ skipped: ["é"] });
    await file.close();

    const opened = openPixelFile(path);
    assert.equal(opened.count, 2);
    assert.equal(opened.largest, 18);
    assert.deepEqual(opened.facts, { skipped: ["é"] });
    images.forEach((image, i) => {
      assert.deepEqual([opened.width(i), opened.height(i)], [image.width, image.height]);
      const bytes = new Uint8Array(18);
      opened.read(i, bytes);
      assert.deepEqual(bytes.subarray(0, image.bytes.length), image.bytes);
    });
    assert.deepEqual([opened.label(0), opened.label(1)], [5, 70_000]);
    opened.close();
  });

  it("is refused when it is cut at any place, or longer", () => {
    const whole = readFileSync(path);
    const damaged = join(folder, "damaged.bin");
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(damaged, whole.subarray(0, length));
      assert.throws(() => openPixelFile(damaged), {
        name: "FileError",
        message: `pixelFile: a file of prepared images must be whole, got ${damaged}; delete it`,
      });
    }
    writeFileSync(damaged, Buffer.concat([whole, whole.subarray(-24)]));
    assert.throws(() => openPixelFile(damaged), { name: "FileError" });
  });

  it("never overwrites", async () => {
    await assert.rejects(createPixelFile(path), { code: "EEXIST" });
  });
});
