import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../src/engine/index.js";
import { runAttention } from "../../../src/engine/ops/attention.js";
import { wasmContext } from "../../../src/engine/wasm/install.js";
import { groups, signatures } from "../../../src/engine/wasm/signatures.js";

const source = path.join(__dirname, "../../../../src/engine");
type Written = Record<"assemblySlots" | "rustSlots", (all: object) => string>;

describe("the kernels' signatures", () => {
  before(() => engine.start({ threads: 1 }));
  after(() => engine.stop());

  it("are those of the kernels that the module has", () => {
    for (const variant of ["kernels", "kernels-relaxed"]) {
      const file = path.join(__dirname, `../../../src/engine/wasm/${variant}.wasm`);
      const kernels = WebAssembly.Module.exports(new WebAssembly.Module(new Uint8Array(readFileSync(file))));
      assert.deepEqual(kernels.map(({ name }) => name).sort(), Object.keys(signatures).sort());
    }
  });

  it("give the functions that read them, and the constants of the native engine, by one word each", async () => {
    const written = (await import(pathToFileURL(path.join(source, "wasm/assembly/slots.mjs")).href)) as Written;
    const all = { ...groups, ...signatures };
    assert.equal(readFileSync(path.join(source, "wasm/assembly/slots.ts"), "utf8"), written.assemblySlots(all));
    const value = "@inline export function value(args: usize): f32 { return realAt(args, 2); }";
    assert.ok(written.assemblySlots(all).includes(value));
    assert.match(written.rustSlots(all), /pub mod fill_values {[^}]*pub const VALUE: usize = 2;[^}]*SLOTS: usize = 3;/);
    const rust = path.join(source, "native/src/slots.rs");
    if (existsSync(path.dirname(rust))) assert.equal(readFileSync(rust, "utf8"), written.rustSlots(all));
  });

  /** Bytes that the last kernel of attention left of the scratch memory that was worked out for it. */
  function scratchLeft(): number {
    const { pool } = wasmContext()!;
    const result = pool.scratch(8);
    pool.runAlone("scratchLeft", { bytes: result });
    return new Float64Array(pool.memory.buffer, result, 1)[0];
  }

  it("suffice for the scratch memory of kernels of attention, to less than a cache line where there are encodings", () => {
    const heads = 3;
    const sizes = [
      { shape: [2, 5, 3], keyDepth: 3, valueDepth: 5 },
      { shape: [1, 29, 2], keyDepth: 4, valueDepth: 7 },
      { shape: [1, 2, 1], keyDepth: 1, valueDepth: 1 },
      { shape: [2, 11, 7], keyDepth: 13, valueDepth: 2 },
    ];
    for (const { shape, keyDepth, valueDepth } of sizes)
      for (const window of [
        { before: 30, after: 30 },
        { before: 1, after: 0 },
        { before: 0, after: 2 },
      ])
        // prettier-ignore
        for (const [query, key, value] of [[1, 1, 1], [0, 0, 0], [1, 0, 0], [0, 0, 1]]) // prettier-ignore
          for (const kind of ["Axial", "Local"] as const)
            tf.tidy(() => {
              const reach = kind === "Local" ? { before: window.before % 7, after: window.after % 7 } : window;
              const rows = kind === "Local" ? (reach.before + 1 + reach.after) ** 2 : 2 * shape[1] - 1;
              const table = (there: number, depth: number) => (there ? tf.ones([rows, depth]) : null);
              const tables = { query: table(query, keyDepth), key: table(key, keyDepth) };
              const geometry = { heads, keyDepth, valueDepth, window: reach };
              const [qkv, scales] = [tf.ones([...shape, heads * (2 * keyDepth + valueDepth)]), tf.ones([3, heads])];
              const told = `${kind} ${JSON.stringify({ shape, ...geometry, query, key, value })}`;
              const assertUsed = (kernel: string) => {
                const left = scratchLeft();
                assert.ok(left >= 0 && (left < 64 || !(query && key)), `${kernel} left ${left} bytes: ${told}`);
              };
              const withValue = { ...tables, value: table(value, valueDepth) };
              const outputs = runAttention(`${kind}Attention`, [qkv, scales], withValue, geometry);
              assertUsed("attention");
              const noValue = { ...tables, value: null };
              const [mean, variance] = runAttention(`${kind}SimilarityStatistics`, [qkv], noValue, geometry, {});
              assertUsed("statistics");
              const all = { query: query > 0, key: key > 0, value: value > 0 };
              const present = (given: typeof withValue | typeof noValue) => Object.values(given).filter((t) => t !== null);
              const run = (name: string, inputs: tf.Tensor[], has: typeof all) =>
                tf.engine().runKernel(`${kind}${name}`, inputs as unknown as tf.NamedTensorMap, { ...geometry, tables: has });
              run("AttentionGrad", [qkv, scales, ...present(withValue), ...outputs], all);
              assertUsed("attention's gradient");
              const inputs = [qkv, ...present(noValue), mean, mean, variance];
              run("SimilarityStatisticsGrad", inputs, { ...all, value: false });
              assertUsed("the statistics' gradient");
            });
    tf.tidy(() => {
      const qkv = tf.ones([2, 5, 7, heads * 11]);
      const attrs = { heads, keyDepth: 3, valueDepth: 5 };
      const [content, moments] = tf.engine().runKernel<tf.Tensor[]>("CrissCrossAttention", { qkv }, attrs);
      assert.ok(scratchLeft() < 64);
      tf.engine().runKernel("CrissCrossAttentionGrad", { qkv, content, moments, dContent: content }, attrs);
      assert.ok(scratchLeft() < 64);
    });
  });
});
