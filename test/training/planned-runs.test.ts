import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { packageFolder } from "../../src/core/version.js";
import { configuration } from "../../src/models/index.js";
import { missingText, plannedRuns, presets } from "../../src/training/index.js";
import { temporaryFolder } from "./tiny.js";

const results = join(packageFolder, "notebooks", "results", "imagenette-64");

const plan = {
  preset: "imagenette-64",
  seeds: [1, 2],
  variants: [
    { variant: "resnet-26", title: "ResNet", model: "resnet-26" },
    { variant: "mine", title: "A network of one's own", model: "models/mine.json" },
    { variant: "never-run", title: "Never run", model: "axial-resnet-26-m" },
  ],
};

/** A real log under another seed and, where given, another network. */
function copyLog(folder: string, variant: string, seed: number, model: unknown = "resnet-26"): void {
  const log = readFileSync(join(results, "resnet-26.seed-1.jsonl"), "utf8");
  const changed = log
    .replace('"model":"resnet-26"', `"model":${JSON.stringify(model)}`)
    .replace('"seed":1', `"seed":${seed}`);
  writeFileSync(join(folder, `${variant}.seed-${seed}.jsonl`), changed);
}

function folderWith(written: unknown = plan): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "models"));
  writeFileSync(join(folder, "models", "mine.json"), JSON.stringify({ ...configuration("resnet-26"), name: "mine" }));
  writeFileSync(join(folder, "plan.json"), JSON.stringify(written));
  return folder;
}

describe("a plan of runs", () => {
  it("stands beside what is done of it, in its own order, and says what is missing", () => {
    const folder = folderWith();
    copyLog(folder, "resnet-26", 1);
    copyLog(folder, "resnet-26", 2);
    copyLog(folder, "resnet-26", 3);
    copyLog(folder, "mine", 2, { ...configuration("resnet-26"), name: "mine" });
    copyLog(folder, "a-variant-of-no-plan", 1);
    const { preset, seeds, rows } = plannedRuns(folder);
    assert.deepEqual([preset, seeds], ["imagenette-64", [1, 2]]);
    assert.deepEqual(
      rows.map(({ variant, title, row, missing }) => [variant, title, row?.scores.length ?? 0, missing]),
      [
        ["resnet-26", "ResNet", 3, []],
        ["mine", "A network of one's own", 1, [1]],
        ["never-run", "Never run", 0, [1, 2]],
        ["a-variant-of-no-plan", "a-variant-of-no-plan", 1, []],
      ],
    );
    assert.equal(missingText(rows), "mine (seed 1); never-run (seeds 1, 2)");
    assert.equal(missingText(rows.slice(0, 1)), "");
  });

  it("is refused where a log is of another network than its name says", () => {
    const folder = folderWith();
    copyLog(folder, "mine", 1);
    assert.throws(() => plannedRuns(folder), {
      name: "FileError",
      message:
        /a log must be of the network that the plan names, got another in .*mine\.seed-1\.jsonl than models\/mine\.json of mine/,
    });
  });

  it("is refused where it is not there or lacks a part", () => {
    const folder = temporaryFolder();
    assert.throws(() => plannedRuns(folder), {
      name: "FileError",
      message: /a plan must be there as JSON, got .*plan\.json/,
    });
    for (const part of Object.keys(plan)) {
      const rest = Object.fromEntries(Object.entries(plan).filter(([name]) => name !== part));
      assert.throws(() => plannedRuns(folderWith(rest)), {
        name: "FileError",
        message: /must have preset, seeds and variants/,
      });
    }
    const [first] = plan.variants;
    for (const part of Object.keys(first))
      assert.throws(() => plannedRuns(folderWith({ ...plan, variants: [{ ...first, [part]: undefined }] })), {
        name: "FileError",
      });
  });

  it("is kept with the repository's own logs: its preset and networks are there", () => {
    const { preset, seeds, rows } = plannedRuns(results);
    assert.ok(preset in presets && seeds.length > 0);
    const folder = temporaryFolder();
    for (const { variant, model } of rows) {
      const config = configuration(
        model.endsWith(".json") ? (JSON.parse(readFileSync(join(results, model), "utf8")) as never) : model,
      );
      assert.equal(config.name, variant);
    }
    copyFileSync(join(results, "plan.json"), join(folder, "plan.json"));
    assert.deepEqual(
      plannedRuns(folder).rows.map(({ missing }) => missing),
      rows.map(() => seeds),
    );
  });
});
