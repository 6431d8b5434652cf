import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ShapeError } from "../../src/core/errors.js";
import { randomOf } from "../../src/core/random.js";
import {
  averagePrecision,
  maskArea,
  maskOf,
  MeanIou,
  PanopticQuality,
  segmentsOf,
  type PixelMap,
  type SegmentMap,
} from "../../src/panoptic/index.js";
import { draw, space } from "./maps.js";

const listed = (map: PixelMap): SegmentMap => ({
  ...map,
  segments: segmentsOf(map, space).map(({ label, category, isCrowd }) => ({ id: label, category, isCrowd })),
});

/** A map of 11 x 13 pixels whose labels are drawn at random in blocks. */
function randomMap(seed: number): PixelMap {
  const random = randomOf(seed);
  const labels = [0, 100, 201, 202, 203, 301, 900];
  const values = new Int32Array(11 * 13);
  const blocks = Array.from({ length: 6 * 7 }, () => labels[random.integer(labels.length)]);
  values.forEach((_, pixel) => {
    const [y, x] = [Math.floor(pixel / 13), pixel % 13];
    values[pixel] = blocks[Math.floor(y / 2) * 7 + Math.floor(x / 2)];
  });
  return { height: 11, width: 13, values };
}

describe("PanopticQuality", () => {
  it("is 1 for a map beside itself, whatever its ids", () => {
    const truth = draw("aab~", "aab~", "..x?");
    const swapped = draw("bba~", "bba~", "..x?");
    const quality = new PanopticQuality();
    quality.add(listed(truth), listed(swapped));
    assert.deepEqual(quality.mean(), { pq: 1, sq: 1, rq: 1, classes: 4 });
  });

  it("is between 0 and 1, and the product of its parts", () => {
    for (let seed = 1; seed <= 23; seed++) {
      const quality = new PanopticQuality();
      quality.add(listed(randomMap(seed)), listed(randomMap(seed + 100)));
      for (const category of quality.counts.keys()) {
        const { pq, sq, rq } = quality.ofClass(category);
        assert.ok(pq >= 0 && sq <= 1 && rq <= 1 && Math.abs(pq - sq * rq) < 1e-12);
        assert.ok(sq === 0 || sq > 0.5);
      }
    }
  });

  it("of two parts of a set is that of the set", () => {
    const [whole, first, second] = [new PanopticQuality(), new PanopticQuality(), new PanopticQuality()];
    for (const seed of [3, 5, 7]) {
      const [truth, prediction] = [listed(randomMap(seed)), listed(randomMap(seed + 1))];
      whole.add(truth, prediction);
      (seed === 3 ? first : second).add(truth, prediction);
    }
    first.merge(second);
    assert.deepEqual(first.mean(), whole.mean());
    assert.deepEqual(first.counts, whole.counts);
  });

  it("has no mean where no class occurs", () => {
    const quality = new PanopticQuality();
    quality.add(listed(draw("??")), listed(draw("??")));
    assert.equal(quality.mean(), null);
    assert.deepEqual(quality.ofClass(2), { pq: 0, sq: 0, rq: 0 });
  });

  it("refuses maps of two sizes", () => {
    assert.throws(
      () => new PanopticQuality().add(listed(draw("..a")), listed(draw("..", ".a"))),
      /PanopticQuality: truth and prediction must have one size, got 1 x 3 and 2 x 2/,
    );
  });
});

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
