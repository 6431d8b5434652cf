import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";
import { AxialAttention, LocalAttention } from "../../src/layers/index.js";
import { generated } from "../../src/data/index.js";
import { train } from "../../src/training/index.js";

/** TensorFlow.js's JavaScript backend under another name: what runs there is right, but nobody has verified it. */
async function setBackend(name: string): Promise<void> {
  const own = tf.findBackend("cpu").constructor as new () => tf.KernelBackend;
  if (tf.findBackendFactory(name) === null) {
    tf.registerBackend(name, () => new own(), 1);
    tf.copyRegisteredKernels("cpu", name);
  }
  await tf.setBackend(name);
}

describe("layers on a backend that the tests do not hold to loops", () => {
  const said: string[] = [];
  const { warn } = console;
  before(() => {
    console.warn = (...parts: unknown[]) => {
      // Beside them a new backend of TensorFlow.js advertises another.
      if (String(parts[0]).startsWith("axial-lab")) said.push(parts.join(" "));
    };
  });
  after(() => {
    console.warn = warn;
  });
  beforeEach(() => void said.splice(0));
  const layer = () => new AxialAttention({ axis: "height", filters: 8, heads: 2, name: "looking" });
  const apply = () => tf.tidy(() => (layer().apply(tf.ones([1, 3, 5, 4])) as tf.Tensor).dataSync());

  it("say so once, with what to do", async () => {
    await setBackend("unheard-of");
    apply();
    apply();
    assert.deepEqual(said, [
      "axial-lab: AxialAttention looking computes on the backend unheard-of, on which layers and gradients are not verified " +
        "(they are on wasm, cpu, tensorflow); await axial.engine.start() chooses one of those",
    ]);
  });

  it("and so does training", async () => {
    await setBackend("unheard-of-too");
    const data = generated({ classes: 2, trainCount: 2, validationCount: 2 });
    const stages = [{ blocks: 1, stride: 1, width: 4, filters: 8, operator: { kind: "axial", heads: 2 } }] as const;
    const model = { name: "tiny", norm: "torch", stem: { kind: "convolution", filters: 4 }, stages } as const;
    await train({ model, data, epochs: 1, size: 32, batchSize: 2 });
    await data.close();
    assert.match(said.join("\n"), /^axial-lab: train computes on the backend unheard-of-too, on which/);
    assert.equal(said.length, 1);
  });

  it("say once that plain JavaScript is slow, and not where it was chosen", async () => {
    await engine.start({ backend: "cpu" });
    apply();
    assert.deepEqual(said, []);
    await engine.stop();
    await setBackend("unheard-of");
    apply();
    await tf.setBackend("cpu");
    apply();
    apply();
    assert.deepEqual(said, [
      "axial-lab: AxialAttention looking computes in plain JavaScript, many times slower than the engine; await axial.engine.start() first",
    ]);
  });

  it("on webgpu have no gradients and no windows, and training is refused before it begins", async () => {
    await setBackend("webgpu");
    apply();
    const refused = { name: "UnsupportedError", message: /got webgpu, whose shaders do not compile/ };
    assert.throws(() => tf.grad((x) => (layer().apply(x) as tf.Tensor).sum())(tf.ones([1, 3, 5, 4])), refused);
    assert.throws(
      () =>
        tf.tidy(
          () => new LocalAttention({ filters: 8, heads: 2, window: 3 }).apply(tf.ones([1, 3, 5, 4])) as tf.Tensor,
        ),
      refused,
    );
    const data = generated({ classes: 2, trainCount: 2, validationCount: 2 });
    await assert.rejects(train({ model: "resnet-26", data, epochs: 1, size: 32 }), refused);
    await data.close();
    await tf.setBackend("cpu");
  });
});
