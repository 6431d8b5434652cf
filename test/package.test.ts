import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { spawnSync } from "node:child_process";
import { packageFolder } from "../src/core/version.js";

/** Runs one script in the package's own folder, where `axial-lab` resolves to the package itself. */
const node = (type: "module" | "commonjs", script: string) =>
  spawnSync(process.execPath, [`--input-type=${type}`, "-e", script], { cwd: packageFolder, encoding: "utf8" });

describe("the package", () => {
  it("is importable from ESM with named exports", () => {
    const { stdout, stderr } = node(
      "module",
      "import * as axial from 'axial-lab'; console.log(typeof axial.ShapeError)",
    );
    assert.equal(stdout.trim(), "function", stderr);
  });

  it("is importable from CommonJS", () => {
    const { stdout, stderr } = node("commonjs", "console.log(typeof require('axial-lab').ShapeError)");
    assert.equal(stdout.trim(), "function", stderr);
  });
});
