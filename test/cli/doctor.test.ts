import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, it } from "node:test";

function doctor(...options: string[]): { status: number | null; stdout: string; stderr: string } {
  const main = join(__dirname, "../../src/cli/main.js");
  return spawnSync(process.execPath, [main, "doctor", ...options], { encoding: "utf8", timeout: 60_000 });
}

describe("axial-lab doctor", () => {
  it("says which engine runs, on how many threads, and why", () => {
    const { status, stdout } = doctor("--threads", "2");
    assert.equal(status, 0);
    assert.match(stdout, /^engine +(native kernels with .*|WebAssembly with .*SIMD) on 2 threads, /m);
    assert.match(stdout, /^threads +2$/m);
    assert.match(stdout, /^optional +@tensorflow\/tfjs-node/m);
  });

  it("prints the same as JSON", () => {
    const { status, stdout } = doctor("--json", "--backend", "cpu");
    const found = JSON.parse(stdout) as { engine: { backend: string }; versions: { node: string }; advice: string[] };
    assert.equal(status, 0);
    assert.equal(found.engine.backend, "cpu");
    assert.equal(found.versions.node, process.versions.node);
    assert.match(found.advice[0], /threaded WebAssembly/);
  });

  it("ends with code 2 and one line when the engine asked for makes no sense", () => {
    const { status, stderr } = doctor("--threads", "0");
    assert.equal(status, 2);
    assert.equal(
      stderr,
      "engine.start: threads must be a whole number from 1 to 64, got 0; leave it out for one a core\n",
    );
  });
});
