import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { implicitGlobals } from "../../../src/jupyter/language/implicit-globals.js";
import { parseModule } from "../../../src/jupyter/language/parse-module.js";

const names = (code: string, ...known: string[]) =>
  implicitGlobals(parseModule("cell.js", code), (name) => known.includes(name)).map(({ name }) => name);

describe("what a JavaScript cell assigns without declaring it", () => {
  const cases: [string, string, string[]][] = [
    ["an assignment", "total = 5;", ["total"]],
    ["a sum", "total += 5;", ["total"]],
    ["a pattern", "[first, { second, third: renamed = 1 }, ...rest] = list;", ["first", "second", "renamed", "rest"]],
    ["an object pattern", "({ left, right: { inner } } = pair);", ["left", "inner"]],
    ["a loop", "for (each of list) use(each);", ["each"]],
    ["a function", "function set() { inside = 1; }", ["inside"]],
  ];
  for (const [what, code, expected] of cases)
    it(`is found in ${what}`, () => assert.deepEqual(names(code, "list", "pair"), expected));

  it("is no parameter, local variable, property or value", () =>
    assert.deepEqual(names("function f(a) { let b; a = 1; b = 2; this.c = d; o.e = g; } f({ h: i });"), []));

  it("is no name that is known", () => assert.deepEqual(names("known = 1; other = 2;", "known"), ["other"]));

  it("has the type of the value that it is given first at the top level", () =>
    assert.deepEqual(
      implicitGlobals(parseModule("cell.js", "f(() => x = 1); x = 'a'; x = 3;"), () => false),
      [{ name: "x", declaration: "var x = ('a');" }],
    ));
});
