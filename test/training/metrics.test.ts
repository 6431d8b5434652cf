import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  countConfusion,
  countTop,
  crossEntropies,
  intersectionOverUnion,
  predictions,
  ranks,
} from "../../src/training/metrics.js";

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

describe("countConfusion and intersectionOverUnion", () => {
  it("count labels by what they were taken for, -1 nowhere, and divide the common by all", () => {
    const confusion = new Float64Array(9);
    countConfusion(confusion, 3, Int32Array.of(0, 0, 1, -1, 1, 0), Int32Array.of(0, 1, 1, 1, 1, 0));
    assert.deepEqual([...confusion], [2, 1, 0, 0, 2, 0, 0, 0, 0]);
    const rows = [
      [2, 1, 0],
      [0, 2, 0],
      [0, 0, 0],
    ];
    assert.deepEqual(intersectionOverUnion(rows), [2 / 3, 2 / 3, null]);
  });
});

describe("crossEntropies", () => {
  it("sum in double precision without overflow", () => {
    assert.equal(crossEntropies(Float32Array.of(1e4, -1e4, /**/ 3, 3), Int32Array.of(1, 0)), 2e4 + Math.log(2));
  });
});
