import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { packageFolder } from "../../src/core/version.js";
import * as engine from "../../src/engine/index.js";
import { collectRuns, meanWithInterval, scoreText, train } from "../../src/training/index.js";
import type { ResNetConfig } from "../../src/models/index.js";
import { temporaryFolder, tinyData, tinySettings } from "./tiny.js";

before(() => engine.start({ threads: 1 }));
after(() => engine.stop());

const model: ResNetConfig = {
  name: "small",
  stem: { kind: "convolution", filters: 4 },
  norm: "torch",
  stages: [{ blocks: 1, stride: 1, width: 4, filters: 8, operator: { kind: "axial", heads: 2 } }],
};

/** Logs of two seeds of one variant, and the score of each. */
async function twoSeeds(folder: string): Promise<number[]> {
  const scores: number[] = [];
  for (const seed of [5, 3]) {
    const out = join(folder, `run-${seed}`);
    const { events } = await train({ ...tinySettings, model, data: tinyData(), epochs: 2, seed, out });
    scores.unshift(events.flatMap((event) => (event.event === "epoch" ? [event.validation.top1] : []))[1]);
    copyFileSync(join(out, "log.jsonl"), join(folder, `tiny.seed-${seed}.jsonl`));
  }
  return scores;
}

describe("a folder of logs", () => {
  it("becomes a row a variant, over its seeds; a log without its end is left out", async () => {
    const folder = temporaryFolder();
    const scores = await twoSeeds(folder);
    const lines = readFileSync(join(folder, "tiny.seed-3.jsonl"), "utf8").split("\n");
    writeFileSync(join(folder, "half.seed-1.jsonl"), `${lines.slice(0, -2).join("\n")}\n`);
    const ended = lines.filter((line) => !line.includes('"epoch","epoch":1'));
    writeFileSync(join(folder, "early.seed-1.jsonl"), ended.join("\n"));
    const rows = collectRuns(folder);
    assert.deepEqual(
      rows.map(({ variant, measure, runs }) => [variant, measure, runs.map(({ seed }) => seed)]),
      [["tiny", "top1", [3, 5]]],
    );
    const { mean, interval } = meanWithInterval(scores);
    assert.deepEqual([rows[0].scores, rows[0].mean, rows[0].interval], [scores, mean, interval]);
    assert.ok(rows[0].parameters > 0 && rows[0].multiplyAdds! > 0 && rows[0].seconds > 0);
  });

  it("takes runs of earlier versions, which say nothing of later options, beside new ones", async () => {
    const folder = temporaryFolder();
    const scores = await twoSeeds(folder);
    const path = join(folder, "tiny.seed-3.jsonl");
    const written = readFileSync(path, "utf8");
    const older = written.replace('"rematerialize":false,', "").replace('"normsSee":"own",', "");
    assert.equal(written.length - older.length, '"rematerialize":false,"normsSee":"own",'.length);
    writeFileSync(path, older);
    assert.deepEqual(collectRuns(folder)[0].scores, scores);
    writeFileSync(path, older.replace('"decayOf"', '"normsSee":"all","decayOf"'));
    assert.throws(() => collectRuns(folder), /runs of one name must differ in nothing but their seed/);
  });

  it("is refused where runs of one name have other settings, and where it is not there", async () => {
    const folder = temporaryFolder();
    await twoSeeds(folder);
    const path = join(folder, "tiny.seed-3.jsonl");
    writeFileSync(
      path,
      readFileSync(path, "utf8").replace(/"learningRate":[\d.]+,"schedule"/, '"learningRate":0.123,"schedule"'),
    );
    assert.throws(() => collectRuns(folder), {
      name: "FileError",
      message: /runs of one name must differ in nothing but their seed, got other settings in .*tiny\.seed-5\.jsonl/,
    });
    assert.throws(() => collectRuns(join(folder, "nowhere")), /a folder of logs must be there, got .*nowhere/);
    mkdirSync(join(folder, "empty"));
    assert.deepEqual(collectRuns(join(folder, "empty")), []);
  });

  it("is what the repository's own logs are", () => {
    const rows = collectRuns(join(packageFolder, "notebooks", "results", "imagenette-64"));
    for (const { scores, mean } of rows) assert.ok(scores.every((score) => score > 0.1 && score <= 1) && mean <= 1);
  });
});

describe("a score", () => {
  it("says how many runs it is of, and how sure it is", () => {
    const row = (scores: number[]) => ({ scores, ...meanWithInterval(scores) });
    assert.equal(scoreText(row([0.7321])), "73.2 % (one run)");
    // By hand: mean 0.73, deviation 0.01, Student's 4.303 / sqrt(3).
    assert.equal(scoreText(row([0.72, 0.73, 0.74])), "73.0 % (70.5 to 75.5, 3 runs)");
    assert.equal(scoreText(undefined), "not run");
  });
});
