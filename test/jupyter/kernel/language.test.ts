import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { startTestKernel, type TestKernel } from "../test-kernel.js";

/** Packages of the notebook's own folder: one for each way of packing a module. */
function install(folder: string): void {
  const add = (name: string, files: Record<string, string>) => {
    const at = join(folder, "node_modules", name);
    mkdirSync(at, { recursive: true });
    for (const [file, text] of Object.entries(files)) writeFileSync(join(at, file), text);
  };
  add("esm-only", {
    "package.json": JSON.stringify({
      name: "esm-only",
      type: "module",
      exports: {
        ".": { types: "./types.d.ts", import: "./main.js" },
        "./extra": { types: "./extra.d.ts", import: "./extra.js" },
      },
    }),
    "main.js": "export const answer = await Promise.resolve(41); export default function next() { return answer + 1; }",
    "types.d.ts": "export declare const answer: number; export default function next(): number;",
    "extra.js": "export const extra = 'extra';",
    "extra.d.ts": "export declare const extra: string;",
  });
  add("common", {
    "package.json": JSON.stringify({ name: "common", main: "main.js", types: "main.d.ts" }),
    // Named in a way that Node's own search for exports does not see.
    "main.js": "const api = {}; for (const name of ['two', 'three']) api[name] = name.length; module.exports = api;",
    "main.d.ts": "export declare const two: number; export declare const three: number;",
  });
  add("transpiled", {
    "package.json": JSON.stringify({ name: "transpiled", main: "main.js", types: "main.d.ts" }),
    "main.js": "Object.defineProperty(exports, '__esModule', { value: true }); exports.default = 5; exports.named = 7;",
    "main.d.ts": "declare const five: number; export default five; export declare const named: number;",
  });
  add("callable", {
    "package.json": JSON.stringify({ name: "callable", main: "main.js", types: "main.d.ts" }),
    "main.js": "module.exports = function () { return 'called'; }; module.exports.extra = 3;",
    "main.d.ts":
      "declare function callable(): string; declare namespace callable { const extra: number; } export = callable;",
  });
  // An ES module over CommonJS files, of which one is its default, as `ws` is made.
  add("wrapped", {
    "package.json": JSON.stringify({
      name: "wrapped",
      exports: {
        ".": { types: "./index.d.ts", import: "./wrapper.mjs", require: "./index.js" },
        "./client": { types: "./client.d.ts", default: "./client.js" },
        "./again": { types: "./client.d.ts", default: "./again.js" },
        "./compiled": { types: "./compiled.d.ts", import: "./compiled.mjs" },
      },
    }),
    "client.js": "module.exports = class Client {}; module.exports.OPEN = 1;",
    "client.d.ts": "declare class Client {} declare namespace Client { const OPEN: 1; } export = Client;",
    "again.js": "module.exports = require('./client.js');",
    "server.js": "module.exports = class Server {};",
    "index.js": "module.exports = Object.assign(require('./client'), { Server: require('./server'), extra: 42 });",
    "wrapper.mjs":
      "import Client from './client.js'; import Server from './server.js'; export const extra = 42; export { Client, Server }; export default Client;",
    "index.d.ts":
      "declare class Client { static readonly OPEN: 1 } declare class Server {} declare const extra: number; export { Client, Server, extra }; export default Client;",
    "transpiled.js": "Object.defineProperty(exports, '__esModule', { value: true }); exports.inner = 3;",
    "compiled.mjs": "import whole from './transpiled.js'; export const own = 'own'; export default whole;",
    "compiled.d.ts": "declare const whole: { inner: number }; export default whole; export declare const own: string;",
  });
}

describe("TypeScript in cells", () => {
  let kernel: TestKernel;
  before(async () => {
    kernel = await startTestKernel({
      "data.json": '{ "list": [2, 3, 5] }',
      "helper.ts":
        "import { other } from './other';\nexport interface Shape { side: number }\nexport const area = ({ side }: Shape): number => side * side + other;\nexport function fail(): never {\n  throw new Error('helper');\n}",
      "wraps.ts":
        "import { extra, Server } from 'wrapped';\nexport const wrappedExtra: [number, string] = [extra, Server.name];",
      "other.ts": "export const other: number = await Promise.resolve(1);",
      "types.ts": "export interface Only { types: true }",
      "plain.ts": "(globalThis as { plainly?: number }).plainly = await [7][0];",
      "marked.json": '\ufeff{ "bom": true }',
      "augment.ts":
        "declare global { interface Array<T> { total(): number } }\nArray.prototype.total = function () { return this.reduce((sum: number, each: number) => sum + each, 0); };\nexport const augmented = true;",
      "ambient.d.ts": "declare const ambient: number;",
    });
    install(kernel.folder);
  });
  after(() => kernel.stop());

  /** The text of the last cell's result; earlier ones must not fail. */
  async function value(...cells: string[]): Promise<unknown> {
    let shown: unknown;
    for (const cell of cells) {
      const { reply, result } = await kernel.run(cell);
      assert.equal(reply["status"], "ok", `${cell}\n${(reply["traceback"] as string[] | undefined)?.join("\n")}`);
      shown = result?.["text/plain"];
    }
    return shown;
  }
  const failure = async (cell: string): Promise<{ ename: string; text: string }> => {
    const { reply } = await kernel.run(cell);
    assert.equal(reply["status"], "error", cell);
    return { ename: String(reply["ename"]), text: (reply["traceback"] as string[]).join("\n") };
  };

  const cells: [string, string[], string][] = [
    [
      "awaits an awaited call",
      ["const text = await (await Promise.resolve({ text: async () => 'read' })).text(); text"],
      "'read'",
    ],
    ["awaits a call in brackets", ["const five = await (async () => 5)();", "five"], "5"],
    ["awaits an array", ["await [1, 2]"], "[ 1, 2 ]"],
    ["awaits a negative number", ["await -1"], "-1"],
    ["awaits a number with a sign", ["await +'3'"], "3"],
    ["awaits a template", ["await `x`"], "'x'"],
    ["awaits a regular expression", ["(await /a(b)/.exec('ab'))![1]"], "'b'"],
    ["awaits inside an array", ["[await (async () => 8)()]"], "[ 8 ]"],
    ["awaits inside a condition", ["let met = 0; if (await (async () => true)()) met = 1; met"], "1"],
    [
      "awaits in a file beside it that neither imports nor exports",
      ["import './plain'; (globalThis as any).plainly"],
      "7",
    ],
    [
      "awaits inside a template, a default and an argument",
      [
        "const { missing = await Promise.resolve('d') } = {} as any; `${await Promise.resolve(1)}${missing}${Math.max(await Promise.resolve(2), 1)}`",
      ],
      "'1d2'",
    ],
    [
      "loops over an async generator",
      [
        "const seen: number[] = []; for await (const each of (async function* () { yield 2; yield 3; })()) seen.push(each); seen",
      ],
      "[ 2, 3 ]",
    ],
    [
      "disposes what it uses",
      [
        "const log: string[] = []; { await using u = { async [Symbol.asyncDispose]() { log.push('closed'); } }; log.push('open'); } log",
      ],
      "[ 'open', 'closed' ]",
    ],
    ["exports what it declares", ["export const exported = 3; export default exported * 2;", "exported"], "3"],
    [
      "decorates",
      [
        "function twice(f: (n: number) => number, _: ClassMethodDecoratorContext) { return (n: number) => f(f(n)); } class Decorated { @twice add(n: number) { return n + 5; } } new Decorated().add(1)",
      ],
      "11",
    ],
    [
      "declares a name of another type again",
      ["const again = 1;", "const again = 'text'; again.toUpperCase()"],
      "'TEXT'",
    ],
    [
      "lets a function see the later definition of another",
      [
        "function helper() { return 'old'; } function caller() { return helper(); }",
        "function helper() { return 'new'; }",
        "caller()",
      ],
      "'new'",
    ],
    [
      "shares a variable between a function and later cells",
      ["let total = 0; function add(n: number) { total += n; }", "add(3); total = total * 10; add(1);", "total"],
      "31",
    ],
    [
      "narrows a variable of an earlier cell by assigning it",
      ["let maybe: string | null = null;", "maybe = 'now'; maybe.length"],
      "3",
    ],
    [
      "uses an interface, an enum, a class and a generic of an earlier cell",
      [
        "interface Point { x: number } enum Side { Left, Right } class Box<T> { constructor(readonly content: T) {} } type Pair<T> = [T, T];",
        "const point: Point = { x: 2 }; const box: Box<Pair<Side>> = new Box([Side.Right, Side.Left]); [point.x, box.content]",
      ],
      "[ 2, [ 1, 0 ] ]",
    ],
    ["keeps an import for later cells", ["import { basename } from 'node:path';", "basename('/a/b')"], "'b'"],
    ["imports dynamically", ["const { sep } = await import('node:path'); sep.length"], "1"],
    [
      "imports JSON",
      ["import data from './data.json'; import { list } from './data.json'; [data.list[2], list.length]"],
      "[ 5, 3 ]",
    ],
    ["imports JSON with a byte order mark", ["import marked from './marked.json'; marked.bom"], "true"],
    [
      "imports an ESM-only package with types from its exports",
      ["import next, { answer } from 'esm-only'; const typed: number = answer; [next(), typed]"],
      "[ 42, 41 ]",
    ],
    ["imports a part of a package", ["import { extra } from 'esm-only/extra'; extra"], "'extra'"],
    [
      "imports names of a CommonJS package that Node does not see",
      ["import { two, three } from 'common'; [two, three]"],
      "[ 3, 5 ]",
    ],
    [
      "imports the default of a CommonJS module that was an ES module",
      ["import five, { named } from 'transpiled'; [five, named]"],
      "[ 5, 7 ]",
    ],
    [
      "imports a CommonJS function",
      ["import callable from 'callable'; [callable(), callable.extra]"],
      "[ 'called', 3 ]",
    ],
    [
      "imports names of an ES module whose default is a CommonJS module",
      ["import { Server, Client, extra } from 'wrapped'; [typeof Server, typeof Client, extra]"],
      "[ 'function', 'function', 42 ]",
    ],
    [
      "imports names of such a module dynamically",
      ["const { Server: Dynamic, default: Whole } = await import('wrapped'); [Dynamic.name, Whole.OPEN]"],
      "[ 'Server', 1 ]",
    ],
    [
      "imports such a module whole, with nothing of the CommonJS module's own",
      ["import * as wrapped from 'wrapped'; Object.keys(wrapped)"],
      "[ 'Client', 'Server', 'default', 'extra' ]",
    ],
    [
      "imports such a module in a file beside it",
      ["import { wrappedExtra } from './wraps'; wrappedExtra"],
      "[ 42, 'Server' ]",
    ],
    [
      "imports names of an ES module whose default was an ES module too",
      ["import compiled, { own } from 'wrapped/compiled'; [own, compiled.inner]"],
      "[ 'own', 3 ]",
    ],
    [
      "imports the CommonJS half of it as before",
      ["import { OPEN } from 'wrapped/client'; import Half from 'wrapped/client'; [OPEN, Half.name]"],
      "[ 1, 'Client' ]",
    ],
    ["imports a CommonJS module that passes on another", ["import { OPEN as again } from 'wrapped/again'; again"], "1"],
    [
      "imports this package from any folder",
      ["import * as axial from 'axial-lab'; new axial.ShapeError('s').name"],
      "'ShapeError'",
    ],
    [
      "imports a TypeScript file beside it, with what that imports",
      ["import { area, type Shape } from './helper'; const square: Shape = { side: 3 }; area(square)"],
      "10",
    ],
    [
      "leaves out an import of nothing but types",
      ["import { Only } from './types'; const only: Only = { types: true }; only"],
      "{ types: true }",
    ],
    ["requires", ["const path = require('node:path') as typeof import('node:path'); path.extname('a.b')"], "'.b'"],
    [
      "may use names that Node has",
      [
        "import * as crypto from 'node:crypto'; const window = 7, name = 'n', fetch = () => 'mine';",
        "[crypto.createHash('md5').update('a').digest('hex').length, window, name, fetch()]",
      ],
      "[ 32, 7, 'n', 'mine' ]",
    ],
    ["takes an object literal for an object", ["{ a: 1, b: [2] }"], "{ a: 1, b: [ 2 ] }"],
    ["takes a block for a block", ["{ const inside = 1; }"], undefined as unknown as string],
    ["shows a promise as a promise", ["Promise.resolve(1)"], "Promise { 1 }"],
    [
      "knows modules that cells define, as in tslab",
      ["/** @module shapes */ export const corners: number = 4;", "import { corners } from './shapes'; corners"],
      "4",
    ],
    ["keeps the types that an import for its effects adds", ["import './augment';", "[1, 2, 3].total()"], "6"],
    [
      "keeps the types that a module adds when a later cell takes the name that it was imported for",
      ["import { augmented } from './augment'; augmented", "const augmented = 2;", "[augmented].total()"],
      "2",
    ],
    [
      "keeps the types of a dynamic import and of a reference",
      ["/// <reference path='./ambient.d.ts' />\nawait import('./augment'); 0", "typeof ambient + [4].total()"],
      "'undefined4'",
    ],
    [
      "keeps global declarations",
      ["declare global { var everywhere: number } globalThis.everywhere = 5;", "everywhere + 1"],
      "6",
    ],
  ];
  for (const [title, code, expected] of cells) it(title, async () => assert.equal(await value(...code), expected));

  it("leaves Node's own globals alone", async () => {
    assert.equal(
      await value("typeof globalThis.window + typeof globalThis.fetch + typeof (globalThis as any).crypto.subtle"),
      "'undefinedfunctionobject'",
    );
  });

  it("keeps a fresh copy of a file that has changed", async () => {
    await value("import * as helper from './helper'; helper.area({ side: 1 })");
    writeFileSync(join(kernel.folder, "helper.ts"), "export const area = (_: { side: number }): string => 'changed';");
    assert.equal(await value("import { area as changed } from './helper'; changed({ side: 1 })"), "'changed'");
  });

  it("shows type errors as compiler messages with the line, and does not run", async () => {
    const { ename, text } = await failure("const before = 1;\nconst wrong: number = 'text';\nthrow new Error('ran');");
    assert.equal(ename, "TypeScriptError");
    assert.match(text, /cell \d+, line 2, column 7 - TS2322: Type 'string' is not assignable to type 'number'/);
    assert.match(text, /> 2 \| const wrong: number = 'text';\n.*\| {7}\^\^\^\^\^/);
  });

  it("shows syntax errors with the line", async () => {
    const { ename, text } = await failure("const ok = 1;\nconst = 2;");
    assert.equal(ename, "SyntaxError");
    assert.match(text, /> 2 \| const = 2;/);
  });

  it("refuses to assign a constant of an earlier cell", async () => {
    await value("const fixed = 1;");
    assert.match((await failure("fixed = 2;")).text, /Cannot assign to 'fixed' because it is a constant/);
  });

  it("forgets what a cell with an error declares", async () => {
    await failure("const unborn: string = 5;");
    assert.match((await failure("unborn")).text, /Cannot find name 'unborn'/);
  });

  it("names a module that is not there", async () =>
    assert.match((await failure("import 'not-there';")).text, /not-there/));

  it("warns and runs where a cell says so", async () => {
    const { reply, stderr, result } = await kernel.run(
      "// @check warn\nconst loose: number = 'l' as any as string; loose",
    );
    assert.equal(reply["status"], "ok");
    assert.match(stderr, /line 2, column 7 - TS2322/);
    assert.equal(result?.["text/plain"], "'l'");
  });

  it("runs without a word where a cell says so", async () => {
    const { stderr, result } = await kernel.run("// @check off\nconst free: number = 'f' as any as string; free");
    assert.deepEqual([stderr, result?.["text/plain"]], ["", "'f'"]);
  });

  it("checks as the notebook says, until it says otherwise", async () => {
    await value("// @check notebook off", "const unchecked: number = 'u' as any as string;");
    assert.equal((await failure("// @check error\nconst one: number = 'o';")).ename, "TypeScriptError");
    await value("const still: number = 's' as any as string;", "// @check notebook error");
    assert.equal((await failure("const two: number = 't';")).ename, "TypeScriptError");
  });
});

describe("the checking of a kernel that was started to warn", () => {
  it("warns", async () => {
    const kernel = await startTestKernel(
      { "tsconfig.json": '{ "compilerOptions": { "experimentalDecorators": true } }' },
      ["--check", "warn"],
    );
    try {
      const { reply, stderr } = await kernel.run("const n: number = 'n';");
      assert.equal(reply["status"], "ok");
      assert.match(stderr, /TS2322/);
      // And the notebook's folder may ask for the decorators of before.
      const old = await kernel.run(
        "function note(target: any, name: string) { console.log(name); } class Old { @note method() {} }",
      );
      assert.deepEqual([old.reply["status"], old.stdout, old.stderr], ["ok", "method\n", ""]);
    } finally {
      await kernel.stop();
    }
  });
});
