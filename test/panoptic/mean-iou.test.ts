import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ShapeError } from "../../src/core/errors.js";
import { MeanIou } from "../../src/panoptic/index.js";

describe("MeanIou", () => {
  it("counts pixels whose truth is not ignored, and classes that either map has", () => {
    const iou = new MeanIou(4, 255);
    iou.add([0, 0, 1, 255], [0, 1, 1, 2]);
    assert.deepEqual(
      [0, 1, 2, 3].map((category) => iou.ofClass(category)),
      [1 / 2, 1 / 2, null, null],
    );
    assert.equal(iou.mean(), 1 / 2);
    assert.equal(iou.pixelAccuracy(), 2 / 3);
  });

  it("of nothing is null, and of parts adds up", () => {
    const [a, b] = [new MeanIou(2), new MeanIou(2)];
    assert.equal(a.mean(), null);
    assert.equal(a.pixelAccuracy(), null);
    a.add([0], [0]);
    b.add([1], [0]);
    a.merge(b);
    assert.equal(a.mean(), 1 / 4);
  });

  it("refuses classes that there are not, and maps of two sizes", () => {
    assert.throws(() => new MeanIou(2).add([2], [0]), ShapeError);
    assert.throws(() => new MeanIou(2, 255).add([0], [255]), ShapeError);
    assert.throws(() => new MeanIou(2).add([0, 1], [0]), ShapeError);
  });
});
