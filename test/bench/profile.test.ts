import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { leastMilliseconds, profileCase, profileTable } from "../../src/bench/profile.js";
import * as engine from "../../src/engine/index.js";
import { fusedAxialAttention } from "../../src/engine/ops/axial-attention.js";

describe("the profile of a case", () => {
  before(() => engine.start({ threads: 2 }));
  after(() => engine.stop());

  it("keeps the fastest round and is disposed of", () => {
    const log: string[] = [];
    const prepare = () => ({
      run: () => {
        log.push("run");
        tf.tidy(() => void tf.ones<tf.Rank.R2>([7, 5]).matMul(tf.ones([5, 3])));
      },
      dispose: () => void log.push("dispose"),
    });
    const profile = profileCase(
      { name: "product", title: "a product", targets: { wasm: {}, native: {} }, prepare },
      "evaluation",
      2,
    );
    assert.deepEqual(log, ["run", "run", "run", "dispose"]);
    const product = profile.kernels.find(({ name }) => name === "BatchMatMul");
    assert.deepEqual([product?.calls, product?.multiplyAdds], [1, 7 * 5 * 3]);
    assert.ok(profile.peak! > 0 && profile.memoryPeak! > 0);
  });

  it("becomes a table, small kernels summed up", () => {
    const profile = {
      ...{
        case: "net",
        title: "a net",
        mode: "training" as const,
        peak: 20e9,
        memoryPeak: 10e9,
        milliseconds: 100,
        outsideMilliseconds: 9.5,
      },
      kernels: [
        { name: "BatchMatMul", calls: 3, milliseconds: 60, multiplyAdds: 0.6e9, bytes: 0.12e9 },
        { name: "Sum", calls: 2, milliseconds: 30, multiplyAdds: null, bytes: 0.15e9 },
        { name: "Add", calls: 4, milliseconds: 0.3, multiplyAdds: null, bytes: 2e6 },
        { name: "Cast", calls: 5, milliseconds: 0.2, multiplyAdds: null, bytes: 1e6 },
      ],
    };
    assert.deepEqual(profileTable(profile).split("\n"), [
      "a net, training: 100.0 ms; peaks: the matrix product 40.0 GFLOP/s, memory 10.0 GB/s",
      "",
      "| kernel | calls | ms | share | GFLOP/s | GB/s | at least, ms |",
      "| --- | --: | --: | --: | --: | --: | --: |",
      "| BatchMatMul | 3 | 60.0 | 60 % | 20.0 | 2.0 | 30.0 |",
      "| Sum | 2 | 30.0 | 30 % |  | 5.0 | 15.0 |",
      "| 2 others | 9 | 0.5 | 0.5 % |  | 6.0 | 0.3 |",
      "| outside of kernels |  | 9.5 | 9.5 % |  |  |  |",
      "| sum |  | 100.0 |  |  |  | 45.3 |",
    ]);
  });

  it("takes the longer of arithmetic and memory for the least time, and none where the peaks are not known", () => {
    const peaks = { peak: 7e9, memoryPeak: 5e9 };
    assert.equal(leastMilliseconds({ multiplyAdds: 7e6, bytes: 4e6 }, peaks), 1);
    assert.equal(leastMilliseconds({ multiplyAdds: 7e6, bytes: 10e6 }, peaks), 2);
    assert.equal(leastMilliseconds({ multiplyAdds: null, bytes: 15e6 }, peaks), 3);
    assert.equal(leastMilliseconds({ multiplyAdds: 7e6, bytes: 4e6 }, { peak: null, memoryPeak: null }), null);
  });

  it("counts the pairs that a query sees, not those beyond the ends of the axis", () => {
    const [heads, keyDepth, valueDepth, outer, length, inner] = [3, 5, 7, 2, 11, 1];
    const qkv = tf.ones<tf.Rank.R4>([outer, length, inner, heads * (2 * keyDepth + valueDepth)]);
    const table = (depth: number) => tf.ones<tf.Rank.R2>([2 * length - 1, depth]);
    const relative = { query: table(keyDepth), key: null, value: table(valueDepth) };
    for (const window of [
      { before: length, after: length },
      { before: 2, after: 0 },
    ]) {
      const attend = (qkv: tf.Tensor) => {
        const inputs = { qkv: qkv as tf.Tensor4D, relative, scales: tf.ones<tf.Rank.R2>([3, heads]) };
        return fusedAxialAttention(inputs, { heads, keyDepth, valueDepth, window })!.content;
      };
      const { kernels } = engine.profileStep(() => tf.dispose(tf.grad(attend)(qkv)));
      const work = (name: string) => kernels.find((kernel) => kernel.name === name)?.multiplyAdds;
      let pairs = 0;
      for (let i = 0; i < length; i++)
        for (let j = 0; j < length; j++) if (i - j <= window.before && j - i <= window.after) pairs++;
      pairs *= heads * outer * inner;
      // Content and query terms; content and position retrieved.
      assert.equal(work("AxialAttention"), pairs * (2 * keyDepth + 2 * valueDepth));
      assert.equal(work("AxialAttentionGrad"), pairs * (3 * 2 * keyDepth + 2 * 2 * valueDepth));
    }
  });
});
