import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeText, jsonFault, parseJson } from "../../src/core/json.js";

describe("JSON", () => {
  it("may begin with a byte order mark", () => assert.deepEqual(parseJson('\uFEFF{ "a": [2] }'), { a: [2] }));
  it("keeps such a mark inside a text", () => assert.equal(parseJson('"\uFEFF"'), "\uFEFF"));
  it("is read in UTF-8, and in UTF-16 of either order of bytes by its mark", () => {
    const text = '{ "a": "\u00e9\u{1f642}" }';
    const little = Buffer.from(`\uFEFF${text}`, "utf16le");
    for (const bytes of [Buffer.from(text), Buffer.from(`\uFEFF${text}`), little, Buffer.from(little).swap16()])
      assert.deepEqual(parseJson(decodeText(bytes)), { a: "\u00e9\u{1f642}" });
    assert.deepEqual([decodeText(new Uint8Array(0)), decodeText(Uint8Array.of(0x37))], ["", "7"]);
  });
  it("that is none is told of in one line", () => {
    const faultOf = (text: string) => {
      try {
        return String(parseJson(text));
      } catch (error) {
        return jsonFault(error);
      }
    };
    assert.match(faultOf('{\n\u0000"'), /^[^\n\u0000]+$/);
  });
  it("must be whole", () => assert.throws(() => parseJson("\uFEFF{"), SyntaxError));
});
