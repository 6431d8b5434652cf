import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageFolder } from "../../src/core/version.js";
import type { CaseReport } from "../../src/verification/index.js";

const command = join(packageFolder, "dist", "src", "cli", "main.js");
const fixture = (name: string) => join(packageFolder, "test", "fixtures", name);
const verify = (...args: string[]) => spawnSync(process.execPath, [command, "verify", ...args], { encoding: "utf8" });

describe("axial-lab verify", () => {
  it("prints one line a case, then the counts", () => {
    const { stdout, stderr, status } = verify(
      fixture("axial-attention/axialdeeplab-attention-width-s1-a.safetensors"),
      fixture("stand-alone-attention/sasa-layer-k3.safetensors"),
    );
    assert.equal(status, 0, stderr);
    assert.match(stdout, /axialdeeplab-attention-width-s1-a  passed {4}17 tensors, worst \d\.\de-\d of 1e-5 {2}\S+/);
    assert.match(stdout, /sasa-layer-k3 +skipped: differs from its own paper/);
    assert.match(stdout, /1 passed, 0 failed, 1 skipped\n$/);
  });

  it("gives a program every comparison", () => {
    const { stdout, status } = verify(fixture("axial-attention/saaxial-layer-height.safetensors"), "--json");
    assert.equal(status, 0);
    const [report] = JSON.parse(stdout) as CaseReport[];
    assert.equal(report.comparisons.length, 15);
    assert.ok(report.comparisons.every(({ error, limit }) => error <= limit));
  });

  it("reads the cases of a folder, and of the folders in it", () => {
    const folder = mkdtempSync(join(tmpdir(), "axial-lab-verify-"));
    try {
      for (const family of ["axial-attention", "criss-cross-attention"])
        cpSync(fixture(family), join(folder, "families", family), { recursive: true });
      const { stdout, status } = verify(folder);
      assert.equal(status, 0);
      assert.match(stdout, /axialdeeplab-attention-height-s1-a +passed[^]*ccnet-crisscross-r2 +passed/);
      assert.match(stdout, /\n8 passed, 0 failed, 0 skipped\n$/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("exits with 2 and one line where a path holds no case", () => {
    for (const [path, message] of [
      ["absent.safetensors", /^verify: no such file or folder, got absent.safetensors; give reference cases\n$/],
      [join(packageFolder, "src"), /must hold reference cases \(\.safetensors, or \.json of metrics\), got none/],
      [fixture("checkpoints/torch-zip.pth"), /^safetensors: .*\n$/],
    ] as const) {
      const { stderr, status } = verify(path);
      assert.equal(status, 2);
      assert.match(stderr, message);
    }
  });
});
