import assert from "node:assert/strict";
import { it } from "node:test";
import { csvLine } from "../../src/core/csv.js";

it("a line of comma-separated values quotes what would end a field, and leaves nothing where there is nothing", () =>
  assert.equal(csvLine(['a "b"', "c,d", null, undefined, 1.5, "e\nf", true]), '"a ""b""","c,d",,,1.5,"e\nf",true\n'));
