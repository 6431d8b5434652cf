import assert from "node:assert/strict";
import { describe, it } from "node:test";
import sharp from "sharp";
import { contactSheet } from "../../src/data/contact-sheet.js";
import { generated } from "../../src/data/synthetic.js";

describe("contactSheet", () => {
  it("sets the images side by side, row by row, on white", async () => {
    const dataset = generated({ trainCount: 5 });
    const size = 13;
    const options = { split: "train", batchSize: 5, size, seed: 0, epoch: 0, shuffle: false, augment: false } as const;
    for await (const batch of dataset.batches(options)) {
      const png = await contactSheet(batch, { columns: 3, gap: 2 });
      const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
      assert.deepEqual([info.width, info.height, info.channels], [3 * 13 + 2 * 2, 2 * 13 + 2, 3]);
      const at = (x: number, y: number): number[] => [...data.subarray((y * info.width + x) * 3).subarray(0, 3)];
      assert.deepEqual(at(14, 5), [255, 255, 255]);
      assert.deepEqual(at(info.width - 1, info.height - 1), [255, 255, 255]); // No sixth image.
      const fifth = dataset.image("train", 4, size);
      assert.deepEqual(at(15 + 7, 15 + 4), [...fifth.subarray((4 * size + 7) * 3).subarray(0, 3)]);
    }
    await dataset.close();
  });
});
