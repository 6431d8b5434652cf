import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startTestKernel, type TestKernel } from "../test-kernel.js";

describe("JavaScript in cells", () => {
  let kernel: TestKernel;
  before(async () => void (kernel = await startTestKernel({}, ["--language", "javascript"])));
  after(() => kernel.stop());

  const cells: [string, string[], string][] = [
    ["changes the type of a variable", ["var a = 1; a = 'text'; a"], "'text'"],
    ["adds properties to an object", ["let o = {}; o.x = 1; o.x"], "1"],
    ["calls a function with fewer arguments", ["function f(a, b) { return a; } f(1)"], "1"],
    ["assigns a global without declaring it", ["total = 5;", "total = total + 1; globalThis.total"], "6"],
    [
      "assigns a global in a function and in a loop",
      ["function set() { made = 2; } set(); for (i of [3]);", "made + i"],
      "5",
    ],
    ["fills a class in its constructor", ["class P { constructor(n) { this.n = n; } } new P(3).n"], "3"],
    ["multiplies a text", ["'5' * 2"], "10"],
    ["compares loosely", ["[] == false"], "true"],
    ["has what only loose code may have", ["var n = 010; with ({ m: 1 }) n += m; delete globalThis.none; n"], "9"],
    ["knows this as the global object", ["this === globalThis"], "true"],
    ["exports as a script does", ["module.exports = { area: 3 };", "module.exports.area"], "3"],
    ["exports by name", ["exports.side = 2; typeof exports"], "'object'"],
    ["is the main module", ["require.main === module"], "true"],
    ["requires", ["const { extname } = require('path'); extname('a.b')"], "'.b'"],
    ["imports and awaits", ["import { sep } from 'node:path'; await (async () => sep.length)()"], "1"],
    ["declares a constant again", ["const c = 1;", "const c = 2; c"], "2"],
    ["takes an object literal for an object", ["{ a: 1 }"], "{ a: 1 }"],
  ];
  for (const [title, code, expected] of cells) {
    it(title, async () => {
      let shown: unknown;
      for (const cell of code) {
        const { reply, result, stderr } = await kernel.run(cell);
        assert.deepEqual([reply["status"], stderr], ["ok", ""], `${cell}\n${String(reply["evalue"])}`);
        shown = result?.["text/plain"];
      }
      assert.equal(shown, expected);
    });
  }

  it("leaves the globals of libraries alone", async () =>
    assert.equal(
      (await kernel.run("typeof globalThis.module + typeof globalThis.exports")).result?.["text/plain"],
      "'undefinedundefined'",
    ));

  it("is no TypeScript", async () => {
    const { reply } = await kernel.run("let typed: number = 1;");
    assert.equal(reply["ename"], "SyntaxError");
    assert.match(String(reply["evalue"]), /Type annotations can only be used in TypeScript files/);
  });

  it("is checked where a cell says so, with types of earlier cells", async () => {
    await kernel.run("let list = [1, 2];");
    const { reply } = await kernel.run("// @ts-check\nlist.push('text');");
    assert.equal(reply["ename"], "TypeScriptError");
    assert.match(String(reply["evalue"]), /'string' is not assignable to parameter of type 'number'/);
    const { stderr, result } = await kernel.run("// @check warn\nlist.push('text')");
    assert.match(stderr, /TS2345/);
    assert.equal(result?.["text/plain"], "3");
    assert.equal((await kernel.run("// @ts-check\nlist = [5]; list")).result?.["text/plain"], "[ 5 ]");
  });

  const completions: [string, string[], string, string][] = [
    ["a member by the type of the value", ["let words = ['a'];"], "words.", "push"],
    ["a property that was added to an object", ["let bag = {}; bag.inside = 1;"], "bag.", "inside"],
    [
      "a property that a constructor has set",
      ["class Q { constructor() { this.deep = 1; } } const q = new Q();"],
      "q.",
      "deep",
    ],
    ["a global that was never declared", ["loose = { depth: 1 };"], "loo", "loose"],
    ["a member of such a global", [], "loose.", "depth"],
    [
      "a type of JSDoc",
      ["/** @param {Date} when */ function at(when) {}"],
      "function x(/** @type {Map<string, 1>} */ m) { m.",
      "entries",
    ],
    ["a module's members", ["const fs = require('fs');"], "fs.readF", "readFileSync"],
  ];
  for (const [what, before, code, expected] of completions) {
    it(`is completed with ${what}`, async () => {
      for (const cell of before) await kernel.run(cell);
      const { content } = await kernel.client.request("shell", "complete_request", { code, cursor_pos: code.length });
      assert.ok((content["matches"] as string[]).includes(expected), JSON.stringify(content["matches"]).slice(0, 300));
    });
  }

  it("is complete or not as JavaScript", async () => {
    const ask = async (code: string) =>
      (await kernel.client.request("shell", "is_complete_request", { code })).content["status"];
    assert.deepEqual([await ask("total = 5"), await ask("if (x) {")], ["complete", "incomplete"]);
  });

  it("says so in kernel_info", async () => {
    const { content } = await kernel.client.request("shell", "kernel_info_request", {});
    const { name, file_extension: extension, mimetype } = content["language_info"] as Record<string, unknown>;
    assert.deepEqual([name, extension, mimetype], ["javascript", ".js", "text/javascript"]);
  });
});

describe("module.exports in a TypeScript cell", () => {
  it("is the notebook's own", async () => {
    const kernel = await startTestKernel();
    try {
      const { result } = await kernel.run("module.exports = { a: 1 }; require.main === module && typeof exports");
      assert.equal(result?.["text/plain"], "'object'");
    } finally {
      await kernel.stop();
    }
  });
});
