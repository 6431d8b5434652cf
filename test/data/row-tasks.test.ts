import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { rowTask, rowTasks, type RowBatch, type RowTaskName } from "../../src/data/index.js";

/** What a place shows, as indices, and its answer. */
function placeOf({ shown, shape, answers }: RowBatch, row: number, o: number): { shows: number[]; answer: number } {
  const [, , length, channels] = shape;
  const at = row * length + o;
  const own = shown.subarray(at * channels, (at + 1) * channels);
  return { shows: [...own.keys()].filter((channel) => own[channel] === 1), answer: answers[at] };
}

/** Calls back for every place of every row. */
function everyPlace(
  task: RowTaskName,
  options: { length?: number; reach?: number },
  look: (row: ReturnType<typeof placeOf>[], o: number) => void,
): void {
  const batch = rowTask(task, { rows: 13, seed: 5, ...options });
  for (let row = 0; row < 13; row++) {
    const places = Array.from({ length: batch.shape[2] }, (_, o) => placeOf(batch, row, o));
    places.forEach((_, o) => look(places, o));
  }
}

describe("a task on rows", () => {
  it("asks the colour of the neighbour that the own arrow points at, and nothing where nobody is", () => {
    for (const [length, reach] of [
      [8, 7],
      [17, 3],
    ])
      everyPlace("left or right", { length, reach }, (places, o) => {
        const step = places[o].shows[1] - 4 - reach;
        assert.ok(Math.abs(step) === 1);
        assert.equal(places[o].answer, places[o + step]?.shows[0] ?? -1);
      });
  });

  it("asks the colour of the one place that points here", () => {
    everyPlace("who points at me", { length: 7 }, (places, o) => {
      const pointing = places.filter(({ shows }, p) => p + shows[1] - 4 - 6 === o);
      assert.deepEqual([pointing.length, places[o].answer], [1, pointing[0].shows[0]]);
    });
  });

  it("asks the offset of the other place of the own colour", () => {
    everyPlace("where is my twin", {}, (places, o) => {
      const twin = o + places[o].answer - 7;
      assert.ok(twin !== o && places[twin].shows[0] === places[o].shows[0]);
    });
  });

  it("is the same for the same seed, and another for another", () => {
    for (const task of rowTasks) {
      const [a, b, c] = [3, 3, 11].map((seed) => rowTask(task, { rows: 5, seed }));
      assert.deepEqual(a, b);
      assert.notDeepEqual(a.shown, c.shown);
      assert.deepEqual(a.shape, [5, 1, 8, 19]);
      assert.equal(a.answers.length, 40);
    }
  });

  it("is refused where it cannot be drawn", () => {
    const refused = (task: string, options: object, message: string) =>
      assert.throws(() => rowTask(task as RowTaskName, { rows: 3, seed: 1, ...options }), {
        name: "ConfigError",
        message,
      });
    refused("up", {}, `rowTask: the task must be known, got up; use ${rowTasks.join(", ")}`);
    refused("who points at me", { reach: 5 }, "rowTask: reach must be length - 1 at least, got 5 for 8; leave it out");
    refused(
      "where is my twin",
      { length: 7 },
      "rowTask: each of 4 colours stands in a row twice at most, got length 7; use 8",
    );
    refused(
      "where is my twin",
      { length: 10 },
      "rowTask: each of 4 colours stands in a row twice at most, got length 10; use 8",
    );
    assert.throws(() => rowTask("left or right", { rows: 0, seed: 1 }), { name: "ConfigError" });
    assert.throws(() => rowTask("left or right", { rows: 3, seed: 1, lenght: 5 } as never), { name: "ConfigError" });
  });
});
