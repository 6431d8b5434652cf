import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { crossEntropy, maskedCrossEntropy } from "../../src/training/losses.js";
import { assertClose } from "../helpers/compare.js";

before(() => tf.setBackend("cpu"));

// Values of PyTorch 2.15 in double precision:
//   z = torch.tensor([[1., -2., 0.5], [0.25, 3., -1.]], requires_grad=True)
//   loss = torch.nn.functional.cross_entropy(z, torch.tensor([2, 1]), label_smoothing=0.1); loss.backward()
//   loss.item(), z.grad; torch.nn.functional.cross_entropy(z, torch.tensor([2, 1])).item()
describe("crossEntropy", () => {
  const logits = [
    [1, -2, 0.5],
    [0.25, 3, -1],
  ];

  it("equals PyTorch's, with smoothing and without", () => {
    const [z, y] = [tf.tensor2d(logits), tf.tensor1d([2, 1], "int32")];
    assertClose(crossEntropy(z, y, { smoothing: 0.1 }), [0.6876498852], 2e-7);
    assertClose(crossEntropy(z, y), [0.5418165519], 2e-7);
  });

  it("has PyTorch's gradient", () => {
    const y = tf.tensor1d([2, 1], "int32");
    const gradient = tf.grad((z) => crossEntropy(z as tf.Tensor2D, y, { smoothing: 0.1 }))(tf.tensor2d(logits));
    const expected = [
      0.28520778140764624, -0.001637222881879655, -0.28357055852576657, 0.012868212129588451, -0.004663429912733219,
      -0.008204782216855262,
    ];
    assertClose(gradient, expected, 2e-7);
  });

  it("stays finite for extreme logits and leaks no tensor", () => {
    const [z, y] = [tf.tensor2d([[1e4, -1e4, 0]]), tf.tensor1d([1], "int32")];
    const before = tf.memory().numTensors;
    const loss = crossEntropy(z, y);
    assert.equal(tf.memory().numTensors, before + 1);
    assert.equal(loss.dataSync()[0], 2e4);
  });
});

describe("maskedCrossEntropy", () => {
  it("sums the cross entropies of the places with a label, and counts those that are right", () => {
    // The logits of the cases above as three places of one row, the last without a label.
    const z = tf.tensor4d([1, -2, 0.5, 0.25, 3, -1, 7, 8, 9], [1, 1, 3, 3]);
    const { sum, right } = maskedCrossEntropy(z, tf.tensor3d([2, 1, -1], [1, 1, 3], "int32"));
    assertClose(sum, [2 * 0.5418165519], 2e-7);
    assert.equal(right.dataSync()[0], 1);
  });

  it("gives places without a label no gradient", () => {
    const y = tf.tensor3d([-1, 1], [1, 1, 2], "int32");
    const gradient = tf.grad((z) => maskedCrossEntropy(z as tf.Tensor4D, y).sum)(
      tf.tensor4d([1, 2, 3, 4], [1, 1, 2, 2]),
    );
    const p = 1 / (1 + Math.exp(1)); // softmax of 3 beside 4
    const expected = [0, 0, p, -p];
    assertClose(gradient, expected, 2e-7);
  });
});
