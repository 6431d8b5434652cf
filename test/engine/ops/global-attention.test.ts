import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../src/engine/index.js";
import {
  fusedGlobalAttention,
  fusedGlobalSimilarityStatistics,
  fusedNormedGlobalAttention,
} from "../../../src/engine/ops/global-attention.js";
import { normedGlobalAttention } from "../../../src/functions/global-attention.js";
import { axialAttentionLoops } from "../../functions/axial-attention-loops.js";
import { assertClose, evaluate, evaluateOnCpu } from "../../helpers/compare.js";
import { differences, randomNumbers, runWithGradients, weigh } from "./tensors-against-loops.js";

/** B, H, W, N, Dq, Dv. */
const [batch, height, width, heads, keyDepth, valueDepth] = [2, 3, 5, 3, 2, 7];
const depths = { heads, keyDepth, valueDepth };
const perHead = 2 * keyDepth + valueDepth;
const places = height * width;
const window = { before: places, after: places };

/** An image is one axis of all its places. */
const loops = (qkv: Float64Array, scales: Float64Array) =>
  axialAttentionLoops(
    { outer: batch, length: places, inner: 1, qkv, query: null, key: null, value: null, scales },
    { ...depths, window },
  );

describe("fused global attention", () => {
  const shape = [batch, height, width, heads * perHead] as const;
  const qkv = randomNumbers(batch * places * heads * perHead, 3);
  const scales = randomNumbers(3 * heads, 5);
  const tensor = (numbers: Float64Array, ofShape: readonly number[]) =>
    tf.tensor(Float32Array.from(numbers), [...ofShape]);

  for (const threads of [1, 3])
    describe(`on ${threads} threads`, () => {
      before(() => engine.start({ threads }));
      after(() => engine.stop());

      it("equals loops over all pairs of places, values and gradients", () => {
        const weights = { y: randomNumbers(batch * places * heads * valueDepth, 7) };
        const actual = runWithGradients(
          { qkv: tensor(qkv, shape), scales: tensor(scales, [3, heads]) },
          (given) => {
            const y = fusedGlobalAttention(given.qkv as tf.Tensor4D, given.scales as tf.Tensor2D, depths);
            assert.deepEqual(y?.shape, [batch, height, width, heads * valueDepth]);
            return { y };
          },
          weights,
        );
        assertClose(actual.y, loops(qkv, scales).content, 3e-6, "content");
        for (const [name, numbers] of Object.entries({ qkv, scales })) {
          const objective = () => weigh({ y: loops(qkv, scales).content }, weights);
          assertClose(actual[`d ${name}`], differences(numbers, objective), 5e-6, `gradient with respect to ${name}`);
        }
      });

      it("has the statistics of the similarities of all pairs, alone and in front of the attention", () =>
        tf.tidy(() => {
          const image = tensor(qkv, shape) as tf.Tensor4D;
          const expected = loops(qkv, scales);
          const gamma = tf.tensor2d(
            [...Array<number>(heads).fill(0.7), ...Array<number>(2 * heads).fill(0)],
            [3, heads],
          );
          const normed = fusedNormedGlobalAttention(image, { gamma, epsilon: 1e-3 }, depths)!;
          for (const { mean, variance } of [fusedGlobalSimilarityStatistics(image, depths)!, normed.statistics]) {
            assertClose(mean, expected.mean, 1e-6, "mean");
            assertClose(variance, expected.variance, 1e-6, "variance");
          }
          const factors = Float64Array.from(expected.variance, (variance, index) =>
            index < heads ? 0.7 / Math.sqrt(variance + 1e-3) : 0,
          );
          assertClose(normed.content, loops(qkv, factors).content, 3e-6, "content");
        }));
    });

  it("gives what is composed where there is no kernel, in the same shapes", async () => {
    await engine.start({ threads: 2 });
    const [image, gamma] = [tensor(qkv, shape) as tf.Tensor4D, tf.fill<tf.Rank.R2>([3, heads], 0.7)];
    const results = () => {
      const { content, position, statistics } = normedGlobalAttention(image, { gamma, epsilon: 1e-3 }, depths);
      assert.equal(position, null);
      assert.deepEqual(content.shape, [batch, height, width, heads * valueDepth]);
      return [content, statistics.mean, statistics.variance];
    };
    const fused = evaluate(results);
    const composed = await evaluateOnCpu(results);
    fused.forEach((values, index) => assertClose(values, composed[index], 3e-6, `result ${index}`));
    tf.dispose([image, gamma]);
    await engine.stop();
  });

  it("is null where the backend has no such kernel", async () => {
    await tf.setBackend("cpu");
    tf.tidy(() =>
      assert.equal(fusedGlobalAttention(tensor(qkv, shape) as tf.Tensor4D, tf.ones([3, heads]), depths), null),
    );
  });
});
