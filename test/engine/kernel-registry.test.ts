import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";
import { announceKernels, findKernel, hasKernel } from "../../src/engine/kernel-registry.js";
import { fusedAxialAttention, gradients } from "../../src/engine/ops/index.js";
import { wasmKernels } from "../../src/engine/wasm/kernels/index.js";

const source = path.join(__dirname, "../../../src/engine");

describe("the engine's door", () => {
  afterEach(() => engine.stop());

  it("knows the kernels of the current backend while that runs, and no other", async () => {
    assert.ok(!hasKernel("AxialAttention"));
    await engine.start({ backend: "wasm", threads: 2 });
    for (const { kernelName } of wasmKernels) assert.ok(hasKernel(kernelName), kernelName);
    assert.ok(!hasKernel("Floor"), "a kernel of TensorFlow.js is none of ours");
    await tf.setBackend("cpu");
    assert.ok(!hasKernel("AxialAttention"));
    await tf.setBackend("wasm");
    assert.ok(hasKernel("AxialAttention"));
    await engine.stop();
    assert.ok(!hasKernel("AxialAttention"));
  });

  it("opens to another backend by the kernels' names alone", async () => {
    await engine.start({ backend: "cpu" });
    const calls: unknown[] = [];
    const kernelName = "AxialAttention";
    tf.registerKernel({
      kernelName,
      backendName: "cpu",
      kernelFunc: ({ inputs, attrs, backend }) => {
        calls.push(attrs);
        const [qkv] = inputs as unknown as tf.TensorInfo[];
        const shape = [...qkv.shape.slice(0, 3), 2 * 5];
        const cpu = backend as { write: (values: Float32Array, shape: number[], dtype: string) => object };
        return [
          { dataId: cpu.write(new Float32Array(2 * 3 * 1 * 10).fill(7), shape, "float32"), shape, dtype: "float32" },
        ];
      },
    });
    const withdraw = announceKernels("cpu", [{ kernelName, multiplyAdds: () => 11 }]);
    try {
      tf.tidy(() => {
        const geometry = { heads: 2, keyDepth: 3, valueDepth: 5, window: { before: 1, after: 1 } };
        const qkv = tf.zeros<tf.Rank.R4>([2, 3, 1, 2 * 11]);
        const inputs = { qkv, scales: tf.ones<tf.Rank.R2>([3, 2]), relative: { query: null, key: null, value: null } };
        const outputs = fusedAxialAttention(inputs, geometry);
        assert.deepEqual(outputs?.content.shape, [2, 3, 1, 10]);
        assert.ok(outputs?.content.dataSync().every((value) => value === 7));
      });
      assert.equal(calls.length, 1);
      assert.equal(findKernel(kernelName)?.multiplyAdds({ inputs: {}, attrs: {}, outputs: [] }), 11);
    } finally {
      withdraw();
      tf.unregisterKernel(kernelName, "cpu");
    }
    assert.ok(!hasKernel(kernelName));
  });

  it("has a gradient's kernel behind each operation that needs one, under its name and Grad", () => {
    const names = new Set(wasmKernels.map(({ kernelName }) => kernelName));
    for (const name of names) if (/Grad/.test(name)) assert.match(name, /^[A-Z][A-Za-z0-9]*Grad$/, "one ending");
    // A gradient in the place of TensorFlow.js's is of an operation that is its own.
    for (const { kernelName } of gradients)
      assert.ok(names.has(kernelName) || (tf.getKernel(kernelName, "cpu") as unknown) !== undefined, kernelName);
  });

  it("hides every backend from the operations in front of it", () => {
    for (const file of readdirSync(path.join(source, "ops")))
      assert.doesNotMatch(readFileSync(path.join(source, "ops", file), "utf8"), /from "[^"]*wasm|wasmContext/, file);
  });
});
