/* Float8 values: torch.arange(256, dtype=torch.uint8).view(DTYPE).float(), PyTorch 2.15.0; a few of each by place. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bytesOf, toFloat32, typed, unrealReason, type Dtype } from "../../src/weights/dtypes.js";

describe("stored elements as float32", () => {
  const places = [0, 1, 7, 8, 56, 59, 119, 120, 122, 124, 126, 127, 128, 129, 200, 251, 254, 255];
  const expected: Partial<Record<Dtype, number[]>> = {
    F8_E4M3: [
      0,
      0.001953125,
      0.013671875,
      0.015625,
      1,
      1.375,
      240,
      256,
      320,
      384,
      448,
      NaN,
      -0,
      -0.001953125,
      -4,
      -352,
      -448,
      NaN,
    ],
    F8_E5M2: [
      0,
      1.52587890625e-5,
      0.0001068115234375,
      0.0001220703125,
      0.5,
      0.875,
      28672,
      32768,
      49152,
      Infinity,
      NaN,
      NaN,
      -0,
      -1.52587890625e-5,
      -8,
      -57344,
      NaN,
      NaN,
    ],
    F8_E4M3FNUZ: [
      0,
      0.0009765625,
      0.0068359375,
      0.0078125,
      0.5,
      0.6875,
      120,
      128,
      160,
      192,
      224,
      240,
      NaN,
      -0.0009765625,
      -2,
      -176,
      -224,
      -240,
    ],
    F8_E5M2FNUZ: [
      0,
      7.62939453125e-6,
      5.340576171875e-5,
      6.103515625e-5,
      0.25,
      0.4375,
      14336,
      16384,
      24576,
      32768,
      49152,
      57344,
      NaN,
      -7.62939453125e-6,
      -4,
      -28672,
      -49152,
      -57344,
    ],
  };
  for (const [dtype, values] of Object.entries(expected) as [Dtype, number[]][])
    it(`of ${dtype} are those of PyTorch`, () => {
      const data = Uint8Array.from(places);
      assert.deepEqual([...toFloat32({ dtype, shape: [places.length], data })], values);
    });

  it("of a complex or packed dtype have none, and say so", () => {
    assert.equal(unrealReason("F32"), null);
    assert.equal(unrealReason("C64"), "is of dtype C64 (complex numbers), which has no float32 values");
    assert.equal(unrealReason("F4"), "is of dtype F4 (packed 4-bit numbers), which has no float32 values");
    assert.equal(bytesOf("F4", 6), 3);
    assert.throws(() => toFloat32({ dtype: "C64", shape: [1], data: new Float32Array(2) }), /internal: /);
  });

  it("are taken from bytes at any offset", () => {
    const bytes = new Uint8Array(9);
    bytes.set(new Uint8Array(Float32Array.of(1.5, -3).buffer), 1);
    assert.deepEqual(typed("F32", bytes.subarray(1)), Float32Array.of(1.5, -3));
  });
});
