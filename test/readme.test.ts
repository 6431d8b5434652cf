import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { compileFunction } from "node:vm";
import ts from "typescript";
import * as axial from "../src/index.js";
import { catalogue, gradientOf } from "../src/catalogue.js";
import { packageFolder } from "../src/core/version.js";
import { readmePath, regenerate } from "./readme.js";

const readme = readFileSync(readmePath, "utf8");

describe("the README", () => {
  before(() => axial.engine.start({ threads: 2 }));
  after(() => axial.engine.stop());

  it("holds what its generators say now; `npm run readme` mends it", () => {
    assert.equal(readme, regenerate(readme));
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
  });

  it("names scripts that package.json has", () => {
    const { scripts } = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const used = [...readme.matchAll(/npm (?:run ([\w:]+)|(start|test))/g)].map(([, run, direct]) => run ?? direct);
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

describe("the catalogue", () => {
  before(() => axial.engine.start({ threads: 2 }));
  after(() => axial.engine.stop());

  for (const { title, use, shapes } of catalogue)
    it(`has a line of use that runs: ${title}`, () => {
      const make = compileFunction(`return ${use}`, ["axial"]) as (
        library: unknown,
      ) => tf.layers.Layer | tf.LayersModel;
      const made = make(axial);
      const [input, output] = shapes;
      const result = tf.tidy(() => (made.apply(tf.zeros([...input])) as tf.Tensor).shape);
      assert.deepEqual(result, output);
    });

  for (const { title, files } of catalogue)
    it(`names files that are there, each of which is about what its name says: ${title}`, () => {
      const read = (path: string) => readFileSync(join(packageFolder, path), "utf8");
      const stem = (path: string) => basename(path, ".ts").replace(/-./g, ([, letter]) => letter.toUpperCase());
      const isModel = files.layer.startsWith("src/models");
      // The function and the layer have the name of their file: axialAttention, AxialAttention.
      if (files.function !== null && stem(files.function) !== "reversible")
        assert.equal(typeof (axial.functions as Record<string, unknown>)[stem(files.function)], "function");
      const layer = stem(files.layer).replace(/^./, (letter) => letter.toUpperCase());
      if (!isModel) assert.equal(typeof (axial.layers as Record<string, unknown>)[layer], "function");
      assert.ok(read(files.layer).length > 0);
      if (files.kernel !== null) {
        assert.match(read(files.kernel), /export function/);
        assert.match(read(gradientOf(files.kernel)), /export function/);
      }
      assert.match(read(files.test), isModel ? /describe\(/ : new RegExp(`${layer}\\b`));
      for (const path of [...files.cases, ...(files.lesson === null ? [] : [files.lesson])])
        assert.ok(existsSync(join(packageFolder, path)), path);
    });

  it("is what README prints: the very lines that are run", () => {
    for (const { use } of catalogue) assert.ok(readme.includes(`| \`${use}\` |`), use);
  });
});
