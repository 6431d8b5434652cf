import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";
import { ShapeError } from "../../src/core/errors.js";
import { globalAttention, globalAttentionWeights } from "../../src/functions/global-attention.js";
import {
  composedLocalAttention,
  composedLocalSimilarityStatistics,
  countLocalPairs,
  localAttention,
  localAttentionWeights,
  localSimilarityStatistics,
} from "../../src/functions/local-attention.js";
import type { AttentionGeometry, AttentionInputs } from "../../src/functions/attention.js";
import { assertClose } from "../helpers/compare.js";
import { localAttentionLoops, type LocalLoopInputs } from "./local-attention-loops.js";

/** B, H, W, N, Dq, Dv: no two alike. */
const [batch, height, width, heads, keyDepth, valueDepth] = [2, 7, 6, 3, 4, 5];

const geometryOf = (before: number, after: number): AttentionGeometry => ({
  ...{ heads, keyDepth, valueDepth },
  window: { before, after },
});

type Positions = Record<"query" | "key" | "value", boolean>;
const all: Positions = { query: true, key: true, value: true };
const normal = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, "float32", seed);

function makeInputs({ window }: AttentionGeometry, positions = all): AttentionInputs {
  const rows = (window.before + 1 + window.after) ** 2;
  const table = (name: keyof Positions, depth: number, seed: number) =>
    positions[name] ? (normal([rows, depth], seed) as tf.Tensor2D) : null;
  return {
    qkv: normal([batch, height, width, heads * (2 * keyDepth + valueDepth)], 1) as tf.Tensor4D,
    relative: {
      query: table("query", keyDepth, 2),
      key: table("key", keyDepth, 3),
      value: table("value", valueDepth, 4),
    },
    scales: tf.randomUniform<tf.Rank.R2>([3, heads], 0.2, 0.6, "float32", 5),
  };
}

/** The same for the loops. */
const arraysOf = ({ qkv, relative, scales }: AttentionInputs): LocalLoopInputs => ({
  ...{ shape: [batch, height, width], qkv: qkv.dataSync(), scales: scales.dataSync() },
  query: relative.query?.dataSync() ?? null,
  key: relative.key?.dataSync() ?? null,
  value: relative.value?.dataSync() ?? null,
});

const windows = { "3 x 3": [1, 1], "4 x 4": [1, 2], "that covers the image": [6, 6], "of one place": [0, 0] } as const;

describe("local attention", () => {
  before(async () => void (await engine.start()));
  after(() => engine.stop());

  for (const [name, [before, after]] of Object.entries(windows))
    for (const [kind, attend, statistics] of [
      ["", localAttention, localSimilarityStatistics],
      [", composed of single operations,", composedLocalAttention, composedLocalSimilarityStatistics],
    ] as const)
      it(`in a window ${name}${kind} equals the loops of equation 3`, () =>
        tf.tidy(() => {
          const geometry = geometryOf(before, after);
          const inputs = makeInputs(geometry);
          const expected = localAttentionLoops(arraysOf(inputs), geometry);
          const { content, position } = attend(inputs, geometry);
          assert.deepEqual(content.shape, [batch, height, width, heads * valueDepth]);
          assertClose(content, expected.content, 3e-6, "content");
          assertClose(position!, expected.position, 3e-6, "position");
          const { mean, variance } = statistics(inputs, geometry);
          assertClose(mean, expected.mean, 3e-6, "mean");
          assertClose(variance, expected.variance, 3e-6, "variance");
          assert.equal(batch * countLocalPairs(height, width, geometry), expected.pairs);
          const weights = localAttentionWeights(inputs, geometry);
          assertClose(weights, expected.weights, 3e-6, "weights");
        }));

  for (const positions of [
    { query: true, key: false, value: false },
    { query: false, key: false, value: false },
    { query: false, key: true, value: true },
  ])
    it(`with ${JSON.stringify(positions)} leaves the other terms out`, () =>
      tf.tidy(() => {
        const geometry = geometryOf(2, 2);
        const inputs = makeInputs(geometry, positions);
        const expected = localAttentionLoops(arraysOf(inputs), geometry);
        const { content, position } = localAttention(inputs, geometry);
        assertClose(content, expected.content);
        if (positions.value) assertClose(position!, expected.position);
        else assert.equal(position, null);
        assertClose(localSimilarityStatistics(inputs, geometry).variance, expected.variance);
      }));

  it("with a window that covers the image and no positions equals global attention", () =>
    tf.tidy(() => {
      const geometry = geometryOf(6, 6);
      const inputs = makeInputs(geometry, { query: false, key: false, value: false });
      const scales = inputs.scales.slice([0, 0], [1, heads]).reshape<tf.Tensor1D>([heads]);
      assertClose(localAttention(inputs, geometry).content, globalAttention(inputs.qkv, scales, geometry), 3e-6);
      const weights = globalAttentionWeights(inputs.qkv, scales, geometry);
      assert.deepEqual(weights.shape, [batch, heads, height, width, height, width]);
      assertClose(weights.sum([4, 5]), tf.ones([batch, heads, height, width]));
    }));

  it("has the gradient that finite differences of the loops have", () =>
    tf.tidy(() => {
      const geometry = geometryOf(1, 2);
      const inputs = makeInputs(geometry);
      const tensors = [inputs.qkv, inputs.relative.query!, inputs.relative.key!, inputs.relative.value!, inputs.scales];
      const shape = [batch, height, width, heads * valueDepth];
      const [onContent, onPosition, onVariance] = [normal(shape, 21), normal(shape, 22), normal([3, heads], 23)];
      const gradients = tf.grads((...args: tf.Tensor[]) => {
        const [qkv, query, key, value, scales] = args;
        const moved = { qkv, relative: { query, key, value }, scales } as AttentionInputs;
        const { content, position } = localAttention(moved, geometry);
        const { variance } = localSimilarityStatistics(moved, geometry);
        const parts = [content.mul(onContent), position!.mul(onPosition), variance.mul(onVariance)];
        return tf.addN<tf.Scalar>(parts.map((part) => part.sum<tf.Scalar>()));
      })(tensors);
      const directions = tensors.map((tensor, index) => normal(tensor.shape, 31 + index).dataSync());
      const flat = arraysOf(inputs);
      const along = (step: number) => {
        const moved = (data: ArrayLike<number>, index: number) =>
          Float64Array.from(data, (x, i) => x + step * directions[index][i]);
        const out = localAttentionLoops(
          {
            ...{ shape: flat.shape, qkv: moved(flat.qkv, 0), query: moved(flat.query!, 1), key: moved(flat.key!, 2) },
            ...{ value: moved(flat.value!, 3), scales: moved(flat.scales, 4) },
          },
          geometry,
        );
        return (
          dot(out.content, onContent.dataSync()) +
          dot(out.position, onPosition.dataSync()) +
          dot(out.variance, onVariance.dataSync())
        );
      };
      const numeric = (along(1e-5) - along(-1e-5)) / 2e-5;
      const analytic = gradients.reduce((sum, gradient, index) => sum + dot(gradient.dataSync(), directions[index]), 0);
      const magnitude = gradients.reduce((sum, gradient) => sum + gradient.square().sum().dataSync()[0], 0);
      const size = Math.sqrt(magnitude);
      assertClose([analytic / size], [numeric / size], 3e-6);
    }));

  it("leaves no tensor behind", () => {
    const geometry = geometryOf(1, 1);
    const inputs = makeInputs(geometry);
    const before = tf.memory().numTensors;
    const gradient = tf.grad((x) =>
      localAttention({ ...inputs, qkv: x as tf.Tensor4D }, geometry)
        .content.square()
        .sum(),
    );
    tf.dispose(Object.values(localAttention(inputs, geometry)));
    tf.dispose(Object.values(localSimilarityStatistics(inputs, geometry)));
    tf.dispose([gradient(inputs.qkv), localAttentionWeights(inputs, geometry)]);
    assert.equal(tf.memory().numTensors, before);
    tf.dispose([inputs.qkv, inputs.scales, ...Object.values(inputs.relative).flatMap((table) => table ?? [])]);
  });

  it("says which tensor does not fit, and what would", () =>
    tf.tidy(() => {
      const geometry = geometryOf(1, 1);
      const inputs = makeInputs(geometry);
      const { relative } = inputs;
      const refuses = (changed: AttentionInputs, other: AttentionGeometry, message: RegExp) =>
        assert.throws(() => localAttention(changed, other), message);
      refuses(inputs, { ...geometry, heads: 2 }, /got qkv \[2, 7, 6, 39\], heads=2.*project to 26 channels/);
      refuses(
        { ...inputs, relative: { ...relative, key: relative.value } },
        geometry,
        /must be .* \[9, 4\], got \[9, 5\]/,
      );
      refuses(inputs, geometryOf(-1, 1), /a window must hold the query's own place/);
      assert.throws(() => localAttention(inputs, geometryOf(2, 2)), ShapeError);
    }));
});

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
