import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { permutation, randomOf } from "../../src/core/random.js";

const draw = (keys: number[], count = 5): number[] => {
  const random = randomOf(...keys);
  return Array.from({ length: count }, () => random.bits());
};

describe("randomOf", () => {
  it("gives the same numbers for the same keys", () => {
    assert.deepEqual(draw([1, 2, 3]), draw([1, 2, 3]));
  });

  it("gives other numbers when any key changes, its high bits and its place included", () => {
    const sets = [
      [1, 2, 3],
      [1, 2, 4],
      [1, 3, 3],
      [2, 1, 3],
      [1, 2],
      [1, 2, 3, 0],
      [1 + 2 ** 32, 2, 3],
      [2 ** 52 + 1, 2, 3],
    ];
    assert.equal(new Set(sets.map((keys) => draw(keys).join())).size, sets.length);
  });

  it("is uniform within what 100,000 numbers tell, for neighbouring keys", () => {
    const counts = new Float64Array(10);
    for (let key = 0; key < 1000; key++) {
      const random = randomOf(1, key);
      for (let i = 0; i < 100; i++) counts[Math.floor(random.uniform() * 10)]++;
    }
    // Standard deviation of a count: sqrt(100,000 * 0.1 * 0.9) = 95.
    for (const count of counts) assert.ok(Math.abs(count - 10_000) < 5 * 95, `${count} of 100,000 in a tenth`);
  });

  it("keeps within its bounds", () => {
    const random = randomOf(7);
    for (let i = 0; i < 1000; i++) {
      const value = random.between(-2, 3);
      assert.ok(value >= -2 && value < 3);
      assert.ok(random.integer(3) < 3);
    }
    assert.equal(random.chance(0), false);
    assert.equal(random.chance(1), true);
  });
});

describe("permutation", () => {
  it("holds every number once, in another order for another seed", () => {
    const order = permutation(101, randomOf(1, 5));
    assert.deepEqual(
      [...order].sort((a, b) => a - b),
      Array.from({ length: 101 }, (_, i) => i),
    );
    assert.notDeepEqual(order, permutation(101, randomOf(1, 6)));
  });

  it("brings each number to each place equally often", () => {
    const counts = Array.from({ length: 3 }, () => [0, 0, 0]);
    for (let seed = 0; seed < 9000; seed++) permutation(3, randomOf(seed)).forEach((value, i) => counts[i][value]++);
    // Standard deviation: sqrt(9000 / 3 * 2 / 3) = 45.
    for (const count of counts.flat()) assert.ok(Math.abs(count - 3000) < 5 * 45, `${count} of 9000`);
  });
});
