import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { randomOf } from "../../src/core/random.js";
import { PanopticQuality, segmentsOf, type PixelMap, type SegmentMap } from "../../src/panoptic/index.js";
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
