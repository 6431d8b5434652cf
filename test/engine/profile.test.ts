import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";
import { fusedLinear, groupedConvolution } from "../../src/engine/ops/index.js";

const addKernel = () => tf.getKernel("Add", "wasm").kernelFunc;

describe("profileStep", () => {
  before(() => engine.start({ threads: 2 }));
  after(() => engine.stop());

  it("counts calls, time and multiply-adds of each kernel, and puts the kernels back", () => {
    const a = tf.ones<tf.Rank.R2>([7, 5]);
    const b = tf.ones<tf.Rank.R2>([5, 3]);
    const before = addKernel();
    const step = () => tf.tidy(() => void a.matMul(b).add(a.matMul(b)).relu());
    const profile = engine.profileStep(step);
    const calls = Object.fromEntries(profile.kernels.map(({ name, calls }) => [name, calls]));
    assert.deepEqual(calls, { BatchMatMul: 2, Add: 1, Relu: 1 });
    assert.equal(profile.kernels.find(({ name }) => name === "BatchMatMul")?.multiplyAdds, 2 * 7 * 5 * 3);
    assert.equal(profile.kernels.find(({ name }) => name === "Add")?.multiplyAdds, null);
    const bytes = Object.fromEntries(profile.kernels.map(({ name, bytes }) => [name, bytes]));
    const floats = { product: 7 * 5 + 5 * 3 + 7 * 3, add: 3 * 7 * 3, relu: 2 * 7 * 3 };
    assert.deepEqual(bytes, { BatchMatMul: 4 * 2 * floats.product, Add: 4 * floats.add, Relu: 4 * floats.relu });
    const sum = profile.kernels.reduce((total, { milliseconds }) => total + milliseconds, profile.outsideMilliseconds);
    assert.ok(Math.abs(sum - profile.milliseconds) < 1e-6 && profile.outsideMilliseconds >= 0);
    assert.deepEqual(
      profile.kernels.map(({ milliseconds }) => milliseconds),
      profile.kernels.map(({ milliseconds }) => milliseconds).sort((x, y) => y - x),
    );
    assert.equal(addKernel(), before);
  });

  it("counts the multiply-adds of a convolution, of both its gradients and of a projection alike", () => {
    const x = tf.ones<tf.Rank.R4>([2, 5, 7, 6]);
    const w = tf.ones<tf.Rank.R4>([3, 3, 3, 10]);
    const convolve = (x: tf.Tensor, w: tf.Tensor) =>
      groupedConvolution(x as tf.Tensor4D, w as tf.Tensor4D, { padding: 1, stride: 2 })!;
    const profile = engine.profileStep(() => {
      tf.dispose(tf.grads(convolve)([x, w]));
      fusedLinear(x, tf.ones([6, 11]))!.dispose();
    });
    const work = Object.fromEntries(profile.kernels.map(({ name, multiplyAdds }) => [name, multiplyAdds]));
    const [rows, columns] = [3, 4];
    const expected = 2 * rows * columns * 10 * 3 * 3 * 3;
    assert.equal(work["GroupedConv2D"], expected);
    assert.equal(work["GroupedConv2DBackpropInput"], expected);
    assert.equal(work["GroupedConv2DBackpropFilter"], expected);
    assert.equal(work["FusedLinear"], 2 * 5 * 7 * 6 * 11);
  });

  it("keeps shapes apart when asked to", () => {
    const profile = engine.profileStep(
      () =>
        tf.tidy(() => {
          tf.ones<tf.Rank.R2>([7, 5]).matMul(tf.ones([5, 3]));
          tf.ones<tf.Rank.R2>([2, 5]).matMul(tf.ones([5, 3]));
        }),
      { byShape: true },
    );
    const names = profile.kernels.map(({ name }) => name).filter((name) => name.startsWith("BatchMatMul"));
    assert.deepEqual(names.sort(), ["BatchMatMul [2, 5] [5, 3]", "BatchMatMul [7, 5] [5, 3]"]);
  });

  it("counts no bytes of what is only seen under another shape, and one input once", () => {
    const x = tf.ones<tf.Rank.R2>([7, 5]);
    const profile = engine.profileStep(() => tf.tidy(() => void x.reshape([5, 7]).mul(x.reshape([5, 7]))));
    const bytes = Object.fromEntries(profile.kernels.map(({ name, bytes }) => [name, bytes]));
    assert.deepEqual(bytes, { Multiply: 4 * 2 * 35, Reshape: 0 });
  });

  it("puts the kernels back when the step fails", () => {
    const fail = () => {
      throw new Error("failed");
    };
    const before = addKernel();
    assert.throws(() => engine.profileStep(fail), /failed/);
    assert.equal(addKernel(), before);
  });

  it("measures the peaks of the matrix product and of memory where our kernels run", async () => {
    const tensors = tf.memory().numTensors;
    assert.ok(engine.measureMatrixPeak({ rounds: 1 })! > 1e7);
    assert.ok(engine.measureMemoryPeak({ rounds: 1 })! > 1e7);
    assert.equal(tf.memory().numTensors, tensors);
    await tf.setBackend("cpu");
    assert.equal(engine.measureMatrixPeak(), null);
    assert.equal(engine.measureMemoryPeak(), null);
    await tf.setBackend("wasm");
  });
});
