import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { ConfigError, UnsupportedError } from "../../src/core/errors.js";
import * as engine from "../../src/engine/index.js";
import { loadNative } from "../../src/engine/native/binding.js";
import { wasmContext } from "../../src/engine/wasm/install.js";
import { signatures, type KernelArguments } from "../../src/engine/wasm/signatures.js";

const absent = engine.findLibrary() === null ? "the native kernels are not built (axial-lab engine build)" : false;
const memory = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });

describe("the native library", () => {
  const folder = mkdtempSync(join(tmpdir(), "axial-native-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("that is not there, or is none, is an error with the loader's own reason in one line", async () => {
    const text = join(folder, "text.so");
    writeFileSync(text, "no library");
    for (const file of [join(folder, "missing.so"), text])
      await assert.rejects(
        loadNative(file, memory),
        (error) =>
          error instanceof UnsupportedError && /^native kernels: [^\n]*(missing|text)\.so[^\n]*$/.test(error.message),
      );
  });
});

describe("native kernels", { skip: absent }, () => {
  after(() => engine.stop());

  it("are what runs by themselves, and by name", async () => {
    for (const choice of ["auto", "native"] as const) {
      const report = await engine.start({ engine: choice, threads: 3 });
      assert.deepEqual([report.backend, report.engine, report.kernels], ["wasm", "native", true]);
      assert.match(report.reason, /^native kernels with .+ on 3 threads, WebAssembly with/);
      assert.deepEqual([...tf.matMul(tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [5]])).dataSync()], [13]);
    }
  });

  it("go on where they were when the memory has grown", async () => {
    await engine.start({ engine: "native", threads: 2 });
    const product = (): Float32Array => {
      const a = tf.tensor2d(
        Float32Array.from({ length: 503 * 509 }, (_, index) => (index % 7) - 3),
        [503, 509],
      );
      const c = tf.matMul(a, a, true);
      const values = c.dataSync<"float32">();
      tf.dispose([a, c]);
      return values;
    };
    const before = product();
    const size = engine.memory().heap!.heapBytes;
    const large = tf.zeros([4099, 4099]);
    assert.ok(engine.memory().heap!.heapBytes > size);
    const c = tf.matMul(large, tf.ones([4099, 3]));
    assert.ok(c.dataSync().every((value) => value === 0));
    assert.deepEqual(product(), before);
  });

  it("say what is wrong with a geometry, and go on", async () => {
    await engine.start({ engine: "native", threads: 2 });
    const { pool } = wasmContext()!;
    const values = [2 ** 32 - 64, 0, 0, 1, 512, 512, 512, 1, 1, 1, 1];
    const args = Object.fromEntries(
      Object.keys(signatures.matrixProduct).map((name, slot) => [name, values[slot] ?? 0]),
    ) as KernelArguments<"matrixProduct">;
    assert.throws(
      () => pool.run("matrixProduct", args),
      /^Error: internal: kernel matrixProduct failed in share \d of 2: heap: a kernel must stay within \d+ bytes, got 262144/,
    );
    assert.deepEqual([...tf.matMul(tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [5]])).dataSync()], [13]);
  });

  it("cannot be asked for on a backend that has none, or by another name", () => {
    assert.throws(() => void engine.start({ engine: "rust" as "native" }), ConfigError);
    assert.throws(
      () => void engine.start({ engine: "native", backend: "cpu" }),
      /^ConfigError: engine.start: engine native must run on backend wasm, got cpu; leave one of them out$/,
    );
  });
});
