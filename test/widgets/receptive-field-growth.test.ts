import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { reachedAfter, receptiveFieldGrowthSpec, type ReceptiveLayer } from "../../widgets/receptive-field-growth.js";

const middle = { y: 3, x: 5 };
const seen = (layers: ReceptiveLayer[], size: [number, number] = [7, 11]) =>
  reachedAfter(size, middle, layers)
    .flat()
    .filter((depth) => depth !== null).length;

describe("how far a place sees", () => {
  it("grows by two places a convolution of 3 x 3", () => {
    const window = { kind: "window", span: 3 } as const;
    assert.deepEqual(
      [0, 1, 2, 3].map((count) => seen(Array<ReceptiveLayer>(count).fill(window))),
      [1, 9, 25, 49],
    );
  });

  it("is a row, then everything, by height and width attention, counted back from the output", () => {
    const field = reachedAfter([7, 11], middle, [{ kind: "height" }, { kind: "width" }]);
    assert.deepEqual(field[3], [1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1]);
    assert.ok(field.every((row, y) => y === 3 || row.every((depth) => depth === 2)));
  });

  it("is everything after criss-cross attention twice, and after global attention once", () => {
    assert.equal(seen([{ kind: "criss-cross" }]), 17);
    assert.equal(seen([{ kind: "criss-cross" }, { kind: "criss-cross" }]), 77);
    assert.equal(seen([{ kind: "global" }]), 77);
  });

  it("of a span that covers the axis is as without one", () =>
    assert.deepEqual(
      reachedAfter([7, 11], middle, [{ kind: "height", span: 13 }]),
      reachedAfter([7, 11], middle, [{ kind: "height" }]),
    ));

  it("is told in words, and refused beside the map or for an even span", () => {
    const series = [{ name: "axial", layers: [{ kind: "width" as const }] }];
    assert.equal(
      receptiveFieldGrowthSpec({ size: [7, 11], series }).description,
      "axial: 14.3% of the map after 1 layers.",
    );
    assert.throws(() => receptiveFieldGrowthSpec({ size: [7, 11], series, query: { y: 7, x: 0 } }), {
      name: "ConfigError",
      message:
        "receptiveFieldGrowth: the query must lie on the map, got (7, 0) on 7 x 11; count rows and columns from 0",
    });
    assert.throws(() => seen([{ kind: "window", span: 4 }]), {
      name: "ConfigError",
      message: "receptiveFieldGrowth: a span must be an odd number of places, got 4 (window); give 1, 3, 5, ...",
    });
  });
});
