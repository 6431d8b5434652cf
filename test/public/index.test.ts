/** No public function, misused, fails from inside: whatever it is given it does its work or says what is wrong. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as index from "../../src/index.js";
import * as axial from "../../src/public/index.js";
import { mismatch } from "../../src/public/kinds.js";
import type { Parameters } from "../../src/public/misuse.js";
import table from "../../src/public/parameters.json";
import { validCalls } from "./valid-calls.js";

const { functions, types } = table as unknown as Parameters;

type Callable = (...args: unknown[]) => unknown;
const named = (name: string, of: object = axial): Callable =>
  name.split(".").reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], of) as Callable;
const isClass = (name: string): boolean => /^class\b/.test(Function.prototype.toString.call(named(name, index)));

/** Calls or constructs, waits, and gives what it fails with; null where it does not. */
async function failureOf(name: string, args: readonly unknown[]): Promise<unknown> {
  const own = named(name);
  try {
    await (isClass(name) ? (Reflect.construct(own, args) as object) : own(...args));
    return null;
  } catch (error) {
    return error;
  }
}

function assertTold(error: unknown, call: string): void {
  if (error === null) return;
  const text = error instanceof Error ? `${error.name}: ${error.message}` : "no error";
  assert.ok(error instanceof axial.AxialError, `${call} failed with ${text}`);
  assert.match(error.message, /^[^\n]*: [^]*\bgot [^]*; /, call);
}

const values: readonly unknown[] = [undefined, null, NaN, -1, "x", true, {}, [], [null], { a: null }, () => 1];
const written = (value: unknown): string => (typeof value === "function" ? "a function" : JSON.stringify(value)) ?? "undefined"; // prettier-ignore

const isOfKind = (name: string, args: readonly unknown[]): boolean =>
  Object.entries(functions[name]).every(
    ([key, kind], i) => (key.endsWith("?") && args[i] === undefined) || mismatch(kind, args[i], key, types) === null,
  );

describe("the package, as it is imported", () => {
  const folder = mkdtempSync(join(tmpdir(), "axial-misuse-"));
  const own = process.cwd();
  before(() => process.chdir(folder));
  after(() => {
    process.chdir(own);
    rmSync(folder, { recursive: true });
  });

  it("has every name, and what is no function is the same", () => {
    assert.deepEqual(Object.keys(axial).sort(), Object.keys(index).sort());
    assert.equal(axial.AxialError, index.AxialError);
    assert.equal(axial.functions.batchNormPresets, index.functions.batchNormPresets);
  });

  it("has classes that are those of the inside: to make, to ask of, to derive from", () => {
    class Own extends axial.layers.GlobalAttention {}
    const layer = new axial.layers.GlobalAttention({ filters: 8, heads: 2 });
    assert.ok(layer instanceof index.layers.GlobalAttention && layer instanceof axial.layers.GlobalAttention);
    assert.ok(new Own({ filters: 8, heads: 2 }) instanceof Own);
    assert.equal(axial.layers.GlobalAttention.className, index.layers.GlobalAttention.className);
  });

  for (const name of Object.keys(functions))
    it(`${name} given what is of another kind does its work or says what is wrong`, async () => {
      const count = Math.max(1, Object.keys(functions[name]).length);
      for (const value of values) {
        const args = Array<unknown>(count).fill(value);
        if (!isOfKind(name, args)) assertTold(await failureOf(name, args), `${name}(${written(value)})`);
      }
    });
});

/** The value with one of its parts replaced by each of `values`, at every place; of lists the first element's. */
function* spoiled(value: unknown, path = ""): Generator<readonly [value: unknown, what: string]> {
  for (const other of values) yield [other, `${path} = ${written(other)}`];
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || value instanceof tf.Tensor) return;
  for (const [key, part] of Object.entries(value).slice(0, Array.isArray(value) ? 1 : undefined))
    for (const [own, what] of spoiled(part, `${path}.${key}`))
      yield [Object.assign(Array.isArray(value) ? [...(value as unknown[])] : { ...value }, { [key]: own }), what];
}

describe("a call that is right but for one part", () => {
  for (const [name, args] of Object.entries(validCalls()))
    it(`of ${name} does its work or says what is wrong, whichever part it is`, async () => {
      assert.equal(await failureOf(name, args), null);
      for (const [own, what] of spoiled(args))
        if (Array.isArray(own)) assertTold(await failureOf(name, own), `${name}, ${what}`);
    });
});
