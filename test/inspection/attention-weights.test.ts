import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { attentionField, type PlaceAttention } from "../../src/inspection/attention-weights.js";

/** A local layer of 3 x 5 places, 2 heads, an m x m window: weight = its number in the array. */
const local = (m: number): PlaceAttention => ({
  layer: "spatial",
  axes: ["y", "x", "head", "window y", "window x"],
  shape: [3, 5, 2, m, m],
  weights: Float32Array.from({ length: 3 * 5 * 2 * m * m }, (_, i) => i),
});

describe("the field of a query", () => {
  it("lies around it for an odd window, without what is outside of the map", () => {
    // Place (2, 4), head 1: the window starts at ((2 * 5 + 4) * 2 + 1) * 9 = 261; row 0 of it is y = 1, column 0 is x = 3.
    const { values, shape } = attentionField(local(3), { y: 2, x: 4, head: 1 });
    assert.deepEqual(shape, [3, 5]);
    assert.deepEqual([...values], [0, 0, 0, 0, 0, 0, 0, 0, 261, 262, 0, 0, 0, 264, 265]);
  });

  it("reaches one place further after the query for an even window", () => {
    // Place (0, 1), head 0: from (0 * 5 + 1) * 2 * 4 = 8 on; the window is rows 0 and 1, columns 1 and 2.
    const { values } = attentionField(local(2), { y: 0, x: 1, head: 0 });
    assert.deepEqual([...values], [0, 8, 9, 0, 0, 0, 10, 11, 0, 0, 0, 0, 0, 0, 0]);
  });

  it("covers the map for global attention, averaged over the heads where none is named", () => {
    const attention: PlaceAttention = {
      layer: "spatial",
      axes: ["head", "y", "x", "key y", "key x"],
      shape: [2, 2, 3, 2, 3],
      weights: Float32Array.from({ length: 2 * 36 }, (_, i) => i),
    };
    // Place (1, 2): number 5 of 6; head 0 from 30 on, head 1 from 66 on: the mean starts at 48.
    assert.deepEqual([...attentionField(attention, { y: 1, x: 2 }).values], [48, 49, 50, 51, 52, 53]);
  });

  it("refuses a place beside the map", () => {
    assert.throws(() => attentionField(local(3), { y: 3, x: 0 }), {
      name: "ConfigError",
      message: "attentionField spatial: y must be from 0 to 2, got 3; choose one of those",
    });
  });
});
