import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import sharp from "sharp";
import { decodeImage } from "../../src/data/decode.js";
import { floatTiff, jpeg } from "./images.js";

describe("decodeImage", () => {
  const folder = mkdtempSync(join(tmpdir(), "axial-decode-"));
  after(() => rmSync(folder, { recursive: true }));

  async function decode(file: Uint8Array | string | Promise<Uint8Array>, side = 64) {
    const path = join(folder, "image.JPEG");
    writeFileSync(path, await file);
    return decodeImage(path, side);
  }
  /** The pixel in the middle, of three channels. */
  async function middle(file: Promise<Uint8Array>): Promise<number[]> {
    const { width, height, bytes } = await decode(file);
    assert.equal(bytes.length, width * height * 3);
    const at = (Math.floor(height / 2) * width + Math.floor(width / 2)) * 3;
    return [...bytes.subarray(at, at + 3)];
  }
  function assertColor(got: readonly number[], expected: readonly number[], tolerance = 4): void {
    got.forEach((value, i) =>
      assert.ok(Math.abs(value - expected[i]) <= tolerance, `${got.join()} for ${expected.join()}`),
    );
  }
  const image = (background: string, options: Partial<sharp.CreateRaw> & { alpha?: number } = {}) =>
    sharp({
      create: {
        width: 17,
        height: 13,
        channels: options.alpha === undefined ? 3 : 4,
        background: { ...sharpColor(background), alpha: options.alpha ?? 1 },
      },
    });
  const sharpColor = (hex: string) => ({
    r: parseInt(hex.slice(1, 3), 16),
    g: parseInt(hex.slice(3, 5), 16),
    b: parseInt(hex.slice(5, 7), 16),
  });

  it("gives RGB bytes of a colour JPEG", async () => {
    assertColor(await middle(jpeg(31, 23, [200, 30, 90])), [200, 30, 90]);
  });

  it("converts grey to three equal channels", async () => {
    const [r, g, b] = await middle(image("#787878").toColourspace("b-w").jpeg().toBuffer());
    assertColor([r, g, b], [120, 120, 120]);
    assert.ok(r === g && g === b);
  });

  it("converts CMYK", async () => {
    const file = await image("#d02040").toColourspace("cmyk").jpeg({ quality: 95 }).toBuffer();
    assert.equal((await sharp(file).metadata()).space, "cmyk");
    assertColor(await middle(Promise.resolve(file)), [0xd0, 0x20, 0x40], 40);
  });

  it("converts palettes and 16 bits", async () => {
    assertColor(await middle(image("#20a040").png({ palette: true }).toBuffer()), [0x20, 0xa0, 0x40]);
    const deep = image("#20a040").toColourspace("rgb16").png().toBuffer();
    assert.equal((await sharp(await deep).metadata()).depth, "ushort");
    assertColor(await middle(deep), [0x20, 0xa0, 0x40]);
  });

  it("shows white through what is transparent", async () => {
    assertColor(await middle(image("#000000", { alpha: 0 }).png().toBuffer()), [255, 255, 255]);
    assertColor(await middle(image("#000000", { alpha: 0.5 }).png().toBuffer()), [127, 127, 127]);
  });

  it("turns images the way EXIF says", async () => {
    const file = sharp(await jpeg(30, 20, [9, 9, 9]))
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    const { width, height } = await decode(file);
    assert.deepEqual([width, height], [20, 30]);
  });

  it("shrinks the shorter side to the one asked for and never enlarges", async () => {
    const sizes = async (width: number, height: number, side: number) => {
      const image = await decode(jpeg(width, height, [1, 2, 3]), side);
      return [image.width, image.height];
    };
    assert.deepEqual(await sizes(120, 80, 16), [24, 16]);
    assert.deepEqual(await sizes(80, 120, 16), [16, 24]);
    assert.deepEqual(await sizes(12, 8, 16), [12, 8]);
  });

  it("keeps the middle of very oblong images", async () => {
    const bytes = Uint8Array.from({ length: 100 * 10 * 3 }, (_, i) =>
      Math.abs((Math.floor(i / 3) % 100) - 49.5) < 15 ? 255 : 0,
    );
    const wide = await decode(
      sharp(bytes, { raw: { width: 100, height: 10, channels: 3 } })
        .png()
        .toBuffer(),
    );
    assert.deepEqual([wide.width, wide.height], [30, 10]);
    assert.ok(wide.bytes.every((value) => value === 255));
    const tall = await decode(
      sharp(bytes, { raw: { width: 100, height: 10, channels: 3 } })
        .rotate(90)
        .png()
        .toBuffer(),
    );
    assert.deepEqual([tall.width, tall.height], [10, 30]);
    assert.ok(tall.bytes.every((value) => value === 255));
  });

  it("throws on truncated files, text and nothing", async () => {
    const whole = await jpeg(64, 64, [200, 30, 90], 20);
    await assert.rejects(decode(whole.subarray(0, whole.length / 2)));
    await assert.rejects(decode("no image at all"), /unsupported image format/);
    await assert.rejects(decode(""), /empty|unsupported/i);
    await assert.rejects(decodeImage(join(folder, "absent.JPEG"), 8), { code: "ENOENT" });
  });

  it("reads bitmaps and Netpbm images, whatever they are named", async () => {
    const ppm = Buffer.concat([Buffer.from("P6 2 1 255\n"), Buffer.from([1, 2, 3, 4, 5, 6])]);
    assert.deepEqual([...(await decode(ppm)).bytes], [1, 2, 3, 4, 5, 6]);
    const header = [0x42, 0x4d, 62, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 24, 0];
    const bmp = Buffer.from([...header, ...Array<number>(24).fill(0), 3, 2, 1, 6, 5, 4, 0, 0]);
    assert.deepEqual([...(await decode(bmp)).bytes], [1, 2, 3, 4, 5, 6]);
    await assert.rejects(decode(bmp.subarray(0, 57)), /BMP: the file ends before its 1 lines do/);
  });

  it("takes the floats of a TIFF as shares of white, as bytes, or from the smallest to the greatest", async () => {
    const levels = async (...values: number[]) => {
      const height = values.length % 2 === 0 ? 2 : 1;
      return [...(await decode(floatTiff(values.length / height, height, values))).bytes].filter(
        (_, index) => index % 3 === 0,
      );
    };
    assert.deepEqual(await levels(0, 0.25, 0.5, 1), [0, 64, 128, 255]);
    assert.deepEqual(await levels(0, 0.25, 50, 255), [0, 0, 50, 255]);
    assert.deepEqual(await levels(-1, 0, 1), [0, 128, 255]);
    assert.deepEqual(await levels(0, 1000, 4000), [0, 64, 255]);
    assert.deepEqual(await levels(0, NaN, 1), [0, 0, 255]);
  });
});
