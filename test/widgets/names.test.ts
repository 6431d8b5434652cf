import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { distinctNames } from "../../widgets/names.js";

describe("distinct names", () => {
  it("number what comes again, and keep the rest as given", () =>
    assert.deepEqual(distinctNames(["run", "crane", "run", "run"]), ["run", "crane", "run (2)", "run (3)"]));

  it("do not make a name that another has", () =>
    assert.deepEqual(distinctNames(["a", "a", "a (2)"]), ["a", "a (3)", "a (2)"]));

  it("are none of none", () => assert.deepEqual(distinctNames([]), []));
});
