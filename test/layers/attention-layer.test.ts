import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as layers from "../../src/layers/index.js";
import { AutoregressiveAxialTransformer } from "../../src/models/index.js";
import { assertClose } from "../helpers/compare.js";

/** Layers of three heads, an input [2, ...] of each, and the shapes of its weights. */
const cases: readonly [layer: layers.AttentionLayer, input: number[], shapes: number[][]][] = [
  [new layers.AxialAttention({ axis: "height", filters: 12, heads: 3 }), [2, 5, 7, 4], [[2, 7, 3, 5, 5]]],
  [new layers.AxialAttention({ axis: "width", filters: 12, heads: 3 }), [2, 5, 7, 4], [[2, 5, 3, 7, 7]]],
  [new layers.LocalAttention({ filters: 24, heads: 3, window: 3 }), [2, 5, 7, 4], [[2, 5, 7, 3, 3, 3]]],
  [new layers.StandAloneAttention({ filters: 12, heads: 3, window: 4 }), [2, 5, 7, 4], [[2, 5, 7, 3, 4, 4]]],
  [new layers.GlobalAttention({ filters: 12, heads: 3 }), [2, 5, 7, 4], [[2, 3, 5, 7, 5, 7]]],
  [new layers.ValueMixtureAttention({ filters: 12, heads: 3, block: 2 }), [2, 5, 7, 4], [[2, 3, 4, 3, 4, 4]]],
  [
    new layers.CrissCrossAttention({ recurrence: 1 }),
    [2, 5, 7, 4],
    [
      [2, 7, 1, 5, 5],
      [2, 5, 1, 7, 7],
    ],
  ],
  [
    new layers.NdAxialAttention({ filters: 6, heads: 3 }),
    [2, 5, 7, 6],
    [
      [2, 7, 3, 5, 5],
      [2, 5, 3, 7, 7],
    ],
  ],
  [
    new layers.NdAxialAttention({ filters: 6, heads: 3, axes: 3 }),
    [2, 4, 5, 7, 6],
    [
      [2, 5, 7, 3, 4, 4],
      [2, 4, 7, 3, 5, 5],
      [2, 4, 5, 3, 7, 7],
    ],
  ],
  [
    new layers.AxialImageTransformer({ filters: 6, heads: 3, depth: 1 }),
    [2, 5, 7, 6],
    [
      [2, 7, 3, 5, 5],
      [2, 5, 3, 7, 7],
    ],
  ],
  [
    new AutoregressiveAxialTransformer({
      imageShape: [5, 7, 1],
      levels: 4,
      filters: 6,
      heads: 3,
      outerDepth: 1,
      innerDepth: 1,
    }),
    [2, 5, 7, 1],
    [
      [2, 5, 3, 7, 7],
      [2, 7, 3, 5, 5],
      [2, 5, 3, 7, 7],
    ],
  ],
];

describe("attention weights", () => {
  before(() => tf.setBackend("cpu"));

  it("are given by every layer of attention", () => {
    const attends = /Attention|Transformer/;
    const given = new Set(cases.map(([layer]) => layer.getClassName()));
    const missing = Object.keys(layers).filter(
      (name) => attends.test(name) && !/^is|^Self/.test(name) && !given.has(name),
    );
    assert.deepEqual(missing, []);
    assert.equal(layers.isAttentionLayer(tf.layers.dense({ units: 2 })), false);
  });

  for (const [layer, input, shapes] of cases)
    it(`of ${layer.name} are [B, ...sequence, N, ...query, ...key], named by its steps, and sum to 1 over the keys`, () => {
      assert.ok(layers.isAttentionLayer(layer));
      assert.throws(
        () => layer.attentionWeights(tf.zeros(input)),
        /has no weights yet, got an input to look at; apply the layer first/,
      );
      const x = tf.randomUniform(input, 0, 3, "float32", 7);
      const colours = layer.getClassName().startsWith("Autoregressive") ? x.floor() : x;
      tf.tidy(() => void layer.apply(colours));
      const before = tf.memory().numTensors;
      const given = [layer.attentionWeights(colours)].flat();
      assert.equal(tf.memory().numTensors - before, given.length);
      assert.deepEqual(
        given.map(({ shape }) => shape),
        shapes,
      );
      assert.deepEqual(
        layer.attentionSteps.map(({ axes }) => axes.length + 1),
        given.map(({ rank }) => rank),
      );
      const total = given.reduce((sum, weights) => sum + weights.sum().dataSync()[0], 0);
      // Criss-cross: column and row together.
      const joint = layer instanceof layers.CrissCrossAttention;
      const queries = given.map((weights, step) => {
        const keys = layer.attentionSteps[step].axes.filter((axis) => /^(key|window)/.test(axis)).length;
        return weights.shape.slice(0, weights.rank - keys).reduce((product, size) => product * size, 1);
      });
      const expected = joint ? queries[0] : queries.reduce((sum, count) => sum + count);
      assertClose([total], [expected], 1e-6, "weights of all queries");
    });
});
