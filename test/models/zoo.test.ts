import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { ConfigError } from "../../src/errors.js";
import { configuration, create, names } from "../../src/models/index.js";

const parameters = (model: tf.LayersModel) =>
  model.trainableWeights.reduce(
    (sum, { shape }) => sum + shape.reduce<number>((size, side) => size * (side ?? 1), 1),
    0,
  );

/** A small image batch and the loss gradient step that training takes. */
function trainingSteps(model: tf.LayersModel, steps: number): number[] {
  const images = tf.randomNormal([3, 19, 23, 3], 0, 1, "float32", 5);
  const labels = tf.oneHot([0, 1, 2], 3);
  const optimizer = tf.train.adam(1e-2);
  const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const { value, grads } = tf.variableGrads(
      () => tf.losses.softmaxCrossEntropy(labels, model.apply(images, { training: true }) as tf.Tensor),
      variables,
    );
    optimizer.applyGradients(Object.entries(grads).map(([name, tensor]) => ({ name, tensor })));
    losses.push(value.dataSync()[0]);
    tf.dispose([value, grads]);
  }
  tf.dispose([images, labels]);
  optimizer.dispose();
  return losses;
}

describe("models.create", () => {
  // Counts of the PyTorch originals, from the fixtures' model-facts.json (csrhddlam/axial-deeplab; torchvision).
  const counts: [name: string, classes: number, parameters: number][] = [
    ["axial-resnet-26-s", 1000, 5944936],
    ["axial-resnet-26-s", 10, 4930186],
    ["axial-resnet-50-s", 1000, 11586216],
    ["axial-resnet-50-m", 10, 23657770],
    ["axial-resnet-50-l", 1000, 43973480],
    ["resnet-50", 1000, 25557032],
  ];
  for (const [name, classes, expected] of counts)
    it(`gives ${name} with ${classes} classes the ${expected} parameters of the original`, () => {
      const model = create(name, { classes });
      assert.equal(parameters(model), expected);
      model.dispose();
    });

  it("refuses an unknown name and lists the known ones", () => {
    assert.throws(
      () => create("axial-resnet-27-s", { classes: 10 }),
      new RegExp(`got axial-resnet-27-s.*${names()[0]}`),
    );
  });

  it("refuses a size or a class count that is not a positive integer", () => {
    assert.throws(() => create("resnet-26", { classes: 0 }), ConfigError);
    assert.throws(() => create("resnet-26", { classes: 10, size: 33.5 }), /size must be a positive integer, got 33.5/);
  });

  it("repeats its initial weights from a seed", () => {
    const weights = () => {
      const model = create("resnet-26", { classes: 3, seed: 11 });
      const data = model.getWeights().map((weight) => Array.from(weight.dataSync().slice(0, 5)));
      model.dispose();
      return data;
    };
    assert.deepEqual(weights(), weights());
  });
});

describe("a small Axial-ResNet", () => {
  const small = configuration("axial-resnet-26-s");
  const config = {
    ...small,
    name: "axial-resnet-tiny",
    stem: { ...small.stem, filters: 8 },
    stages: small.stages.slice(0, 2).map((stage) => ({ ...stage, blocks: 1, width: 16, filters: 24 })),
  };

  it("takes images of any size", () => {
    const model = create(config, { classes: 7, size: 32 });
    tf.tidy(() => {
      for (const [height, width] of [
        [32, 32],
        [29, 53],
        [64, 7],
      ])
        // prettier-ignore
        assert.deepEqual((model.predict(tf.zeros([1, height, width, 3])) as tf.Tensor).shape, [1, 7]);
    });
    model.dispose();
  });

  it("learns one batch by heart, and leaves no tensor behind", () => {
    const before = tf.memory().numTensors;
    const model = create(config, { classes: 3, size: 32, seed: 3 });
    const losses = trainingSteps(model, 12);
    assert.ok(losses[11] < losses[0] / 5, `loss went ${losses[0]} to ${losses[11]}`);
    model.dispose();
    assert.equal(tf.memory().numTensors, before);
  });
});
