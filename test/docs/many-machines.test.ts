import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { packageFolder } from "../../src/core/version.js";
import { costTable, ringSeconds } from "./many-machines.js";

describe("the page on many machines", () => {
  it("holds the table of what a step has to send", () => {
    assert.ok(readFileSync(join(packageFolder, "docs", "many-machines.md"), "utf8").includes(costTable()));
  });

  it("counts a ring: nothing for one machine, and at most twice the bytes for any number", () => {
    assert.equal(ringSeconds(1e6, 1, 8e6), 0);
    assert.equal(ringSeconds(1e6, 2, 8e6), 1);
    assert.ok(ringSeconds(1e6, 64, 8e6) < 2);
  });
});
