import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { leaveFaultsToV8 } from "../../../src/exchange/mpi/ucx.js";

describe("what UCX is told before it is loaded", () => {
  it("leaves faults to V8, unless the user has said otherwise", () => {
    for (const [before, after] of [
      [{}, ""],
      [{ UCX_ERROR_SIGNALS: "SIGBUS" }, "SIGBUS"],
    ] as const) {
      const environment: Record<string, string | undefined> = { ...before };
      leaveFaultsToV8(environment);
      assert.equal(environment["UCX_ERROR_SIGNALS"], after);
    }
  });
});

describe("a process that has loaded UCX", () => {
  it("ends when nothing is left to do, with its exit code, its output and what waits for its end", () => {
    const script = `
      const { leaveWithoutTeardown } = require(${JSON.stringify(require.resolve("../../../src/exchange/mpi/ucx.js"))});
      leaveWithoutTeardown();
      leaveWithoutTeardown();
      process.on("exit", (code) => console.log("ends with", code, process.listenerCount("beforeExit")));
      process.exitCode = 3;
      setTimeout(() => console.log("later".repeat(20_000)), 20);`;
    const { status, stdout } = spawnSync(process.execPath, ["-e", script], { encoding: "utf8" });
    assert.equal(status, 3);
    assert.equal(stdout, `${"later".repeat(20_000)}\nends with 3 0\n`);
  });
});
