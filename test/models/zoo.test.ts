import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";
import { ConfigError } from "../../src/core/errors.js";
import {
  axialDeepLabConfig,
  axialResNetConfig,
  ccnetConfig,
  configuration,
  create,
  fullAxialResNetConfig,
  names,
  panopticDeepLabConfig,
  resNetConfig,
  type ModelOptions,
  type ResNetConfig,
} from "../../src/models/index.js";
import { shrunk, wirings } from "./shrunk.js";

/** The loss after each of some training steps on one batch. */
function trainingSteps(model: tf.LayersModel, steps: number, side = 16): number[] {
  const images = tf.randomNormal([3, side, side + 4, 3], 0, 1, "float32", 5);
  const labels = tf.oneHot([0, 1, 2], 3);
  const optimizer = tf.train.adam(1e-2);
  const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const { value, grads } = tf.variableGrads(() => {
      const outputs = model.apply(images, { training: true }) as tf.Tensor | tf.Tensor[];
      const logits = Array.isArray(outputs) ? outputs[0] : outputs; // [3, 3] or [3, h, w, 3]
      const [places, classes] = [logits.size / 9, logits.shape[logits.rank - 1]];
      const everywhere = labels.expandDims(1).tile([1, places, 1]).reshape([-1, classes]);
      return tf.losses.softmaxCrossEntropy(everywhere, logits.reshape([-1, classes]));
    }, variables);
    optimizer.applyGradients(Object.entries(grads).map(([name, tensor]) => ({ name, tensor })));
    losses.push(value.dataSync()[0]);
    tf.dispose([value, grads]);
  }
  tf.dispose([images, labels]);
  optimizer.dispose();
  return losses;
}

describe("models.create", () => {
  before(async () => void (await engine.start()));
  after(() => engine.stop());

  it("refuses an unknown name and lists the known ones", () => {
    assert.throws(
      () => create("axial-resnet-27-s", { classes: 10 }),
      new RegExp(`got axial-resnet-27-s.*${names()[0]}`),
    );
    assert.throws(
      () => resNetConfig("resnet-51" as "resnet-50"),
      /no such network, got resnet-51; use one of resnet-18/,
    );
  });

  it("refuses depths and widths of which there is no network", () => {
    const depth = 27 as never;
    const refused: [make: () => unknown, message: string][] = [
      [() => axialResNetConfig(depth, "s"), "axialResNetConfig: depth must be one of 26, 50, got 27; choose one"],
      [
        () => axialResNetConfig(26, "ml" as never),
        "axialResNetConfig: width must be one of s, m, l, xl, got ml; did you mean m?",
      ],
      [
        () => fullAxialResNetConfig(depth, "s"),
        "fullAxialResNetConfig: depth must be one of 26, 50, got 27; choose one",
      ],
      [
        () => axialDeepLabConfig("toString" as never),
        "axialDeepLabConfig: width must be one of s, m, l, xl, got toString; did you mean s?",
      ],
      [() => panopticDeepLabConfig(depth), "panopticDeepLabConfig: depth must be one of 50, 101, got 27; choose one"],
      [() => ccnetConfig(depth), "ccnetConfig: depth must be one of 50, 101, got 27; choose one"],
    ];
    for (const [make, message] of refused) assert.throws(make, { name: "ConfigError", message });
  });

  it("refuses sizes, classes and channels that are not positive integers", () => {
    const refuses = (config: ResNetConfig, options: ModelOptions, message: RegExp) =>
      assert.throws(
        () => create(config, options),
        (error) => error instanceof ConfigError && message.test(error.message),
      );
    const config = configuration("resnet-26");
    refuses(config, { classes: 0 }, /classes must be a positive integer, got 0/);
    refuses(config, { classes: 10, size: 33.5 }, /size must be a positive integer, got 33.5/);
    const stages = [{ ...config.stages[0], width: -1 }];
    refuses({ ...config, stages }, { classes: 10 }, /stages\[0\].width must be a positive integer, got -1/);
  });

  it("repeats its initial weights from a seed", () => {
    const weights = () => {
      const model = create("axial-resnet-26-s", { classes: 3, seed: 11, size: 32 });
      const data = model.getWeights().map((weight) => Array.from(weight.dataSync().slice(0, 5)));
      model.dispose();
      return data;
    };
    assert.deepEqual(weights(), weights());
  });

  it("refuses a skip from a stage that there is not", () => {
    const config = shrunk(configuration("axial-deeplab-s"));
    assert.throws(
      () =>
        create(
          { ...config, stages: config.stages.slice(1), head: configuration("axial-deeplab-s").head },
          { classes: 3 },
        ),
      /head\.semantic\.skips\[0\]\.stage must be from 1 to 1, got 2; name one that there is/,
    );
  });

  it("takes images of any size with one set of weights", () => {
    const model = create(shrunk(configuration("axial-resnet-26-s")), { classes: 7, size: 32 });
    for (const [height, width] of [
      [32, 32],
      [29, 53],
      [64, 7],
    ])
      // prettier-ignore
      tf.tidy(() =>
        assert.deepEqual((model.predict(tf.zeros([1, height, width, 3])) as tf.Tensor).shape, [1, 7]),
      );
    model.dispose();
  });

  for (const config of wirings())
    it(`builds ${config.name}, small, which learns one batch by heart and leaves no tensor behind`, () => {
      const tensors = tf.memory().numTensors;
      const model = create(config, { classes: 3, size: 16, seed: 3 });
      // A panoptic head starts near zero and leaves channels out.
      const steps = config.head?.kind === "panoptic" ? 28 : 10;
      const losses = trainingSteps(model, steps);
      assert.ok(losses[steps - 1] < losses[0] / 3, `loss went ${losses[0]} to ${losses[steps - 1]}`);
      model.dispose();
      assert.equal(tf.memory().numTensors, tensors);
    });
});
