import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../src/engine/index.js";
import { wasmContext } from "../../../src/engine/wasm/install.js";

/** 1 MiB of numbers, of which TensorFlow.js's module believes that `outside` bytes lie past the end of the memory. */
function placedWrongly(outside: number): tf.Tensor {
  const count = 2 ** 18;
  const x = tf.ones([count]);
  const { backend, pool } = wasmContext()!;
  const { id } = backend.dataIdMap.get(x.dataId);
  const module = backend.wasm.tfjs;
  module.disposeData(id);
  module.registerTensor(id, count, pool.memory.buffer.byteLength - count * 4 + outside);
  return x;
}

describe("a trap in a kernel of TensorFlow.js's", () => {
  beforeEach(() => engine.start({ threads: 3, heapMebibytes: 64 }));
  afterEach(() => engine.stop());

  // Each thread has a part of the numbers, the calling one the first.
  for (const [where, outside] of [
    ["another thread", 2 ** 17],
    ["every thread", 2 ** 20 + 64],
  ] as const)
    // prettier-ignore
    it(`in ${where} is an error, as are later calls, and a new engine runs`, async () => {
      const x = placedWrongly(outside);
      assert.throws(() => tf.sigmoid(x).dataSync(), /^Error: internal: TensorFlow\.js's kernel Sigmoid failed: .*begin anew$/);
      assert.throws(() => tf.elu(tf.ones([2 ** 18])).dataSync(), /kernel Elu failed: a trap in one of its threads/);
      // Ours have threads of their own.
      assert.deepEqual([...tf.tensor1d([-1, 2]).relu().dataSync()], [0, 2]);
      await engine.stop();
      await engine.start({ threads: 3, heapMebibytes: 64 });
      assert.equal(tf.sigmoid(tf.zeros([2 ** 18])).mean().dataSync()[0], 0.5); // prettier-ignore
    });
});
