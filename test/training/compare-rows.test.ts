import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compareRows, comparisonText } from "../../src/training/index.js";

const row = (variant: string, mean: number, reach: number | null) => ({
  variant,
  mean,
  interval: reach === null ? null : ([mean - reach, mean + reach] as const),
});

describe("two variants beside each other", () => {
  it("are apart where their intervals do not overlap, whichever is higher", () => {
    const [low, high, wide] = [row("low", 0.5, 0.02), row("high", 0.625, 0.1), row("wide", 0.625, 0.11)];
    assert.deepEqual(compareRows(low, high), { points: -12.5, apart: true });
    assert.deepEqual(compareRows(high, low), { points: 12.5, apart: true });
    assert.deepEqual(compareRows(wide, low), { points: 12.5, apart: false });
    assert.equal(comparisonText(low, high), "low: 12.5 points below high; the intervals are apart");
    assert.equal(comparisonText(wide, low), "wide: 12.5 points above low; the intervals overlap");
  });

  it("are told apart by nothing where one of them was run once", () => {
    const [one, many] = [row("one", 0.7, null), row("many", 0.5, 0.01)];
    for (const pair of [
      [one, many],
      [many, one],
      [one, one],
    ])
      assert.equal(compareRows(pair[0], pair[1]).apart, null);
    assert.equal(comparisonText(one, many), "one: 20.0 points above many; of a single run, so it may be chance");
  });

  it("that differ by nothing that is printed are neither above nor below", () =>
    assert.match(comparisonText(row("a", 0.70001, 0.1), row("b", 0.7, 0.1)), /^a: within 0\.1 points of b;/));
});
