/** What must hold between the equations, whatever their numbers: each law in one place, on the engine with its kernels. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../src/engine/index.js";
import { axialAttention, composedAxialAttention } from "../src/functions/axial-attention.js";
import { composedCrissCrossAttention, crissCrossAttention } from "../src/functions/criss-cross-attention.js";
import { globalAttention } from "../src/functions/global-attention.js";
import { composedLocalAttention, localAttention } from "../src/functions/local-attention.js";
import { axisAttention, ndAxialAttention } from "../src/functions/nd-axial-attention.js";
import { reversibleSequence, twoStreamSequence, type Branch, type BranchPair } from "../src/functions/reversible.js";
import { assertClose } from "./helpers/compare.js";

/** B, H, W, N, Dq, Dv. */
const [batch, height, width, heads, keyDepth, valueDepth] = [2, 5, 7, 3, 4, 11];
const depths = { heads, keyDepth, valueDepth };
const perHead = 2 * keyDepth + valueDepth;
const normal = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, "float32", seed);
const none = { query: null, key: null, value: null };
const scales = () => tf.randomUniform<tf.Rank.R2>([3, heads], 0.2, 0.6, "float32", 3);
const image = (rows = height, columns = width) => normal([batch, rows, columns, heads * perHead], 1) as tf.Tensor4D;

/** Tables of an axis of this length, all three. */
const tables = (length: number) => ({
  query: normal([2 * length - 1, keyDepth], 4) as tf.Tensor2D,
  key: normal([2 * length - 1, keyDepth], 5) as tf.Tensor2D,
  value: normal([2 * length - 1, valueDepth], 6) as tf.Tensor2D,
});
const whole = (length: number) => ({ ...depths, window: { before: length - 1, after: length - 1 } });

/** Both outputs, added. */
const sum = ({ content, position }: { content: tf.Tensor; position: tf.Tensor | null }) =>
  position === null ? content : content.add(position);

/** Values, and the gradient with respect to x of the sum of their squares. */
const withGradient = (compute: (x: tf.Tensor) => tf.Tensor, x: tf.Tensor) => [
  compute(x),
  tf.grad((input) => compute(input).square().sum())(x),
];
const assertEqual = (a: (x: tf.Tensor) => tf.Tensor, b: (x: tf.Tensor) => tf.Tensor, x: tf.Tensor) => {
  const [actual, expected] = [withGradient(a, x), withGradient(b, x)];
  actual.forEach((tensor, i) => assertClose(tensor, expected[i], 2e-5, i === 0 ? "values" : "gradient"));
};

const law = (title: string, holds: () => void) => it(title, () => tf.tidy(holds));

describe("laws", () => {
  before(async () => void (await engine.start()));
  after(() => engine.stop());

  law("fused axial attention equals the composed one, values and gradient", () => {
    const given = { relative: tables(height), scales: scales() };
    const of = (attend: typeof composedAxialAttention) => (qkv: tf.Tensor) =>
      sum(attend({ ...given, qkv: qkv as tf.Tensor4D }, whole(height)));
    assertEqual(of(axialAttention), of(composedAxialAttention), image());
  });

  law("fused local attention equals the composed one, values and gradient", () => {
    const table = (depth: number, seed: number) => normal([9, depth], seed) as tf.Tensor2D;
    const relative = { query: table(keyDepth, 4), key: table(keyDepth, 5), value: table(valueDepth, 6) };
    const of = (attend: typeof composedLocalAttention) => (qkv: tf.Tensor) =>
      sum(
        attend({ qkv: qkv as tf.Tensor4D, relative, scales: scales() }, { ...depths, window: { before: 1, after: 1 } }),
      );
    assertEqual(of(localAttention), of(composedLocalAttention), image());
  });

  law("fused criss-cross attention equals the composed one, values and gradient", () => {
    const of = (attend: typeof composedCrissCrossAttention) => (qkv: tf.Tensor) =>
      attend({ qkv: qkv as tf.Tensor4D }, depths);
    // Without a scale logits are large; smaller ones keep the softmax away from one-hot.
    assertEqual(of(crissCrossAttention), of(composedCrissCrossAttention), image().mul(0.5));
  });

  law("a window along the axis that covers it equals the whole axis", () => {
    const given = { relative: tables(height), scales: scales() };
    const within = (reach: number) => (qkv: tf.Tensor) =>
      sum(
        axialAttention({ ...given, qkv: qkv as tf.Tensor4D }, { ...depths, window: { before: reach, after: reach } }),
      );
    assertEqual(within(height + 3), within(height - 1), image());
  });

  law("a square window that covers the image equals global attention, without positions", () => {
    const geometry = { ...depths, window: { before: width - 1, after: width - 1 } };
    const all = scales();
    const local = (qkv: tf.Tensor) =>
      localAttention({ qkv: qkv as tf.Tensor4D, relative: none, scales: all }, geometry).content;
    const global = (qkv: tf.Tensor) =>
      globalAttention(qkv as tf.Tensor4D, all.slice([0, 0], [1, heads]).reshape([heads]), depths);
    assertEqual(local, global, image());
  });

  law("on an image of one row, axial attention along the width, criss-cross and global attention are one", () => {
    const row = image(1).mul<tf.Tensor4D>(0.5);
    const ones = tf.ones<tf.Rank.R2>([3, heads]);
    const axial = (qkv: tf.Tensor) =>
      axialAttention({ qkv: qkv.reshape([batch, width, 1, -1]), relative: none, scales: ones }, whole(width)).content;
    assertEqual(axial, (qkv) => globalAttention(qkv as tf.Tensor4D, tf.ones([heads]), depths), row);
    assertEqual(axial, (qkv) => crissCrossAttention({ qkv: qkv as tf.Tensor4D }, depths), row);
  });

  law("a causal query sees nothing that comes after it", () => {
    const geometry = { ...depths, window: { before: height - 1, after: 0 } };
    const given = { relative: tables(height), scales: scales() };
    const second = (qkv: tf.Tensor) =>
      sum(axialAttention({ ...given, qkv: qkv as tf.Tensor4D }, geometry))
        .slice([0, 1], [batch, 1])
        .sum();
    const gradient = tf.grad(second)(image());
    assert.equal(
      gradient
        .slice([0, 2], [batch, height - 2])
        .abs()
        .max()
        .dataSync()[0],
      0,
    );
    assert.ok(gradient.slice([0, 0], [batch, 1]).abs().max().dataSync()[0] > 0);
  });

  law("permuting the heads permutes the outputs", () => {
    const order = [2, 0, 1];
    const qkv = image();
    const permuted = (x: tf.Tensor, depth: number) =>
      x.reshape([batch, height, width, heads, depth]).gather(order, 3).reshape([batch, height, width, -1]);
    const given = { relative: tables(height), scales: scales() };
    const y = sum(axialAttention({ ...given, qkv }, whole(height)));
    const moved = { ...given, qkv: permuted(qkv, perHead) as tf.Tensor4D, scales: given.scales.gather(order, 1) };
    assertClose(sum(axialAttention(moved, whole(height))), permuted(y, valueDepth), 1e-6);
  });

  law("permuting the places permutes the outputs of global attention, which does not know where anything is", () => {
    const order = tf.util.createShuffledIndices(height * width);
    const shuffled = (x: tf.Tensor) =>
      x
        .reshape([batch, height * width, -1])
        .gather([...order], 1)
        .reshape(x.shape);
    const y = globalAttention(image(), tf.ones([heads]), depths);
    assertClose(globalAttention(shuffled(image()) as tf.Tensor4D, tf.ones([heads]), depths), shuffled(y), 1e-5);
  });

  law("scaling all logits by zero gives the mean of the values", () => {
    const qkv = image();
    const { content } = axialAttention({ qkv, relative: none, scales: tf.zeros([3, heads]) }, whole(height));
    const values = qkv
      .reshape([batch, height, width, heads, perHead])
      .slice([0, 0, 0, 0, 2 * keyDepth], [-1, -1, -1, -1, valueDepth]);
    const mean = values.mean(1, true).tile([1, height, 1, 1, 1]);
    assertClose(content, mean.reshape(content.shape), 1e-6);
  });

  law("attention over one axis of N equals attention along it, and over two their sum or sequence", () => {
    const options = { heads, keyDepth, valueDepth };
    const parameters = (seed: number) => ({
      projection: normal([6, heads * perHead], seed).mul(0.4),
      output: normal([heads * valueDepth, 6], seed + 1).mul(0.2),
      bias: normal([6], seed + 2),
    });
    const [first, second] = [parameters(7), parameters(17)];
    const x = normal([batch, height, width, 6], 2);
    const along = (y: tf.Tensor, axis: number) => axisAttention(y, axis, axis === 1 ? first : second, options);
    assertEqual(
      (y) => ndAxialAttention(y, [first, second], { ...options, combine: "sum" }),
      (y) => along(y, 1).add(along(y, 2)),
      x,
    );
    assertEqual(
      (y) => ndAxialAttention(y, [first, second], { ...options, combine: "sequence" }),
      (y) => along(along(y, 1), 2),
      x,
    );
  });

  law("the reversible form equals the two streams that keep everything, values and gradient", () => {
    const branch = (seed: number): Branch => ({
      weights: [normal([6, 6], seed).mul(0.3)],
      apply: (x, [w]) =>
        x
          .reshape<tf.Tensor2D>([-1, 6])
          .matMul(w as tf.Tensor2D)
          .tanh()
          .reshape(x.shape),
    });
    const pairs: BranchPair[] = [
      [branch(1), branch(2)],
      [branch(3), branch(4)],
    ];
    assertEqual(
      (x) => reversibleSequence(x, pairs),
      (x) => twoStreamSequence(x, pairs),
      normal([batch, height, 6], 5),
    );
  });
});
