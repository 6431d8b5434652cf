import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toFloat32 } from "../../src/weights/dtypes.js";
import { toHalf } from "../../src/weights/half.js";

const back = (bits: Uint16Array<ArrayBuffer>) => toFloat32({ dtype: "F16", shape: [bits.length], data: bits });

describe("half floats", () => {
  it("give all 63,488 finite ones back as they were", () => {
    const all = Uint16Array.from({ length: 65536 }, (_, i) => i).filter((one) => (one & 0x7c00) !== 0x7c00);
    assert.deepEqual(toHalf(back(all)), all);
  });

  it("round to the nearest, ties to even, and say what they cannot hold", () => {
    // 1 + 2^-11 lies between 1 and 1 + 2^-10, whose last bit is odd; 65520 between 65504 and what would be 65536.
    const cases: [number, number][] = [
      [1 + 2 ** -11, 0x3c00],
      [1 + 3 * 2 ** -11, 0x3c02],
      [1 + 2 ** -11 + 2 ** -20, 0x3c01],
      [-2, 0xc000],
      [65519, 0x7bff],
      [65520, 0x7c00],
      [-Infinity, 0xfc00],
      [2 ** -24, 1],
      [2 ** -25, 0],
      [1.5 * 2 ** -25, 1],
      [2 ** -26, 0],
      [2 ** -14 - 2 ** -26, 0x0400],
      [-0, 0x8000],
    ];
    for (const [value, bits] of cases) assert.equal(toHalf([value])[0], bits, String(value));
    assert.ok(Number.isNaN(back(toHalf([NaN]))[0]));
  });
});
