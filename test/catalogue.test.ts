import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { compileFunction } from "node:vm";
import * as axial from "../src/index.js";
import { catalogue, families, type Family } from "../src/catalogue.js";
import { packageFolder } from "../src/core/version.js";

const read = (path: string) => readFileSync(join(packageFolder, path), "utf8");
const camelCase = (word: string) => word.replace(/-./g, ([, letter]) => letter.toUpperCase());
const pascalCase = (word: string) => camelCase(word).replace(/^./, (letter) => letter.toUpperCase());

describe("the catalogue", () => {
  before(() => axial.engine.start({ threads: 1 }));
  after(() => axial.engine.stop());

  for (const { title, use, shapes } of catalogue)
    it(`has a line of use that runs: ${title}`, () => {
      const make = compileFunction(`return ${use}`, ["axial"]) as (
        library: unknown,
      ) => tf.layers.Layer | tf.LayersModel;
      const made = make(axial);
      const [input, output] = shapes;
      const result = tf.tidy(() => {
        const outputs = made.apply(tf.zeros([...input])) as tf.Tensor | tf.Tensor[];
        return Array.isArray(outputs) ? outputs.map(({ shape }) => shape) : outputs.shape;
      });
      assert.deepEqual(result, output);
    });

  for (const { title, files } of catalogue)
    it(`names files that are there, each of which is about what its name says: ${title}`, () => {
      const stem = (path: string) => camelCase(basename(path, ".ts"));
      const isModel = files.layer.startsWith("src/models");
      // The function and the layer have the name of their file: axialAttention, AxialAttention.
      if (files.function !== null && stem(files.function) !== "reversible")
        assert.equal(typeof (axial.functions as Record<string, unknown>)[stem(files.function)], "function");
      const layer = pascalCase(basename(files.layer, ".ts"));
      if (!isModel) assert.equal(typeof (axial.layers as Record<string, unknown>)[layer], "function");
      assert.ok(read(files.layer).length > 0);
      // The kernel and its gradient have the name of their file too: AxialAttention, axialAttentionGradients.
      assert.equal(files.kernel === null, files.gradient === null);
      if (files.kernel !== null)
        assert.match(read(files.kernel), new RegExp(`export const ${stem(files.kernel)}Kernels`));
      if (files.gradient !== null)
        assert.match(read(files.gradient), new RegExp(`export const ${stem(files.gradient)}Gradients`));
      assert.match(read(files.test), isModel ? /describe\(/ : new RegExp(`${layer}\\b`));
      for (const path of [...files.cases, ...(files.lesson === null ? [] : [files.lesson])])
        assert.ok(existsSync(join(packageFolder, path)), path);
    });

  it("has a row for each folder of reference cases, but that of checkpoints", () => {
    const named = catalogue.flatMap(({ files }) => files.cases);
    const folders = new Set(named.map((path) => path.split("/").slice(0, -1).join("/")));
    const present = readdirSync(join(packageFolder, "test/fixtures")).map((name) => `test/fixtures/${name}`);
    assert.deepEqual([...folders, "test/fixtures/checkpoints"].sort(), present.sort());
  });
});

describe("the word of a family", () => {
  /** Where one looks by the word alone; of several places each is enough. */
  const places: Readonly<Record<string, (word: Family) => readonly string[]>> = {
    "equation and function": (word) => [`src/functions/${word}.ts`],
    layer: (word) => [`src/layers/${word}.ts`],
    kernel: (word) => [`src/engine/wasm/kernels/${word}.ts`],
    gradient: (word) => [`src/engine/ops/${word}.ts`],
    test: (word) => ["layers", "functions", "engine/ops"].map((room) => `test/${room}/${word}.test.ts`),
    "reference cases": (word) => [`test/fixtures/${word}`],
    lesson: (word) =>
      readdirSync(join(packageFolder, "notebooks"))
        .filter((file) => /^\d\d-/.test(file) && file.endsWith(`-${word}.ipynb`))
        .map((file) => `notebooks/${file}`),
  };
  const attention = families.filter((word) => word.endsWith("-attention"));
  /** What a family has not, and why. */
  const without: Readonly<Record<string, readonly Family[]>> = {
    // tf.layers.dense, whose products the engine computes by the same kernel.
    layer: ["linear"],
    // No published implementation's numbers are stored; the tests compare with loops in float64.
    "reference cases": [
      ...families.filter((word) => !attention.includes(word)),
      "global-attention",
      "local-attention",
      "value-mixture-attention",
    ],
    // Lessons tell a story: most are of several families, and the catalogue's rows lead to them.
    lesson: families.filter((word) => word !== "axial-attention"),
  };

  for (const [place, at] of Object.entries(places))
    it(`leads to its ${place} by the name of a file`, () => {
      const missing = families.filter((word) => !at(word).some((path) => existsSync(join(packageFolder, path))));
      assert.deepEqual(missing, [...(without[place] ?? [])].sort());
    });

  it("is the name of what the files hold: the function, the kernels, the gradients", () => {
    for (const word of families) {
      // Of pooling there are two, each with its own first word.
      const functionName =
        word === "pooling" ? /export function (max|average)Pool\b/ : `export function ${camelCase(word)}\\b`;
      assert.match(read(`src/functions/${word}.ts`), new RegExp(functionName));
      assert.match(read(`src/engine/wasm/kernels/${word}.ts`), new RegExp(`export const ${camelCase(word)}Kernels`));
      assert.match(read(`src/engine/ops/${word}.ts`), new RegExp(`export const ${camelCase(word)}Gradients`));
    }
  });

  it("leads to the loops of the families that have their own, in AssemblyScript and in Rust", () => {
    const native = existsSync(join(packageFolder, "src/engine/native/src"));
    for (const word of [
      "axial-attention",
      "local-attention",
      "criss-cross-attention",
      "batch-norm",
      "convolution",
      "pooling",
    ]) {
      assert.match(read(`src/engine/wasm/assembly/${word}.ts`), /export function/);
      const rust = `src/engine/native/src/${word.endsWith("-attention") ? "attention/" : ""}${word.replaceAll("-", "_")}`;
      if (!native) continue;
      const path = [`${rust}.rs`, rust].find((candidate) => existsSync(join(packageFolder, candidate)));
      assert.ok(path !== undefined && statSync(join(packageFolder, path)).size > 0, rust);
    }
  });

  it("is in the catalogue with a lesson, for each attention but that of a stem", () => {
    for (const word of attention) {
      const row = catalogue.find(({ files }) => files.layer === `src/layers/${word}.ts`);
      assert.ok(row !== undefined, word);
      assert.equal(row.files.lesson === null, word === "value-mixture-attention", word);
    }
  });
});
