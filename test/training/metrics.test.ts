import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { countTop, predictions, ranks } from "../../src/training/metrics.js";

describe("ranks", () => {
  it("counts the classes ahead of the right one", () => {
    const logits = Float32Array.of(1, 5, 3, 4, /**/ 9, 8, 7, 6, /**/ 0, 0, 0, 1);
    assert.deepEqual(ranks(logits, Int32Array.of(2, 0, 0)), Int32Array.of(2, 0, 1));
  });

  it("puts the first of equal logits first", () => {
    assert.deepEqual(ranks(Float32Array.of(2, 2, 2), Int32Array.of(1)), Int32Array.of(1));
  });

  it("never counts an image whose logits are not numbers", () => {
    assert.deepEqual(ranks(Float32Array.of(NaN, NaN, NaN), Int32Array.of(0)), Int32Array.of(3));
    assert.deepEqual(ranks(Float32Array.of(1, NaN, NaN), Int32Array.of(0)), Int32Array.of(2));
  });

  it("agrees with predictions on who is first", () => {
    const logits = Float32Array.from({ length: 7 * 11 }, (_, i) => Math.sin(i * i));
    const labels = predictions(logits, 7);
    assert.equal(countTop(ranks(logits, labels), 1), 11);
  });
});

describe("countTop", () => {
  it("counts the ranks below k", () => {
    assert.equal(countTop(Int32Array.of(0, 1, 4, 5), 1), 1);
    assert.equal(countTop(Int32Array.of(0, 1, 4, 5), 5), 3);
  });
});
