import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ConfigError } from "../../src/core/errors.js";
import { plateaus, rateFactor, resolveSchedule, type Schedule } from "../../src/training/schedule.js";
import { assertClose } from "../helpers/compare.js";

/** Factors at these steps of a run of 10 epochs of 10 steps. */
const factors = (schedule: Schedule, at: number[], scores: number[] = []): number[] =>
  at.map((step) => rateFactor(resolveSchedule(schedule), { step, steps: 100, stepsPerEpoch: 10, scores }));

/** In double precision. */
const assertSame = (actual: number[], expected: number[]): void => assertClose(actual, expected, 1e-12);

describe("rateFactor", () => {
  it("is 1 throughout a constant schedule", () => {
    assertSame(factors({ kind: "constant" }, [0, 50, 99]), [1, 1, 1]);
  });

  it("warms up along a line that starts above zero and ends at 1", () => {
    assertSame(factors({ kind: "constant", warmUpEpochs: 0.5 }, [0, 1, 2, 3, 4, 5]), [0.2, 0.4, 0.6, 0.8, 1, 1]);
  });

  it("follows half a cosine after the warm-up, down to the floor", () => {
    // cos 0 = 1, cos 60 degrees = 1/2, cos 90 = 0, cos 120 = -1/2.
    assertSame(factors({ kind: "cosine" }, [0, 50, 100]), [1, 0.5, 0]);
    assertSame(
      factors({ kind: "cosine", warmUpEpochs: 4, floor: 0.2 }, [3, 40, 60, 70, 80, 100]),
      [0.1, 1, 0.8, 0.6, 0.4, 0.2],
    );
  });

  it("rises and falls in one cycle", () => {
    assertSame(factors({ kind: "one-cycle" }, [0, 25, 100]), [0.04, 1, 1e-5]);
    assertSame(
      factors({ kind: "one-cycle", rise: 0.5, start: 0.2, end: 0 }, [0, 25, 50, 75, 100]),
      [0.2, 0.6, 1, 0.5, 0],
    );
  });

  it("stays flat, then follows half a cosine", () => {
    assertSame(factors({ kind: "flat-cosine" }, [0, 71, 86, 100]), [1, 1, 0.5, 0]);
    assertSame(factors({ kind: "flat-cosine", flat: 1 }, [99]), [1]);
  });

  it("falls as a power of what is left after the warm-up", () => {
    assertSame(factors({ kind: "poly", power: 2 }, [0, 50, 75, 100]), [1, 1 / 4, 1 / 16, 0]);
    assertSame(factors({ kind: "poly", warmUpEpochs: 2 }, [9, 20, 60, 99]), [0.5, 1, 0.5 ** 0.9, 0.0125 ** 0.9]);
  });

  it("drops at the epochs listed", () => {
    const schedule: Schedule = { kind: "step", at: [3, 6], factor: 0.5 };
    assertSame(factors(schedule, [29, 30, 59, 60, 99]), [1, 0.5, 0.5, 0.25, 0.25]);
  });

  it("drops after each plateau of the scores", () => {
    const schedule: Schedule = { kind: "plateau", patience: 2, factor: 0.5 };
    assertSame(factors(schedule, [40], [0.1, 0.2, 0.2, 0.3]), [1]);
    assertSame(factors(schedule, [40], [0.1, 0.3, 0.2, 0.3]), [0.5]);
    assertSame(factors(schedule, [60], [0.1, 0.3, 0.2, 0.3, 0.1, 0.2]), [0.25]);
  });

  it("counts a plateau anew after each drop and after each new best", () => {
    assert.equal(plateaus([3, 2, 2, 2, 2, 2], 2), 2);
    assert.equal(plateaus([1, 1, 2, 2, 3, 3], 2), 0);
    assert.equal(plateaus([], 2), 0);
  });

  it("is positive at the first step of every schedule", () => {
    const kinds: Schedule[] = [
      { kind: "constant", warmUpEpochs: 3 },
      { kind: "cosine", warmUpEpochs: 3 },
      { kind: "flat-cosine", warmUpEpochs: 3 },
      { kind: "one-cycle" },
      { kind: "poly", warmUpEpochs: 3 },
      { kind: "step", at: [1], warmUpEpochs: 3 },
      { kind: "plateau", warmUpEpochs: 3 },
    ];
    for (const schedule of kinds) assert.ok(factors(schedule, [0])[0] > 0, schedule.kind);
  });
});

describe("resolveSchedule", () => {
  it("leaves nothing to defaults, and a resolved schedule as it is", () => {
    const resolved = resolveSchedule({ kind: "flat-cosine", flat: 0.5 });
    assert.deepEqual(resolved, { kind: "flat-cosine", warmUpEpochs: 0, flat: 0.5, floor: 0 });
    assert.deepEqual(resolveSchedule(resolved), resolved);
  });

  const wrong: [schedule: Schedule, message: string][] = [
    [
      { kind: "cosine", floor: 2 },
      "schedule: floor must lie between 0 and 1, got 2; it is a share of the steps or of the rate",
    ],
    [{ kind: "constant", warmUpEpochs: -1 }, "schedule: warmUpEpochs must be at least 0, got -1; raise it"],
    [{ kind: "poly", power: -1 }, "schedule: power must be at least 0, got -1; raise it"],
    [{ kind: "plateau", patience: 0 }, "schedule: patience must be at least 1, got 0; raise it"],
    [
      { kind: "linear" } as unknown as Schedule,
      'schedule: kind must be the name of one, got "linear"; use constant, cosine, one-cycle, flat-cosine, poly, step, plateau',
    ],
  ];
  for (const [schedule, message] of wrong) {
    it(`refuses ${JSON.stringify(schedule)}`, () => {
      assert.throws(() => resolveSchedule(schedule), new ConfigError(message));
    });
  }
});
