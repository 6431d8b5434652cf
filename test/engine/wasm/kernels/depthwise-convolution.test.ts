import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../../src/engine/index.js";
import { assertEqualsCpu, tensor } from "../../../helpers/compare.js";

describe("gradients of depthwise convolutions", () => {
  before(() => engine.start({ threads: 3 }));
  after(() => engine.stop());

  for (const [stride, pad] of [
    [1, "same"],
    [2, "same"],
    [1, "valid"],
    [3, 1],
  ] as [number, "same" | "valid" | number][])
    // prettier-ignore
    for (const multiplier of [1, 3])
      it(`with stride ${stride}, padding ${pad} and ${multiplier} filters a channel are those of JavaScript`, async () => {
        const [x, filter] = [tensor<tf.Rank.R4>([2, 7, 5, 3], 1), tensor<tf.Rank.R4>([3, 2, 3, multiplier], 2)];
        const gradients = () =>
          tf.grads((x, filter) => tf.depthwiseConv2d(x as tf.Tensor4D, filter as tf.Tensor4D, stride, pad).square())([x, filter]); // prettier-ignore
        await assertEqualsCpu(gradients, 5e-6);
        tf.dispose([x, filter]);
      });

  it("of a separable one too", async () => {
    const inputs = [tensor([1, 5, 7, 3], 1), tensor([3, 3, 3, 2], 2), tensor([1, 1, 6, 5], 3)];
    const separable = (...[x, depthwise, pointwise]: tf.Tensor[]) =>
      tf.separableConv2d(x as tf.Tensor4D, depthwise as tf.Tensor4D, pointwise as tf.Tensor4D, 1, "same").square();
    await assertEqualsCpu(() => tf.grads(separable)(inputs), 5e-6);
    tf.dispose(inputs);
  });

  it("train a tf.layers model of such layers, and of those with channels first", async () => {
    const model = tf.sequential({
      layers: [
        tf.layers.separableConv2d({ filters: 5, kernelSize: 3, inputShape: [7, 7, 2], activation: "relu6" }),
        tf.layers.depthwiseConv2d({ kernelSize: 2 }),
        tf.layers.permute({ dims: [3, 1, 2] }),
        tf.layers.conv2d({ filters: 3, kernelSize: 2, dataFormat: "channelsFirst" }),
        tf.layers.flatten(),
        tf.layers.dense({ units: 1 }),
      ],
    });
    model.compile({ optimizer: tf.train.sgd(0.01), loss: "meanSquaredError" });
    const [x, y] = [tensor([11, 7, 7, 2], 1), tensor([11, 1], 2)];
    const { history } = await model.fit(x, y, { epochs: 5, shuffle: false, verbose: 0 });
    const losses = history["loss"] as number[];
    if (!(losses[4] < losses[0])) throw new Error(`the loss must fall, got ${losses.join(", ")}`);
    tf.dispose([x, y]);
    model.dispose();
  });
});
