import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../src/engine/index.js";
import { wasmContext } from "../../../src/engine/wasm/install.js";

describe("the kernel pool", () => {
  before(() => engine.start({ threads: 3 }));
  after(() => engine.stop());

  it("runs every share of a kernel once, whichever thread does it", () => {
    for (const count of [1, 15, 16, 17, 101, 100_003]) {
      const values = Float32Array.from({ length: count }, (_, index) => (index % 2 === 0 ? index : -index));
      const { pool, backend } = wasmContext()!;
      const x = tf.tensor1d(values);
      const y = tf.fill([count], -7);
      const address = (tensor: tf.Tensor): number => backend.dataIdMap.get(tensor.dataId).memoryOffset;
      pool.run("elementwiseUnary", { operation: 0, x: address(x), y: address(y), count, parameter: 0, second: 0 });
      assert.deepEqual(
        y.dataSync(),
        values.map((value) => Math.max(value, 0)),
      );
      tf.dispose([x, y]);
    }
  });

  it("gives aligned scratch that grows and stays where it is while it is large enough", () => {
    const { pool } = wasmContext()!;
    const first = pool.scratch(1000);
    assert.equal(first % 64, 0);
    assert.equal(pool.scratch(500), first);
    assert.equal(pool.scratch(100_000) % 64, 0);
  });

  it("names a kernel that does not exist or that fails", () => {
    const { pool } = wasmContext()!;
    const none = { table: 0, rows: 0, share: 0 };
    const nothing = { operation: 0, x: 0, y: 0, count: 0, parameter: 0, second: 0 };
    assert.throws(() => pool.run("unknown" as "moveTowards", none), /internal: no kernel is named unknown/);
    assert.throws(
      () => pool.run("elementwiseUnary", { ...nothing, x: 2 ** 32 - 64, y: 2 ** 32 - 64, count: 48 }),
      /internal: kernel elementwiseUnary failed in share \d of 3/,
    );
    pool.run("elementwiseUnary", nothing);
  });

  it("is not offered on other backends", async () => {
    await tf.setBackend("cpu");
    assert.equal(wasmContext(), null);
    await tf.setBackend("wasm");
    assert.notEqual(wasmContext(), null);
  });
});
