import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nbformatJson, splitLines } from "../../src/notebook/nbformat-json.js";

// Expected texts are those of Python 3.12: json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).
describe("JSON as Python writes it", () => {
  const numbers: [number, string][] = [
    [0.00008616, "8.616e-05"],
    [1e-7, "1e-07"],
    [-2.5e-5, "-2.5e-05"],
    [0.0001, "0.0001"],
    [1.5e-10, "1.5e-10"],
    [5e-324, "5e-324"],
    [0.1, "0.1"],
    [-0, "0"],
    [3, "3"],
    [1e21, "1e+21"],
    [1.7976931348623157e308, "1.7976931348623157e+308"],
    [9007199254740991, "9007199254740991"],
  ];
  for (const [number, text] of numbers) it(`has ${text}`, () => assert.equal(nbformatJson(number), text));

  it("indents by one, sorts keys by code point, keeps what is not ASCII and leaves out what is undefined", () =>
    assert.equal(
      nbformatJson({ b: [1, [], {}], a: { "\u{1F600}": "ü\u0001", "\uFFFD": null }, c: undefined }),
      '{\n "a": {\n  "\uFFFD": null,\n  "\u{1F600}": "ü\\u0001"\n },\n "b": [\n  1,\n  [],\n  {}\n ]\n}',
    ));
});

describe("the lines of a text", () => {
  it("end where Python ends them", () =>
    assert.deepEqual(splitLines("a\rb\r\nc\fd\u2028e\u0085\n\nf"), [
      "a\r",
      "b\r\n",
      "c\f",
      "d\u2028",
      "e\u0085",
      "\n",
      "\n",
      "f",
    ]));
  it("are none of an empty text", () => assert.deepEqual(splitLines(""), []));
  it("are one more only behind a line's end", () => assert.deepEqual(splitLines("a\n"), ["a\n"]));
});
