import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Script } from "node:vm";
import { compileCell } from "../../../src/jupyter/language/compile.js";
import { sourcePosition } from "../../../src/jupyter/position-map.js";

const none = new Map<string, string>();

/** Runs cells one after another in one scope, as the kernel does, and gives the value of the last. */
async function evaluate(...cells: string[]): Promise<unknown> {
  let value: unknown;
  for (const cell of cells) {
    const { code, syntaxErrors } = compileCell(cell, { renamed: none });
    assert.deepEqual(syntaxErrors, []);
    value = undefined;
    const run = new Script(code.javascript).runInThisContext() as (cell: object) => unknown;
    await run({ result: (last: unknown) => (value = last) });
  }
  return value;
}

describe("a compiled cell", () => {
  const values: [string, string[], unknown][] = [
    ["has the value of its last expression", ["const a: number = 2; a * 3"], 6],
    ["has no value where it ends in a declaration", ["2; const b = 3;"], undefined],
    ["shares its names with later cells", ["let c = 5", "c += 2", "c"], 7],
    [
      "destructures into shared names",
      ["const { d, e: [f = 11], ...g } = { d: 2, e: [], h: 3 } as any", "[d, f, g.h]"],
      [2, 11, 3],
    ],
    ["may declare a name again", ["const i = 2", "const i = 'x'", "i"], "x"],
    [
      "lets earlier functions see later definitions",
      ["function j() { return k() } function k() { return 2 }", "function k() { return 3 }", "j()"],
      3,
    ],
    [
      "lets functions and later cells share one variable",
      ["let l = 0; const m = () => ++l", "m(); l = 10; m()", "l"],
      11,
    ],
    ["hoists functions", ["n(); function n() { return 13 } n()"], 13],
    ["keeps the names of functions", ["function o() {} const p = () => {}; [o.name, p.name]"], ["o", "p"]],
    ["hoists var out of blocks", ["for (var q = 0; q < 3; q++) { var r = q }", "[q, r]"], [3, 2]],
    [
      "keeps loop variables to themselves",
      ["const s = []; for (let t = 0; t < 3; t++) s.push(() => t); s.map((u) => u())"],
      [0, 1, 2],
    ],
    ["makes `let` without a value undefined again", ["let v = 1", "let v; v"], undefined],
    ["makes an enum anew", ["enum W { A, B }", "enum W { C } Object.keys(W)"], ["0", "C"]],
    ["has classes", ["class X { y = 17 } new X().y"], 17],
    ["awaits at its top level", ["const z = await (await Promise.resolve(async () => 19))(); z"], 19],
    [
      "awaits in a loop over a generator",
      ["let sum = 0; for await (const x of (async function* () { yield 2; yield 3 })()) sum += x; sum"],
      5,
    ],
    ["drops exports", ["export const aa = 23; export function bb() { return aa } export default bb()"], 23],
    [
      "has decorators of the standard",
      [
        "const cc = (v: any, c: ClassMethodDecoratorContext) => (): string => String(c.name) + '!'; class DD { @cc ee() {} } new DD().ee()",
      ],
      "ee!",
    ],
    [
      "disposes what it uses at its end",
      [
        "const log: string[] = []; { using ff = { [Symbol.dispose]() { log.push('end') } }; log.push('in') } log.join()",
      ],
      "in,end",
    ],
    [
      "disposes at its own end what it uses at its top level",
      ["const gg: string[] = []; using hh = { [Symbol.dispose]() { gg.push('end') } }; gg.push('in');", "gg.join()"],
      "in,end",
    ],
    ["has namespaces", ["namespace II { export const jj = 29 } II.jj"], 29],
  ];
  for (const [title, cells, expected] of values) {
    it(title, async () => assert.deepEqual(await evaluate(...cells), expected));
  }

  it("knows for each error where it is in the cell", () => {
    const source = "const before: number = 1;\n\nfunction wrong(): never {\n  throw new Error('no');\n}\nwrong();";
    const { code } = compileCell(source, { renamed: none });
    const at = code.javascript.indexOf("new Error");
    const line = code.javascript.slice(0, at).split("\n").length - 1;
    const column = at - code.javascript.lastIndexOf("\n", at) - 1;
    assert.deepEqual(sourcePosition(code.map, { line, column }), { line: 3, column: 8 });
  });

  it("reports syntax errors", () => {
    assert.equal(compileCell("const = 3", { renamed: none }).syntaxErrors.length > 0, true);
  });

  it("renames only what means the notebook's variable", () => {
    const renamed = new Map([["crypto", "crypto$cell"]]);
    const source =
      "const crypto = 1; const o = { crypto, b: crypto }; o.crypto; function f(crypto) { return crypto } { let crypto = 2; crypto }";
    const { code } = compileCell(source, { renamed });
    assert.match(code.javascript, /\(crypto\$cell = 1\)/);
    assert.match(code.javascript, /\{ crypto: crypto\$cell, b: crypto\$cell \}/);
    assert.match(code.javascript, /o\.crypto;/);
    assert.match(code.javascript, /function \(crypto\) \{ return crypto; \}/);
    assert.match(code.javascript, /let crypto = 2;\s+crypto;/);
  });
});
