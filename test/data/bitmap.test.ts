import assert from "node:assert/strict";
import { describe, it } from "node:test";
import sharp from "sharp";
import { decodeBitmap, isBitmap, type RawImage } from "../../src/data/bitmap.js";

/** 5 x 3 pixels, of which 0 is red, 1 green, 2 blue, 3 grey. */
const picture = [
  [0, 1, 2, 3, 0],
  [1, 1, 0, 2, 3],
  [3, 2, 1, 0, 1],
];
const colours = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [132, 132, 132],
] as const;
const expected = picture.flat().flatMap((index) => [...colours[index]]);

const little = (value: number, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, i) => Math.floor((value < 0 ? value + 2 ** 32 : value) / 256 ** i) % 256);

interface Form {
  bits: number;
  /** Bytes of the pixels, as they lie in the file. */
  lines: readonly number[];
  height?: number;
  compression?: number;
  masks?: readonly number[];
  palette?: readonly (readonly number[])[];
  headerBytes?: number;
}

/** The bytes of a file, by Microsoft's "Bitmap Storage". */
function bitmap({
  bits,
  lines,
  height = 3,
  compression = 0,
  masks = [],
  palette = [],
  headerBytes = 40,
}: Form): Buffer {
  const isCore = headerBytes === 12;
  const table = palette.flatMap(([r, g, b]) => (isCore ? [b, g, r] : [b, g, r, 0]));
  const header = isCore
    ? [...little(5, 2), ...little(height, 2), ...little(1, 2), ...little(bits, 2)]
    : [5, height].flatMap((size) => little(size, 4)).concat(little(1, 2), little(bits, 2), little(compression, 4), Array<number>(20).fill(0)); // prettier-ignore
  const after = masks.flatMap((mask) => little(mask, 4));
  const rest = Array<number>(Math.max(0, headerBytes - 4 - header.length - after.length)).fill(0);
  const info = [...little(headerBytes, 4), ...header, ...after, ...rest, ...table];
  const offset = 14 + info.length;
  return Buffer.from([
    0x42,
    0x4d,
    ...little(offset + lines.length, 4),
    0,
    0,
    0,
    0,
    ...little(offset, 4),
    ...info,
    ...lines,
  ]);
}

const bottomUp = [...picture].reverse();
/** Lines of indices as bits, padded to four bytes. */
const packed = (rows: readonly (readonly number[])[], bits: number): number[] =>
  rows.flatMap((row) => {
    const text = row.map((index) => index.toString(2).padStart(bits, "0")).join("");
    const bytes = text.padEnd(Math.ceil(text.length / 32) * 32, "0").match(/.{8}/g)!;
    return bytes.map((byte) => parseInt(byte, 2));
  });
const pixels = (
  rows: readonly (readonly number[])[],
  write: (colour: readonly number[]) => number[],
  padding: number,
) => rows.flatMap((row) => [...row.flatMap((index) => write(colours[index])), ...Array<number>(padding).fill(0)]);
const bgr = ([r, g, b]: readonly number[]) => [b, g, r];
/** 5, 6 and 5 bits; 132 is 16 of 31 and 33 of 63. */
const rgb565 = ([r, g, b]: readonly number[]) =>
  little((Math.round((r * 31) / 255) << 11) | (Math.round((g * 63) / 255) << 5) | Math.round((b * 31) / 255), 2);
const rgb555 = ([r, g, b]: readonly number[]) =>
  little((Math.round((r * 31) / 255) << 10) | (Math.round((g * 31) / 255) << 5) | Math.round((b * 31) / 255), 2);
const near = (actual: Uint8Array): void =>
  actual.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) <= 4, `${value} for ${expected[i]}`));

describe("a bitmap", () => {
  const exact: Record<string, Form> = {
    "of 24 bits": { bits: 24, lines: pixels(bottomUp, bgr, 1) },
    "of 24 bits, top line first": { bits: 24, height: -3, lines: pixels(picture, bgr, 1) },
    "of 24 bits, OS/2 header": { bits: 24, headerBytes: 12, lines: pixels(bottomUp, bgr, 1) },
    "of 32 bits": { bits: 32, lines: pixels(bottomUp, (colour) => [...bgr(colour), 0], 0) },
    "of 32 bits with masks": {
      ...{ bits: 32, compression: 3, masks: [0xff, 0xff00, 0xff0000] },
      lines: pixels(bottomUp, (colour) => [...colour, 0], 0),
    },
    "of 8 bits": { bits: 8, palette: colours, lines: packed(bottomUp, 8) },
    "of 8 bits, OS/2 header": { bits: 8, headerBytes: 12, palette: colours, lines: packed(bottomUp, 8) },
    "of 4 bits, an odd width": { bits: 4, palette: colours, lines: packed(bottomUp, 4) },
  };
  for (const [what, form] of Object.entries(exact)) {
    it(`${what} gives its pixels`, () => {
      const { width, height, channels, bytes } = decodeBitmap(bitmap(form)) as RawImage;
      assert.deepEqual([width, height, channels], [5, 3, 3]);
      assert.deepEqual([...bytes], expected);
    });
  }

  it("of 1 bit gives its pixels", () => {
    const rows = [[0, 1, 1, 0, 1], [1, 1, 1, 1, 1], [0, 0, 0, 0, 1]]; // prettier-ignore
    const file = bitmap({ bits: 1, palette: colours.slice(0, 2), lines: packed([...rows].reverse(), 1) });
    const { bytes } = decodeBitmap(file) as RawImage;
    assert.deepEqual([...bytes], rows.flat().flatMap((index) => [...colours[index]])); // prettier-ignore
  });

  it("of run lengths gives runs, indices as they are, jumps and ends of lines", () => {
    const indices = (form: Form) => {
      const { bytes } = decodeBitmap(bitmap({ ...form, palette: colours })) as RawImage;
      const all = Array.from({ length: 15 }, (_, i) => [...bytes.subarray(i * 3, i * 3 + 3)].join());
      return all.map((colour) => colours.findIndex((known) => known.join() === colour));
    };
    // Lines from the bottom. Places that no run reaches are black, which is none of the colours: -1.
    const lines8 = [0, 5, 3, 2, 1, 0, 1, 0, 0, 0, 2, 1, 0, 3, 0, 2, 3, 0, 0, 0, 0, 2, 2, 0, 1, 2, 2, 3, 0, 1];
    assert.deepEqual(
      indices({ bits: 8, compression: 1, lines: lines8 }),
      [-1, -1, 2, 3, 3, 1, 1, 0, 2, 3, 3, 2, 1, 0, 1],
    );
    const lines4 = [0, 5, 0x32, 0x10, 0x10, 0, 0, 0, 3, 0x12, 0, 0, 5, 0x01, 0, 1];
    assert.deepEqual(
      indices({ bits: 4, compression: 2, lines: lines4 }),
      [0, 1, 0, 1, 0, 1, 2, 1, -1, -1, 3, 2, 1, 0, 1],
    );
  });

  it("of 16 bits gives its pixels as nearly as 5 and 6 bits can", () => {
    near((decodeBitmap(bitmap({ bits: 16, lines: pixels(bottomUp, rgb555, 2) })) as RawImage).bytes);
    const masks = [0xf800, 0x07e0, 0x001f];
    near(
      (decodeBitmap(bitmap({ bits: 16, compression: 3, masks, lines: pixels(bottomUp, rgb565, 2) })) as RawImage).bytes,
    );
  });

  it("with an alpha mask keeps it as a fourth channel", () => {
    const masks = [0xff0000, 0xff00, 0xff, 0xff000000];
    const lines = pixels(bottomUp, (colour) => [...bgr(colour), 128], 0);
    const { channels, bytes } = decodeBitmap(
      bitmap({ bits: 32, compression: 3, masks, headerBytes: 124, lines }),
    ) as RawImage;
    assert.deepEqual([channels, ...bytes.subarray(0, 8)], [4, 255, 0, 0, 128, 0, 255, 0, 128]);
  });

  it("around a PNG gives the PNG", async () => {
    const png = await sharp({ create: { width: 5, height: 3, channels: 3, background: "#123456" } })
      .png()
      .toBuffer();
    assert.deepEqual(decodeBitmap(bitmap({ bits: 0, compression: 5, lines: [...png] })), Buffer.from(png));
  });

  it("cut off anywhere, or foreign, is an error", () => {
    const whole = bitmap(exact["of 24 bits"]);
    for (let length = 0; length < whole.length - 1; length++)
      assert.throws(() => decodeBitmap(whole.subarray(0, length)), Error, `${length} bytes`);
    assert.throws(
      () => decodeBitmap(bitmap({ bits: 2, lines: packed(bottomUp, 2) })),
      /2 bits a pixel with compression 0/,
    );
    assert.throws(
      () => decodeBitmap(bitmap({ bits: 8, compression: 1, palette: colours, lines: [4] })),
      /inside its runs/,
    );
    assert.throws(() => decodeBitmap(bitmap({ bits: 24, height: 2 ** 30, lines: [] })), /5 x 1073741824 pixels/);
    assert.equal(isBitmap(whole), true);
    assert.equal(isBitmap(Buffer.from("BA")), false);
  });
});
