import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../../src/engine/index.js";
import { assertClose, assertEqualsCpu, tensor } from "../../../helpers/compare.js";

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

  it("with channels first are those of the same images with channels last, turned", () => {
    tf.tidy(() => {
      const [x, filter] = [tensor<tf.Rank.R4>([2, 3, 7, 5], 1), tensor<tf.Rank.R4>([3, 2, 3, 2], 2)];
      // prettier-ignore
      const sides: [number, number][] = [[1, 2], [0, 3]];
      for (const pad of ["same", "valid", sides] as const) {
        const [first, last] = [
          typeof pad === "string" ? pad : ([[0, 0], [0, 0], ...pad] as tf.backend_util.ExplicitPadding),
          typeof pad === "string" ? pad : ([[0, 0], ...pad, [0, 0]] as tf.backend_util.ExplicitPadding),
        ];
        const inPlace = (x: tf.Tensor, filter: tf.Tensor): tf.Tensor =>
          tf.depthwiseConv2d(x as tf.Tensor4D, filter as tf.Tensor4D, [2, 1], first, "NCHW");
        const turned = (x: tf.Tensor, filter: tf.Tensor): tf.Tensor =>
          tf
            .depthwiseConv2d(x.transpose<tf.Tensor4D>([0, 2, 3, 1]), filter as tf.Tensor4D, [2, 1], last)
            .transpose([0, 3, 1, 2]);
        const gradients = (run: typeof turned) => tf.grads((x, filter) => run(x, filter).square())([x, filter]);
        const [actual, expected] = [inPlace, turned].map((run) => [run(x, filter), ...gradients(run)]);
        actual.forEach((result, index) => {
          assert.deepEqual(result.shape, expected[index].shape);
          assertClose(result.dataSync(), expected[index].dataSync(), 1e-6, `${JSON.stringify(pad)} ${index}`);
        });
      }
    });
  });

  it("dilated are those of the filter with zeros between, which TensorFlow.js refuses", () => {
    tf.tidy(() => {
      const [x, filter] = [tensor<tf.Rank.R4>([1, 7, 5, 3], 1), tensor<tf.Rank.R4>([2, 3, 3, 2], 2)];
      const dilated = (x: tf.Tensor, filter: tf.Tensor) =>
        tf.depthwiseConv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, "valid", "NHWC", [2, 1]);
      const stuffed = (x: tf.Tensor, filter: tf.Tensor) => {
        const rows = tf.concat([filter.slice([0], [1]), tf.zeros([1, 3, 3, 2]), filter.slice([1], [1])]);
        return tf.depthwiseConv2d(x as tf.Tensor4D, rows as tf.Tensor4D, 1, "valid");
      };
      const [actual, expected] = [dilated, stuffed].map((run) => tf.grads((x, f) => run(x, f).square())([x, filter]));
      actual.forEach((result, i) => assertClose(result.dataSync(), expected[i].dataSync(), 1e-6));
    });
  });

  it("can be differentiated again", () => {
    tf.tidy(() => {
      const [x, filter] = [tensor<tf.Rank.R4>([1, 5, 4, 2], 1), tensor<tf.Rank.R4>([2, 3, 2, 3], 2)];
      // y is linear in x: the gradient of |dy^T J|^2 with respect to the filter, beside central differences.
      const weights = tensor([1, 5, 4, 6], 3);
      const penalty = (filter: tf.Tensor): tf.Scalar =>
        tf
          .grad((x: tf.Tensor) => tf.depthwiseConv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, "same").mul(weights))(
            x,
          )
          .square()
          .sum();
      const gradient = tf.grad(penalty)(filter);
      const direction = tensor(filter.shape, 4);
      const step = 1e-2;
      const [above, below] = [step, -step].map((size) => penalty(filter.add(direction.mul(size))).dataSync()[0]);
      assertClose([gradient.mul(direction).sum().dataSync()[0]], [(above - below) / (2 * step)], 2e-3);
    });
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
