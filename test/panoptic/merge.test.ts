import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ShapeError } from "../../src/core/errors.js";
import { findCenters, groupPixels, mergePanoptic, panopticTargets } from "../../src/panoptic/index.js";
import { draw, space } from "./maps.js";

describe("findCenters", () => {
  const size = { height: 3, width: 5 };
  const heat = Float32Array.of(0, 0.2, 0, 0, 0.5, 0, 0, 0, 0, 0.5, 0.9, 0, 0, 0.05, 0);

  it("finds the peaks above the threshold, all places of a plateau included", () => {
    assert.deepEqual(
      findCenters(heat, size, { window: 3 }).map(({ y, x }) => [y, x]),
      [
        [0, 1],
        [0, 4],
        [1, 4],
        [2, 0],
      ],
    );
    assert.equal(findCenters(heat, size, { window: 3, threshold: 0.3 }).length, 3);
  });

  it("keeps the highest: exactly so many, or by the rules of the public codes", () => {
    const kept = (keep: number, keepRule: "exact" | "deeplab2" | "bowenc0221") =>
      findCenters(heat, size, { window: 3, keep, keepRule }).length;
    assert.deepEqual([kept(2, "exact"), kept(2, "deeplab2"), kept(2, "bowenc0221")], [2, 1, 1]);
    assert.deepEqual([kept(4, "exact"), kept(4, "deeplab2"), kept(4, "bowenc0221")], [4, 4, 3]);
    assert.equal(kept(0, "exact"), 4);
  });

  it("refuses a heat map of another size", () => {
    assert.throws(() => findCenters(heat, { height: 3, width: 7 }), ShapeError);
  });
});

describe("post-processing", () => {
  it("gives back the map whose targets it is given", () => {
    const map = draw(
      "..aaa......", //
      "..aaa.bbb..",
      "..aaa.bbb~~",
      "......bbb~~",
      "xxx......~~",
      "xxx......~~",
      "xxx......~~",
    );
    const targets = panopticTargets(map, { ...space, sigma: 2 });
    const centers = findCenters(targets.center, map);
    const isThing = Array.from(targets.semantic, (category) => Number(space.things.includes(category)));
    const { instance } = groupPixels(centers, targets.offset, isThing, map);
    const merged = mergePanoptic({ ...map, values: targets.semantic }, instance, space);
    assert.deepEqual([...merged.values], [...map.values]);
  });
});

describe("mergePanoptic", () => {
  const semantic = { height: 2, width: 5, values: Int32Array.of(2, 2, 3, 0, 0, 2, 2, 3, 1, 9) };
  const instance = Int32Array.of(7, 7, 7, 0, 0, 4, 4, 4, 0, 0);

  it("gives an object the class of most of its pixels and an id within its class", () => {
    const merged = mergePanoptic(semantic, instance, space);
    assert.deepEqual([...merged.values], [201, 201, 201, 0, 0, 202, 202, 202, 100, 900]);
  });

  it("makes small patches of stuff void, by the rule that is asked for", () => {
    const stuff = (stuffArea: number, rules: "deeplab2-plain" | "deeplab2-compiled") =>
      [...mergePanoptic(semantic, instance, { ...space, stuffArea, rules }).values].filter((_, i) =>
        [3, 8].includes(i),
      );
    assert.deepEqual(stuff(2, "deeplab2-plain"), [0, 900]);
    assert.deepEqual(stuff(2, "deeplab2-compiled"), [900, 900]);
  });

  it("does not hang on the numbers of objects, but for the order of ids where that is the rule", () => {
    const renumbered = instance.map((object) => (object === 7 ? 3 : object));
    const labels = (numbers: Int32Array, rules: "deeplab2-plain" | "bowenc0221") => [
      ...mergePanoptic(semantic, numbers, { ...space, rules }).values,
    ];
    assert.deepEqual(labels(renumbered, "deeplab2-plain"), labels(instance, "deeplab2-plain"));
    assert.equal(labels(instance, "bowenc0221")[0], 202);
    assert.equal(labels(renumbered, "bowenc0221")[0], 201);
  });

  it("makes one more object of things without a centre, or void", () => {
    const lost = new Int32Array(10);
    assert.equal(mergePanoptic(semantic, lost, { ...space, rules: "deeplab2-compiled" }).values[0], 201);
    assert.equal(mergePanoptic(semantic, lost, space).values[0], 900);
  });

  it("refuses maps of two sizes", () => {
    assert.throws(() => mergePanoptic(semantic, new Int32Array(7), space), ShapeError);
  });
});
