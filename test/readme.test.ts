import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { compileFunction } from "node:vm";
import ts from "typescript";
import * as axial from "../src/index.js";
import { catalogue } from "../src/catalogue.js";
import { packageFolder } from "../src/core/version.js";
import { readmePath, regenerate } from "./readme.js";

const readme = readFileSync(readmePath, "utf8");

describe("the README", () => {
  before(() => axial.engine.start({ threads: 2 }));
  after(() => axial.engine.stop());

  it("holds what its generators say now; `npm run readme` mends it", () => {
    assert.equal(readme, regenerate(readme));
  });

  it("prints the lines of use that the catalogue's test runs", () => {
    for (const { use } of catalogue) assert.ok(readme.includes(`| \`${use}\` |`), use);
  });

  it("links to files that exist", () => {
    const links = [...readme.matchAll(/\]\((?!https?:|#)([^)]+)\)/g)].map(([, path]) => path);
    assert.ok(links.length > 0);
    for (const path of links) assert.ok(existsSync(join(packageFolder, path)), path);
  });

  it("has a page on contributing whose links lead to files that exist", () => {
    const page = readFileSync(join(packageFolder, "docs", "contributing.md"), "utf8");
    const links = [...page.matchAll(/\]\(((?!https?:|#)[^)]+)\)/g)].map(([, path]) => path);
    assert.ok(links.length > 10);
    for (const path of links) assert.ok(existsSync(join(packageFolder, "docs", path)), path);
    const files = [...page.matchAll(/`((?:src|test|widgets)\/[\w./-]+)`/g)].map(([, path]) => path);
    for (const path of files) assert.ok(existsSync(join(packageFolder, path)), path);
    const all = ["src", "test", "widgets"].flatMap((room) =>
      readdirSync(join(packageFolder, room), { recursive: true, encoding: "utf8" }),
    );
    const present = new Set(all.map((path) => basename(path)));
    for (const [, name] of page.matchAll(/`([\w.-]+\.ts)`/g)) assert.ok(present.has(name), name);
  });

  it("names scripts that package.json has", () => {
    const { scripts } = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const used = [...readme.matchAll(/npm (?:run ([\w:-]+)|(start|test))/g)].map(([, run, direct]) => run ?? direct);
    for (const name of used) assert.ok(name in scripts, name);
  });

  it("has an example that runs, with the shapes that it says", async () => {
    const [, code] = /```ts\n([\s\S]*?)```/.exec(readme)!;
    const { outputText } = ts.transpileModule(code, {
      compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
    });
    const modules: Record<string, unknown> = { "axial-lab": axial, "@tensorflow/tfjs": tf };
    const run = compileFunction(`return (async () => {${outputText}})()`, ["require", "exports"]) as (
      require: (name: string) => unknown,
      exports: object,
    ) => Promise<void>;
    const printed: string[] = [];
    const log = console.log;
    console.log = (...values: unknown[]) => void printed.push(values.map((value) => JSON.stringify(value)).join(" "));
    try {
      await run((name) => modules[name], {});
    } finally {
      console.log = log;
    }
    const promised = [...code.matchAll(/console\.log\(.*\);\s*\/\/ (.*)/g)].map(([, comment]) => comment);
    assert.ok(promised.length >= 2);
    assert.deepEqual(
      printed,
      promised.map((shape) => JSON.stringify(JSON.parse(shape))),
    );
    await axial.engine.start({ threads: 2 });
  });
});
