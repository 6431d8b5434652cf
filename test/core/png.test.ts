import assert from "node:assert/strict";
import { describe, it } from "node:test";
import sharp from "sharp";
import { encodePng } from "../../src/core/png.js";

describe("a PNG file", () => {
  for (const channels of [1, 3, 4] as const)
    it(`of ${channels} channels is read by another decoder as it was`, async () => {
      const data = Uint8Array.from({ length: 5 * 7 * channels }, (_, i) => (37 * i) % 256);
      const { data: back, info } = await sharp(encodePng({ width: 7, height: 5, channels, data }))
        .toColourspace(channels === 1 ? "b-w" : "srgb")
        .raw()
        .toBuffer({ resolveWithObject: true });
      assert.deepEqual([info.width, info.height, info.channels], [7, 5, channels]);
      assert.deepEqual([...back], [...data]);
    });

  it("is refused where bytes are missing", () => {
    assert.throws(() => encodePng({ width: 3, height: 2, channels: 3, data: new Uint8Array(17) }), {
      name: "ShapeError",
      message:
        "encodePng: data must hold height x width x channels bytes, got 17 for [2, 3, 3]; give the size of the data",
    });
  });
});
