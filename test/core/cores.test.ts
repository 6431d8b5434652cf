import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { after, before, describe, it } from "node:test";
import { threadsByDefault } from "../../src/core/cores.js";

describe("threads where nobody says how many", () => {
  let own: string | undefined;
  before(() => (own = process.env["AXIAL_LAB_THREADS"]));
  after(() => {
    if (own === undefined) delete process.env["AXIAL_LAB_THREADS"];
    else process.env["AXIAL_LAB_THREADS"] = own;
  });

  it("are as many as the environment says, else one a core", () => {
    process.env["AXIAL_LAB_THREADS"] = "3";
    assert.equal(threadsByDefault(), 3);
    for (const nothing of ["", undefined]) {
      if (nothing === undefined) delete process.env["AXIAL_LAB_THREADS"];
      else process.env["AXIAL_LAB_THREADS"] = nothing;
      assert.equal(threadsByDefault(), availableParallelism());
    }
  });

  it("are for the engine to refuse where that is no number", () => {
    process.env["AXIAL_LAB_THREADS"] = "many";
    assert.ok(Number.isNaN(threadsByDefault()));
  });
});
