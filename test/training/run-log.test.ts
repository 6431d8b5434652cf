import assert from "node:assert/strict";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { FileError } from "../../src/core/errors.js";
import type { RunEvent } from "../../src/training/index.js";
import { eventsBefore, openRunLog, readRunLog } from "../../src/training/run-log.js";
import { temporaryFolder } from "./tiny.js";

const step = (number: number): RunEvent => ({
  event: "step",
  step: number,
  epoch: 0,
  loss: 1 / 3,
  learningRate: 1e-5,
  imagesPerSecond: 10,
  waited: 0,
});
const start = (resumedFromStep?: number) => ({ event: "start", resumedFromStep }) as RunEvent;
const epoch = (number: number) => ({ event: "epoch", epoch: number }) as RunEvent;

describe("the log of a run", () => {
  it("gives back every event that was written or appended, to the last bit", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "log.jsonl");
    const log = await openRunLog(folder, [step(1), step(2)], []);
    log.append(step(3));
    assert.deepEqual(readRunLog(path), [step(1), step(2), step(3)]);
    assert.equal(readFileSync(path, "utf8").split("\n").length, 4);
  });

  it("does without a last line that was cut short", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "log.jsonl");
    await openRunLog(folder, [step(1)], []);
    appendFileSync(path, '{"event":"st');
    assert.deepEqual(readRunLog(path), [step(1)]);
  });

  it("names the file and the line that is no event, and a file that is missing", () => {
    const path = join(temporaryFolder(), "log.jsonl");
    for (const line of ["step 2", "null", "{}", '{"event":3}']) {
      writeFileSync(path, `${JSON.stringify(step(1))}\n${line}\n`);
      assert.throws(
        () => readRunLog(path),
        new FileError(
          `run log: ${path} must hold one event a line, got ${JSON.stringify(line)} in line 2; remove that line, or take the log of another run`,
        ),
      );
    }
    assert.throws(
      () => readRunLog(`${path}.none`),
      /^FileError: run log: the file must be there, got .*none; give the log\.jsonl of a run$/,
    );
  });

  it("keeps what came before the checkpoint that a run is resumed from", () => {
    const events = [start(), step(1), step(2), epoch(0), step(3), start(2), { event: "end" } as RunEvent];
    assert.deepEqual(eventsBefore(events, { step: 2, epoch: 1 }), [start(), step(1), step(2), epoch(0), start(2)]);
    assert.deepEqual(eventsBefore(events, { step: 1, epoch: 0 }), [start(), step(1)]);
  });
});
