import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";
import { ccnetConfig, create, summarize, type ResNetConfig } from "../../src/models/index.js";
import { families } from "../../src/weights/index.js";
import { assertClose } from "../helpers/compare.js";
import { shrunk } from "./shrunk.js";

/** The same wiring with all four stages, one narrow block each. */
function small(head: Parameters<typeof ccnetConfig>[1] = {}): ResNetConfig {
  const config = ccnetConfig(50, { filters: 12, ...head });
  const stages = config.stages.map((stage) => ({ ...stage, blocks: 1, width: 4, filters: 16 }));
  return { ...shrunk(config), stages, head: { ...config.head!, kind: "crissCross" } };
}

describe("CCNet", () => {
  before(async () => void (await engine.start()));
  after(() => engine.stop());

  it("tells the class of every place of a map that is an eighth of the image", () => {
    const model = create(small(), { classes: 5, size: 32 });
    for (const [height, width] of [
      [64, 41],
      [63, 62],
      [9, 97],
    ]) {
      const side = (pixels: number) => Math.floor((pixels + 1) / 8) + 1;
      const logits = tf.tidy(() => model.predict(tf.zeros([2, height, width, 3])) as tf.Tensor);
      assert.deepEqual(logits.shape, [2, side(height), side(width), 5]);
      logits.dispose();
    }
    // The counts know the same map: 769 pixels are 97 places there.
    const { layers } = summarize(ccnetConfig(101), { classes: 19, size: 769 });
    assert.deepEqual(layers.at(-1)!.output, [97, 97, 19]);
    model.dispose();
  });

  it("has the original's parameters", () => {
    // Counted in PyTorch from networks/ccnet.py with 19 and 5 classes, without the auxiliary output.
    assert.equal(summarize(ccnetConfig(101), { classes: 19 }).parameters, 66558036);
    assert.equal(summarize(ccnetConfig(50, { recurrence: 3 }), { classes: 5 }).parameters, 47558726);
  });

  it("has the head of the paper: convolution, R loops of attention, convolution, beside what came in", () =>
    tf.tidy(() => {
      const model = create(small({ recurrence: 3 }), { classes: 5, size: 32, seed: 4 });
      model
        .getLayer("head.attention")
        .setWeights([...model.getLayer("head.attention").getWeights().slice(0, 2), tf.tensor1d([0.7])]);
      const x = tf.randomNormal([2, 33, 40, 3], 0, 1, "float32", 5);
      const features = model.getLayer("stage4.block1.expand_norm").output as tf.SymbolicTensor;
      const [given, logits] = tf
        .model({ inputs: model.inputs, outputs: [features, model.outputs[0]] })
        .predict(x) as tf.Tensor[];
      const apply = (name: string, input: tf.Tensor) => model.getLayer(name).apply(input) as tf.Tensor;
      const activated = (name: string, input: tf.Tensor) =>
        tf.leakyRelu(apply(`${name}_norm`, apply(name, input)), 0.01);
      const refined = activated("head.refine", apply("head.attention", activated("head.reduce", given)));
      const fused = activated("head.fuse", tf.concat([given, refined], 3));
      assertClose(apply("head.classes", fused), logits);
      const kernels = ["reduce", "refine", "fuse", "classes"].map(
        (name) => model.getLayer(`head.${name}`).getWeights()[0].shape,
      );
      assert.deepEqual(kernels, [[3, 3, 16, 4], [3, 3, 4, 4], [3, 3, 20, 12], [1, 1, 12, 5]]); // prettier-ignore
      model.dispose();
    }));

  it("sees the whole image from every place, its dilated stages a wide part of it", () => {
    const { stages } = ccnetConfig(101);
    const dilations = stages.map(({ operator }) => (operator.kind === "convolution" ? (operator.dilation ?? 1) : null));
    assert.deepEqual([dilations, stages.map(({ stride }) => stride)], [[1, 1, 2, 4], [1, 2, 1, 1]]); // prettier-ignore
  });

  it("learns the classes of every place by heart", () => {
    const model = create(small({ dropout: 0 }), { classes: 3, size: 32, seed: 2 });
    const images = tf.randomNormal([1, 32, 32, 3], 0, 1, "float32", 3);
    const labels = tf.tidy(() => tf.oneHot(tf.randomUniform([25], 0, 3, "int32", 4), 3));
    const optimizer = tf.train.adam(1e-2);
    const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
    const losses = Array.from({ length: 60 }, () => {
      const loss = optimizer.minimize(
        () =>
          tf.losses.softmaxCrossEntropy(
            labels,
            (model.apply(images, { training: true }) as tf.Tensor).reshape([25, 3]),
          ),
        true,
        variables,
      )!;
      return tf.tidy(() => loss.dataSync()[0]);
    });
    assert.ok(losses[59] < 0.05, `loss went ${losses[0]} to ${losses[59]}`);
    tf.dispose([images, labels]);
    model.dispose();
  });

  it("gives the auxiliary classes of the last stage but one where asked", () => {
    const model = create(small({ auxiliary: true }), { classes: 5, size: 32 });
    const outputs = tf.tidy(() => (model.predict(tf.zeros([1, 32, 32, 3])) as tf.Tensor[]).map(({ shape }) => shape));
    assert.deepEqual(outputs, [[1, 5, 5, 5], [1, 5, 5, 5]]); // prettier-ignore
    assert.deepEqual(model.getLayer("auxiliary.reduce").input, model.getLayer("stage3.block1.expand_norm").output);
    assert.deepEqual(families(model), ["ccnet", "axial-lab"]);
    model.dispose();
  });

  it("is saved and loaded, weights and all", async () => {
    const model = create(small(), { classes: 5, size: 32, seed: 6 });
    const image = tf.randomNormal([1, 24, 31, 3], 0, 1, "float32", 7);
    let saved: tf.io.ModelArtifacts | null = null;
    await model.save({
      save: (artifacts) => {
        saved = artifacts;
        return Promise.resolve({ modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) });
      },
    });
    const loaded = await tf.loadLayersModel({ load: () => Promise.resolve(saved!) });
    tf.tidy(() => assertClose(loaded.predict(image) as tf.Tensor, model.predict(image) as tf.Tensor, 0));
    for (const one of [model, loaded]) one.dispose();
    image.dispose();
  });

  it("refuses a head that cannot be built", () => {
    assert.throws(
      () => create(small({ filters: 0 }), { classes: 5 }),
      /head.filters must be a positive integer, got 0/,
    );
    const one = small({ auxiliary: true });
    assert.throws(
      () => create({ ...one, stages: one.stages.slice(0, 1) }, { classes: 5 }),
      /head.auxiliary needs a stage before the last, got 1 stages; leave it out/,
    );
  });
});
