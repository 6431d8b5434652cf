import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { centreCrop, type Projection } from "../../src/data/augmentation.js";
import { imagenetStatistics, toBytes } from "../../src/data/normalize.js";
import { randomOf } from "../../src/core/random.js";
import { resample, type PixelSource } from "../../src/data/resample.js";
import { assertClose } from "../helpers/compare.js";

function noise(width: number, height: number): PixelSource {
  const random = randomOf(9);
  const bytes = Uint8Array.from({ length: width * height * 3 }, () => random.integer(256));
  return { bytes, offset: 0, width, height };
}

function run(source: PixelSource, map: Projection, size: number, tones: Float32Array | null = null): Float32Array {
  const out = new Float32Array(size * size * 3);
  resample(source, map, tones, size, out, 0);
  return out;
}

/** Values in 0 to 255, not rounded. */
const levels = (values: Float32Array): number[] =>
  Array.from(values, (v, i) => (v * imagenetStatistics.std[i % 3] + imagenetStatistics.mean[i % 3]) * 255);

const identity: Projection = [1, 0, 0, 0, 1, 0, 0, 0, 1];
const pixel = ({ bytes, width }: PixelSource, x: number, y: number, channel: number): number =>
  bytes[(y * width + x) * 3 + channel];

describe("resample", () => {
  const source = noise(11, 7);

  it("copies pixels exactly where the map is the identity", () => {
    const out = toBytes(run(source, identity, 7));
    for (let y = 0; y < 7; y++) {
      for (let x = 0; x < 7; x++) {
        for (let c = 0; c < 3; c++) assert.equal(out[(y * 7 + x) * 3 + c], pixel(source, x, y, c));
      }
    }
  });

  it("normalises by ImageNet's statistics", () => {
    const white: PixelSource = { bytes: new Uint8Array(12).fill(255), offset: 0, width: 2, height: 2 };
    // (1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225
    const expected = [2.2489083, 2.4285715, 2.64];
    assertClose(run(white, identity, 2), [...expected, ...expected, ...expected, ...expected], 3e-7);
  });

  it("mirrors exactly under a flip", () => {
    const out = toBytes(run(source, [-1, 0, 11, 0, 1, 0, 0, 0, 1], 7));
    for (let x = 0; x < 7; x++) assert.equal(out[x * 3], pixel(source, 10 - x, 0, 0));
  });

  it("interpolates linearly between pixels", () => {
    const out = levels(run(source, [1, 0, 0.25, 0, 1, 0, 0, 0, 1], 5));
    const expected = 0.75 * pixel(source, 2, 3, 1) + 0.25 * pixel(source, 3, 3, 1);
    assertClose([out[(3 * 5 + 2) * 3 + 1]], [expected], 1e-6);
  });

  it("mirrors the image beyond its borders", () => {
    const out = toBytes(run(source, [1, 0, -3, 0, 1, 0, 0, 0, 1], 7));
    assert.deepEqual(
      Array.from({ length: 7 }, (_, x) => out[x * 3]),
      [2, 1, 0, 0, 1, 2, 3].map((x) => pixel(source, x, 0, 0)),
    );
    const below = toBytes(run(source, [1, 0, 0, 0, 1, 5, 0, 0, 1], 7));
    assert.deepEqual(
      Array.from({ length: 7 }, (_, y) => below[y * 7 * 3]),
      [5, 6, 6, 5, 4, 3, 2].map((y) => pixel(source, 0, y, 0)),
    );
  });

  it("averages when it shrinks, so that fine stripes become grey", () => {
    const stripes: PixelSource = {
      bytes: Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => (Math.floor(i / 3) % 2) * 255),
      offset: 0,
      width: 32,
      height: 32,
    };
    assertClose(levels(run(stripes, centreCrop(32, 32, 16, 1), 16)), new Float32Array(16 * 16 * 3).fill(127.5), 1e-6);
  });

  it("keeps one colour under any projection", () => {
    const flat: PixelSource = { bytes: new Uint8Array(13 * 5 * 3).fill(77), offset: 0, width: 13, height: 5 };
    const out = levels(run(flat, [0.9, 0.4, -3, -0.3, 1.7, 2, 0.01, -0.02, 1], 9));
    assertClose(out, new Float32Array(9 * 9 * 3).fill(77), 1e-6);
  });

  it("changes tones, also between two of them", () => {
    const tones = Float32Array.from({ length: 256 }, (_, byte) => 255 - byte);
    const plain = levels(run(source, [1, 0, 0.3, 0, 1, 0.6, 0, 0, 1], 5));
    const inverted = levels(run(source, [1, 0, 0.3, 0, 1, 0.6, 0, 0, 1], 5, tones));
    assertClose(
      inverted,
      plain.map((level) => 255 - level),
      1e-6,
    );
  });

  it("reads at an offset and writes at a start", () => {
    const shifted: PixelSource = { ...source, bytes: Uint8Array.of(1, 2, ...source.bytes), offset: 2 };
    const out = new Float32Array(2 + 5 * 5 * 3);
    resample(shifted, identity, null, 5, out, 2);
    assert.deepEqual(out.subarray(2), run(source, identity, 5));
    assert.deepEqual([...out.subarray(0, 2)], [0, 0]);
  });
});
