import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { axisAttention, axisView } from "../../src/functions/nd-axial-attention.js";
import { assertClose } from "../helpers/compare.js";
import { axialAttentionLoops } from "./axial-attention-loops.js";

describe("attention along one axis", () => {
  before(() => tf.setBackend("cpu"));

  for (const span of ["global", "causal"] as const)
    it(`equals the loops of plain attention between its two projections, ${span}`, () => {
      // O, L, I, C; N heads of D.
      const [outer, length, inner, channels, heads, depth] = [2, 5, 3, 7, 2, 11];
      const normal = (shape: number[], deviation: number, seed: number) =>
        tf.randomNormal(shape, 0, deviation, "float32", seed);
      const x = normal([outer, length, inner, channels], 1, 1) as tf.Tensor4D;
      const weights = {
        projection: normal([channels, heads * 3 * depth], 0.5, 2),
        output: normal([heads * depth, channels], 0.5, 3),
        bias: normal([channels], 0.5, 4),
      };
      const rows = (numbers: ArrayLike<number>, width: number) =>
        tf.tensor2d(Float32Array.from(numbers), [outer * length * inner, width]);
      const qkv = rows(x.dataSync(), channels).matMul(weights.projection).dataSync();
      const { content } = axialAttentionLoops(
        {
          outer,
          length,
          inner,
          qkv,
          query: null,
          key: null,
          value: null,
          scales: new Float64Array(3 * heads).fill(1 / Math.sqrt(depth)),
        },
        {
          heads,
          keyDepth: depth,
          valueDepth: depth,
          window: { before: length - 1, after: span === "causal" ? 0 : length - 1 },
        },
      );
      const expected = rows(content, heads * depth)
        .matMul(weights.output)
        .add(weights.bias);
      const actual = axisAttention(x, 1, weights, { heads, keyDepth: depth, valueDepth: depth, span });
      assert.deepEqual(actual.shape, x.shape);
      assertClose(actual, expected);
    });

  it("views any axis as outer, length, inner, channels", () => {
    assert.deepEqual(axisView([2, 3, 5, 7, 11], 1), [2, 3, 35, 11]);
    assert.deepEqual(axisView([2, 3, 5, 7, 11], 2), [6, 5, 7, 11]);
    assert.deepEqual(axisView([2, 3, 5, 7, 11], 3), [30, 7, 1, 11]);
  });
});
