import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../src/engine/index.js";
import { valueMixtureAttention } from "../../../src/functions/value-mixture-attention.js";
import { evaluateOnCpu, assertClose, evaluate, tensor } from "../../helpers/compare.js";

/** B, N, D, M. */
const [batch, heads, depth, mixtures] = [2, 3, 5, 2];

describe("fused value mixture attention", () => {
  for (const threads of [1, 3])
    describe(`on ${threads} threads`, () => {
      before(() => engine.start({ threads, engine: "wasm" }));
      after(() => engine.stop());

      for (const [block, height, width] of [
        [1, 2, 3],
        [2, 4, 6],
        [3, 3, 6],
        [4, 8, 4],
      ] as const)
        for (const encoded of [true, false])
          it(`equals the composed one in blocks of ${block} x ${block} of ${height} x ${width} places, values and gradients, ${encoded ? "with" : "without"} encodings`, async () => {
            const channels = heads * depth;
            const compute = () => {
              const image = (seed: number) => tensor<tf.Rank.R4>([batch, height, width, channels], seed);
              const mixture = tensor<tf.Rank.R2>([block * block, mixtures], 5).softmax();
              const table = tensor<tf.Rank.R2>([(2 * block - 1) ** 2, depth], 6);
              const direction = image(7);
              const attend = (...given: tf.Tensor[]) => {
                const [query, key, first, second, shares, encodings] = given;
                return valueMixtureAttention(
                  {
                    ...{ query: query as tf.Tensor4D, key: key as tf.Tensor4D },
                    ...{ values: [first, second] as tf.Tensor4D[], mixture: shares as tf.Tensor2D },
                    encodings: encoded ? (encodings as tf.Tensor2D) : null,
                  },
                  { heads, block },
                );
              };
              const inputs = [image(1), image(2), image(3), image(4), mixture, ...(encoded ? [table] : [])];
              return [
                attend(...inputs),
                ...tf.grads((...given) =>
                  attend(...given)
                    .mul(direction)
                    .sum(),
                )(inputs),
              ];
            };
            const tensors = tf.memory().numTensors;
            const actual = evaluate(compute);
            assert.equal(tf.memory().numTensors, tensors);
            const { kernels } = engine.profileStep(() => tf.tidy(() => void compute()));
            assert.ok(kernels.some(({ name }) => name === "ValueMixtureAttention"));
            assert.ok(kernels.some(({ name }) => name === "ValueMixtureAttentionGrad"));
            const expected = await evaluateOnCpu(compute);
            assert.equal(actual.length, expected.length);
            actual.forEach((values, index) => assertClose(values, expected[index], 3e-6, `result ${index}`));
          });
    });
});
