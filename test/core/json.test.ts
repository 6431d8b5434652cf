import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseJson } from "../../src/core/json.js";

describe("JSON", () => {
  it("may begin with a byte order mark", () => assert.deepEqual(parseJson('\uFEFF{ "a": [2] }'), { a: [2] }));
  it("keeps such a mark inside a text", () => assert.equal(parseJson('"\uFEFF"'), "\uFEFF"));
  it("must be whole", () => assert.throws(() => parseJson("\uFEFF{"), SyntaxError));
});
