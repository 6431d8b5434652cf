import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { packageFolder } from "../../src/core/version.js";
import type { CaseReport } from "../../src/verification/index.js";

const command = join(packageFolder, "dist", "src", "cli", "main.js");
const fixture = (name: string) => join(packageFolder, "test", "fixtures", name);
const verify = (...args: string[]) => spawnSync(process.execPath, [command, "verify", ...args], { encoding: "utf8" });

describe("axial-lab verify", () => {
  it("prints one line a case, then the counts", () => {
    const { stdout, stderr, status } = verify(
      fixture("axialdeeplab-attention-width-s1-a.safetensors"),
      fixture("sasa-layer-k3.safetensors"),
    );
    assert.equal(status, 0, stderr);
    assert.match(stdout, /axialdeeplab-attention-width-s1-a  passed {4}17 tensors, worst \d\.\de-\d of 1e-5 {2}\S+/);
    assert.match(stdout, /sasa-layer-k3 +skipped: differs from its own paper/);
    assert.match(stdout, /1 passed, 0 failed, 1 skipped\n$/);
  });

  it("gives a program every comparison", () => {
    const { stdout, status } = verify(fixture("saaxial-layer-height.safetensors"), "--json");
    assert.equal(status, 0);
    const [report] = JSON.parse(stdout) as CaseReport[];
    assert.equal(report.comparisons.length, 15);
    assert.ok(report.comparisons.every(({ error, limit }) => error <= limit));
  });

  it("exits with 2 and one line where a path holds no case", () => {
    for (const [path, message] of [
      ["absent.safetensors", /^verify: no such file or folder, got absent.safetensors; give reference cases\n$/],
      [join(packageFolder, "src"), /must hold reference cases \(\.safetensors, or \.json of metrics\), got none/],
      [fixture("torch-zip.pth"), /^safetensors: .*\n$/],
    ] as const) {
      const { stderr, status } = verify(path);
      assert.equal(status, 2);
      assert.match(stderr, message);
    }
  });
});
