import assert from "node:assert/strict";
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
