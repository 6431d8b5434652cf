import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../src/engine/index.js";
import { fusedNdAxialAttention } from "../../../src/engine/ops/nd-axial-attention.js";
import { axialAttentionLoops } from "../../functions/axial-attention-loops.js";
import { assertClose } from "../../helpers/compare.js";
import { differences, randomNumbers, runWithGradients, weigh } from "./tensors-against-loops.js";

/** N, Dq, Dv. */
const [heads, keyDepth, valueDepth] = [2, 3, 5];
const channels = heads * (2 * keyDepth + valueDepth);
const scale = 0.6;

describe("fused attention along any axis", () => {
  const size = (axes: readonly number[]) => axes.reduce((product, axis) => product * axis, 1);

  for (const threads of [1, 3])
    describe(`on ${threads} threads`, () => {
      before(() => engine.start({ threads }));
      after(() => engine.stop());

      for (const { axes, axis } of [
        { axes: [2, 5, 3], axis: 1 },
        { axes: [2, 3, 5], axis: 2 },
        { axes: [1, 3, 5, 2], axis: 2 },
        { axes: [2, 2, 1, 3, 5], axis: 4 },
      ])
        for (const causal of [false, true])
          it(`equals loops along axis ${axis} of [${axes.join(", ")}], ${causal ? "causal" : "whole"}`, () => {
            const length = axes[axis];
            const window = { before: length - 1, after: causal ? 0 : length - 1 };
            const geometry = { heads, keyDepth, valueDepth, window };
            const qkv = randomNumbers(size(axes) * channels, 3);
            const loops = () =>
              axialAttentionLoops(
                {
                  ...{ outer: size(axes.slice(0, axis)), length, inner: size(axes.slice(axis + 1)) },
                  ...{ qkv, query: null, key: null, value: null, scales: new Float64Array(3 * heads).fill(scale) },
                },
                geometry,
              ).content;
            const weights = { y: randomNumbers(size(axes) * heads * valueDepth, 7) };
            const actual = runWithGradients(
              { qkv: tf.tensor(Float32Array.from(qkv), [...axes, channels]) },
              (given) => {
                const y = fusedNdAxialAttention(given.qkv, axis, scale, geometry)!;
                assert.deepEqual(y.shape, [...axes, heads * valueDepth]);
                return { y };
              },
              weights,
            );
            assertClose(actual.y, loops(), 3e-6, "values");
            const gradient = differences(qkv, () => weigh({ y: loops() }, weights));
            assertClose(actual["d qkv"], gradient, 5e-6, "gradient with respect to qkv");
          });

      it("leaves no tensor behind", () => {
        const qkv = tf.ones([2, 3, 5, channels]);
        const tensors = tf.memory().numTensors;
        const geometry = { heads, keyDepth, valueDepth, window: { before: 4, after: 4 } };
        tf.tidy(() => void tf.grad((x) => fusedNdAxialAttention(x, 2, scale, geometry)!.sum())(qkv));
        assert.equal(tf.memory().numTensors, tensors);
        qkv.dispose();
      });
    });
});
