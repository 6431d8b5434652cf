import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { tameUcx } from "../../../src/exchange/mpi/ucx.js";

describe("what UCX is told before it is loaded", () => {
  it("leaves faults to V8 and the C library as it is, unless the user has said otherwise", () => {
    for (const [before, after] of [
      [{}, { UCX_ERROR_SIGNALS: "", UCX_MEM_EVENTS: "no" }],
      [{ UCX_ERROR_SIGNALS: "SIGBUS" }, { UCX_ERROR_SIGNALS: "SIGBUS", UCX_MEM_EVENTS: "no" }],
      [{ UCX_MEM_EVENTS: "yes" }, { UCX_ERROR_SIGNALS: "", UCX_MEM_EVENTS: "yes" }],
    ]) {
      const environment: Record<string, string | undefined> = { ...before };
      tameUcx(environment);
      assert.deepEqual(environment, after);
    }
  });
});
