import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { generatedPanoptic, mapPicture, mapQuality, panopticSamples } from "../../src/panoptic/index.js";

const { things } = { things: [1, 2] };

describe("panoptic maps of batches", () => {
  const truth = { height: 2, width: 3, values: Int32Array.of(0, 0, 1001, 255000, 2001, 2001) };

  it("have ids that are 0 on void, and a name for every segment", () => {
    const picture = mapPicture(truth, { classes: ["road", "car", "tree"], things }, new Map([[1001, 0.5]]));
    assert.deepEqual([...picture.ids], [1, 1, 1002, 0, 2002, 2002]);
    assert.deepEqual(picture.classes, ["road", "car", "tree"]);
    assert.deepEqual(picture.segments, [
      { id: 1, category: "road", isThing: false },
      { id: 1002, category: "car", isThing: true, score: 0.5 },
      { id: 2002, category: "tree", isThing: true },
    ]);
  });

  it("agree with themselves, and less where objects are missed", () => {
    assert.equal(mapQuality(truth, truth, things).mean()!.pq, 1);
    const missed = { ...truth, values: truth.values.map((label) => (label === 2001 ? 0 : label)) };
    // Road 2 of 4 pixels, one of void not counted: 2 / 4; the car 1; the tree missed.
    assert.equal(mapQuality(truth, missed, things).mean()!.pq, (0 + 1 + 0) / 3);
  });
});

describe("samples of a panoptic set", () => {
  const data = generatedPanoptic({ validationCount: 5, trainCount: 3, threads: 1 });
  after(() => data.close());

  it("are the first images of the split with their truth and targets", async () => {
    const samples = await panopticSamples(data, { count: 3, size: 23 });
    assert.deepEqual(
      samples.map(({ index }) => index),
      [0, 1, 2],
    );
    const [{ image, map, center, offset, offsetWeight }] = samples;
    const { bytes, map: drawn } = data.image("validation", 0, 23);
    assert.deepEqual(map, drawn);
    image.values.forEach((value, i) => assert.ok(Math.abs(value - bytes[i]) <= 1));
    for (let pixel = 0; pixel < map.values.length; pixel++) {
      if (offsetWeight[pixel] === 0) continue;
      const [y, x] = [Math.floor(pixel / 23) + offset[2 * pixel], (pixel % 23) + offset[2 * pixel + 1]];
      assert.equal(center[y * 23 + x], 1, "an offset leads to a peak");
    }
  });

  it("are others with a seed, all of them where fewer are there than asked for", async () => {
    const samples = await panopticSamples(data, { count: 11, size: 17, seed: 3 });
    assert.deepEqual(samples.map(({ index }) => index).sort(), [0, 1, 2, 3, 4]);
    assert.notDeepEqual(
      samples.map(({ index }) => index),
      [0, 1, 2, 3, 4],
    );
  });
});
