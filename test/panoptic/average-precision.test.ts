import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { averagePrecision, maskArea, maskOf } from "../../src/panoptic/index.js";
import { draw } from "./maps.js";

describe("averagePrecision", () => {
  const map = draw("aa.b", "aa.b", "...b");
  const truth = [201, 202].map((label) => ({ category: 2, mask: maskOf(map, label) }));

  it("is 1 where every object is found, and half the recall is lost with one of two", () => {
    const found = truth.map((object) => ({ ...object, score: 0.5 }));
    assert.equal(averagePrecision([{ truth, detections: found }], [2]).summary.ap, 1);
    const one = averagePrecision([{ truth, detections: found.slice(0, 1) }], [2]).summary;
    assert.equal(one.ar100, 0.5);
    assert.ok(Math.abs(one.ap - 51 / 101) < 1e-12);
  });

  it("is -1 where there is no object to find", () => {
    assert.equal(averagePrecision([{ truth: [], detections: [] }], [2]).summary.ap, -1);
  });

  it("takes masks as runs down the columns", () => {
    assert.deepEqual(maskOf(map, 201), { height: 3, width: 4, counts: [0, 2, 1, 2, 7] });
    assert.equal(maskArea(maskOf(map, 202)), 3);
    assert.equal(maskArea(maskOf(map, 77)), 0);
  });
});
