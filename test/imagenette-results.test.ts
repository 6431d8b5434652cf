import assert from "node:assert/strict";
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { packageFolder } from "../src/core/version.js";
import { plannedRuns } from "../src/training/index.js";
import { takeLogs } from "./imagenette-results.js";

const results = join(packageFolder, "notebooks", "results", "imagenette-64");
const log = readFileSync(join(results, "resnet-26.seed-1.jsonl"), "utf8");

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), "axial-take-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The plan without a log, and a folder of runs. */
function planAndRuns(): { into: string; runs: string } {
  const into = temporary();
  cpSync(join(results, "models"), join(into, "models"), { recursive: true });
  copyFileSync(join(results, "plan.json"), join(into, "plan.json"));
  return { into, runs: temporary() };
}

const ofSeed = (seed: number): string => log.replace('"seed":1', `"seed":${seed}`);

describe("finished runs", () => {
  it("are taken from logs and from folders of runs; what is not done or in no plan is named and left", () => {
    const { into, runs } = planAndRuns();
    writeFileSync(join(runs, "resnet-26.seed-1.jsonl"), ofSeed(1));
    mkdirSync(join(runs, "resnet-26.seed-7"));
    writeFileSync(join(runs, "resnet-26.seed-7", "log.jsonl"), ofSeed(7));
    writeFileSync(join(runs, "resnet-26.seed-3.jsonl"), ofSeed(3).split("\n").slice(0, 50).join("\n"));
    writeFileSync(join(runs, "panoptic-streets.seed-1.jsonl"), log);
    mkdirSync(join(runs, "configs"));
    const { taken, left } = takeLogs([runs], into);
    assert.deepEqual([...taken].sort(), ["resnet-26.seed-1.jsonl", "resnet-26.seed-7.jsonl"]);
    assert.deepEqual([...left].sort(), [
      "panoptic-streets.seed-1.jsonl (not in the plan)",
      "resnet-26.seed-3.jsonl (not done)",
    ]);
    assert.deepEqual(
      plannedRuns(into)
        .rows.find(({ variant }) => variant === "resnet-26")
        ?.row?.runs.map(({ seed }) => seed),
      [1, 7],
    );
  });

  it("say of their data the name alone, and not where it lay", () => {
    const folders = ["/home/someone/imagenette2-160.tgz", "D:\\data\\imagenette2-160.tgz"];
    for (const from of folders) {
      const { into, runs } = planAndRuns();
      const [first, ...rest] = log.split("\n");
      const start = JSON.parse(first) as { config: object };
      const given = { ...start, config: { ...start.config, notes: { command: "a command", from } } };
      writeFileSync(join(runs, "resnet-26.seed-1.jsonl"), [JSON.stringify(given), ...rest].join("\n"));
      takeLogs([runs], into);
      const [taken, ...others] = readFileSync(join(into, "resnet-26.seed-1.jsonl"), "utf8").split("\n");
      assert.deepEqual((JSON.parse(taken) as typeof given).config.notes, {
        command: "a command",
        from: "imagenette2-160.tgz",
      });
      assert.deepEqual(others, rest);
    }
  });

  it("are all left where one is of another network than its name", () => {
    const { into, runs } = planAndRuns();
    writeFileSync(join(runs, "resnet-26.seed-1.jsonl"), ofSeed(1));
    writeFileSync(join(runs, "sasa-resnet-26.seed-1.jsonl"), ofSeed(1));
    assert.throws(() => takeLogs([runs], into), { name: "FileError", message: /got another in .*sasa-resnet-26/ });
    assert.deepEqual(readdirSync(into).sort(), ["models", "plan.json"]);
  });

  it("are refused where their folder is not there", () =>
    assert.throws(() => takeLogs([join(temporary(), "nowhere")], planAndRuns().into), {
      name: "FileError",
      message: /a folder of runs must be there, got .*nowhere/,
    }));
});
