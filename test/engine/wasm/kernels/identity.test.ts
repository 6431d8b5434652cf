import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../../src/engine/index.js";
import { wasmContext } from "../../../../src/engine/wasm/install.js";
import { pointerOf } from "../../../../src/engine/wasm/kernel.js";

describe("identity", () => {
  before(() => engine.start({ threads: 2 }));
  after(() => engine.stop());

  it("shares memory instead of copying it, and frees it with the last user", () => {
    const before = engine.memory().heap!.liveBytes;
    const x = tf.tensor1d([2, 3, 5]);
    const one = engine.memory().heap!.liveBytes;
    const copies = [x.clone(), tf.cast(x, "float32"), x.reshape([3, 1])];
    assert.equal(engine.memory().heap!.liveBytes, one);
    for (const copy of copies) assert.equal(pointerOf(wasmContext()!, copy), pointerOf(wasmContext()!, x));
    x.dispose();
    assert.deepEqual([...copies[0].dataSync()], [2, 3, 5]);
    assert.equal(engine.memory().heap!.liveBytes, one);
    tf.dispose(copies);
    assert.equal(engine.memory().heap!.liveBytes, before);
  });

  it("still converts between types, and clones strings", () => {
    assert.deepEqual([...tf.cast([1.5, -2.5], "int32").dataSync()], [1, -2]);
    assert.deepEqual([...tf.cast(tf.tensor1d([true, false], "bool"), "float32").dataSync()], [1, 0]);
    assert.deepEqual(tf.tensor1d(["a", "b"]).clone().dataSync<"string">(), ["a", "b"]);
  });
});
