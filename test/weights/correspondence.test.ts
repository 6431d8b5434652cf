import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ShapeError } from "../../src/core/errors.js";
import { fromForeign, linkPart, permuted, toForeign } from "../../src/weights/correspondence.js";

describe("a link between our weight and a foreign tensor", () => {
  it("that permutes axes has the places that coordinates give, for any number of axes", () => {
    const shape = [2, 3, 5, 7];
    const link = permuted("theirs", "ours", shape, [3, 2, 0, 1]);
    assert.deepEqual(link.shape, [7, 5, 2, 3]);
    const slow = linkPart("ours", shape, link.shape, (y, x, i, o) => [o, i, y, x]);
    assert.deepEqual(link.parts[0].places(), slow.places());
    assert.deepEqual([...permuted("t", "o", [], []).parts[0].places()], [0]);
  });

  it("hands numbers over and back", () => {
    const link = permuted("theirs", "ours", [2, 3], [1, 0]);
    const ours = new Float32Array(6);
    fromForeign(link, Float32Array.of(1, 2, 3, 4, 5, 6), () => ours);
    assert.deepEqual([...ours], [1, 3, 5, 2, 4, 6]);
    assert.deepEqual([...toForeign(link, () => ours)], [1, 2, 3, 4, 5, 6]);
  });

  it("refuses a tensor of another size by its name", () => {
    const link = permuted("theirs", "ours", [2, 3], [1, 0]);
    assert.throws(
      () => fromForeign(link, new Float32Array(5), () => new Float32Array(6)),
      (error) =>
        error instanceof ShapeError &&
        error.message === "weights: theirs must have shape [3, 2], got 5 numbers; choose the model it belongs to",
    );
  });
});
