import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { areasOf, labelsOf, runsOf } from "../../widgets/panoptic-segments.js";
import { picture, segments } from "./panoptic-picture.js";

describe("a panoptic map", () => {
  it("is runs of equal ids along its rows", () => {
    assert.deepEqual(
      runsOf(picture).map(({ id, top, left, right }) => [id, top, left, right]),
      [
        [2, 0, 0, 5],
        [3, 1, 0, 2],
        [0, 1, 2, 3],
        [5, 1, 3, 5],
        [3, 2, 0, 2],
        [0, 2, 2, 3],
        [5, 2, 3, 5],
      ],
    );
    assert.equal(areasOf(picture).get(5), 4);
    assert.deepEqual([...labelsOf(segments).values()], ["road", "car 1", "car 2"]);
  });
});
