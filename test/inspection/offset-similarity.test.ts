import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { offsetNorms, offsetSimilarity } from "../../src/inspection/index.js";

const table = { values: Float32Array.of(3, 4, -4, 3, 6, 8, -3, -4, 0, 0), shape: [5, 2], before: 2 } as const;

describe("the offsets of a position table", () => {
  it("have norms", () => assert.deepEqual(offsetNorms(table), [5, 5, 10, 5, 0]));

  it("are alike by their angle, whatever their norms; a row of zeros has none", () => {
    const cosines = offsetSimilarity(table);
    assert.deepEqual(cosines[0].slice(0, 4), [1, 0, 1, -1]);
    assert.deepEqual(
      cosines.map((row) => row[4]),
      [NaN, NaN, NaN, NaN, NaN],
    );
    for (let i = 0; i < 4; i++) for (let j = 0; j < 4; j++) assert.equal(cosines[i][j], cosines[j][i]);
  });
});
