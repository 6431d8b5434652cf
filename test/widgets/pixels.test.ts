import assert from "node:assert/strict";
import { describe, it } from "node:test";
import sharp from "sharp";
import { greyOf, pixelsUri } from "../../widgets/pixels.js";

/** The bytes that another reader finds in a PNG. */
const decoded = async (png: Uint8Array) => {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  return { bytes: [...data], shape: [info.height, info.width, info.channels] };
};
const pngOf = (uri: string) => Buffer.from(uri.replace("data:image/png;base64,", ""), "base64");

describe("pixels", () => {
  it("are enlarged by a whole factor with hard edges", async () => {
    const uri = pixelsUri({ values: Uint8Array.of(10, 20, 30, 40, 50, 60), shape: [1, 2, 3] }, 4);
    const [a, b] = [
      [10, 20, 30],
      [40, 50, 60],
    ];
    assert.deepEqual(await decoded(pngOf(uri)), { bytes: [a, a, b, b, a, a, b, b].flat(), shape: [2, 4, 3] });
  });

  it("may be floats from 0 to 1, clamped beyond", async () => {
    const uri = pixelsUri({ values: Float32Array.of(0, 0.5, 1, -1, 2, 0.2), shape: [1, 2, 3] }, 1);
    assert.deepEqual((await decoded(pngOf(uri))).bytes, [0, 128, 255, 0, 255, 51]);
  });

  it("turn grey by their brightness", () => {
    const { values } = greyOf({ values: Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9), shape: [2, 2, 3] });
    assert.deepEqual([...values], [76, 150, 29, 9]);
    assert.deepEqual([...greyOf({ values: Float32Array.of(0.2, 1), shape: [1, 2, 1] }).values], [51, 255]);
  });
});
