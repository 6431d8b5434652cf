import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ConfigError, ShapeError } from "../../src/core/errors.js";
import { panopticTargets, segmentsOf } from "../../src/panoptic/index.js";
import { draw, space, transposed } from "./maps.js";
import { assertClose } from "../helpers/compare.js";

const street = draw(
  "..aa.....??", //
  "..aa~~~bbb?",
  "..aa~~~bbb.",
  "CC..~x~bbb.",
  "CC...x.....",
);

describe("panopticTargets", () => {
  const targets = panopticTargets(street, { ...space, sigma: 1, small: { threshold: 6, weight: 3 } });
  const at = (array: ArrayLike<number>, y: number, x: number) => array[y * street.width + x];

  it("gives every pixel its class, void the class that is ignored and a crowd that of its things", () => {
    assert.deepEqual([at(targets.semantic, 0, 0), at(targets.semantic, 1, 4)], [0, 1]);
    assert.deepEqual([at(targets.semantic, 0, 2), at(targets.semantic, 3, 5)], [2, 3]);
    assert.deepEqual([at(targets.semantic, 4, 1), at(targets.crowd, 4, 1)], [2, 1]);
    assert.deepEqual([at(targets.semantic, 0, 10), at(targets.centerWeight, 0, 10)], [9, 0]);
  });

  it("puts a bump of height 1 on every object's centre, and leads there by offsets", () => {
    // Object b covers rows 1 to 3 and columns 7 to 9.
    assert.equal(at(targets.center, 2, 8), 1);
    assertClose([at(targets.center, 2, 9)], [Math.exp(-1 / 2)], 1e-7);
    for (let pixel = 0; pixel < street.values.length; pixel++) {
      if (street.values[pixel] !== 202) continue;
      const [y, x] = [Math.floor(pixel / street.width), pixel % street.width];
      assert.deepEqual([y + targets.offset[2 * pixel], x + targets.offset[2 * pixel + 1]], [2, 8]);
    }
  });

  it("weighs objects below the threshold more, those of exactly its size not", () => {
    // a has 6 pixels, x has 2, b has 9.
    assert.deepEqual(
      [at(targets.semanticWeight, 0, 2), at(targets.semanticWeight, 3, 5), at(targets.semanticWeight, 1, 7)],
      [1, 3, 1],
    );
    assert.ok(panopticTargets(street, { ...space, small: null }).semanticWeight.every((weight) => weight === 1));
  });

  it("of a transposed map are the targets transposed, offsets swapped", () => {
    const turned = panopticTargets(transposed(street), { ...space, sigma: 1, small: { threshold: 6, weight: 3 } });
    for (let y = 0; y < street.height; y++)
      for (let x = 0; x < street.width; x++) {
        const [pixel, other] = [y * street.width + x, x * street.height + y];
        assert.equal(turned.center[other], targets.center[pixel]);
        assert.equal(turned.offset[2 * other], targets.offset[2 * pixel + 1]);
        assert.equal(turned.semanticWeight[other], targets.semanticWeight[pixel]);
      }
  });

  it("of a map without things, or all void, have no centre", () => {
    for (const map of [draw("..~", "~~."), draw("???")]) {
      const empty = panopticTargets(map, space);
      assert.ok(empty.center.every((value) => value === 0) && empty.offsetWeight.every((value) => value === 0));
    }
  });

  it("follow the PyTorch port where they are asked to: offsets to the mean, crowds as objects", () => {
    const port = panopticTargets(street, { ...space, rules: "bowenc0221" });
    // Rows 3 and 4, columns 0 and 1: the mean is (3.5, 0.5).
    assert.deepEqual([...port.offset.slice(2 * 33, 2 * 33 + 2)], [0.5, 0.5]);
    assert.equal(targets.offset[2 * 33], 0);
  });

  it("refuse what does not fit", () => {
    assert.throws(() => panopticTargets({ ...street, width: 7 }, space), ShapeError);
    assert.throws(() => panopticTargets(street, { ...space, ignore: 2 }), ConfigError);
    assert.throws(
      () => panopticTargets(street, { ...space, rules: "detectron" as "deeplab2" }),
      /panopticTargets: rules must be one of deeplab2, bowenc0221, got detectron/,
    );
  });
});

describe("segmentsOf", () => {
  it("lists segments with class and area in order of appearance, without void", () => {
    assert.deepEqual(
      segmentsOf(street, space).map(({ label, area, isCrowd }) => [label, area, isCrowd]),
      [
        [0, 24, false],
        [201, 6, false],
        [100, 8, false],
        [202, 9, false],
        [200, 4, true],
        [301, 2, false],
      ].map(([label, , isCrowd]) => [label, street.values.filter((value) => value === label).length, isCrowd]),
    );
  });
});
