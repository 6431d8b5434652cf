import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { derivedSeed } from "../../src/core/random.js";
import * as layers from "../../src/layers/index.js";
import { AutoregressiveAxialTransformer, create, resNetConfig } from "../../src/models/index.js";

/** A layer for a seed, and an input that it takes. */
type Case = readonly [make: (seed: number | undefined) => tf.layers.Layer, input: number[]];

const image = [1, 5, 7, 6];
const cases: Readonly<Record<string, Case>> = {
  AxialAttention: [(seed) => new layers.AxialAttention({ axis: "height", filters: 12, heads: 3, seed }), image],
  LocalAttention: [(seed) => new layers.LocalAttention({ filters: 24, heads: 3, window: 3, seed }), image],
  StandAloneAttention: [(seed) => new layers.StandAloneAttention({ filters: 12, heads: 3, window: 3, seed }), image],
  GlobalAttention: [(seed) => new layers.GlobalAttention({ filters: 12, heads: 3, seed }), image],
  CrissCrossAttention: [(seed) => new layers.CrissCrossAttention({ seed }), image],
  ValueMixtureAttention: [(seed) => new layers.ValueMixtureAttention({ filters: 12, heads: 3, seed }), image],
  NdAxialAttention: [(seed) => new layers.NdAxialAttention({ filters: 6, heads: 3, axes: 3, seed }), [1, 2, 5, 7, 6]],
  AxialPositionEmbedding: [(seed) => new layers.AxialPositionEmbedding({ filters: 6, shape: [7, 7], seed }), image],
  AxialImageTransformer: [
    (seed) => new layers.AxialImageTransformer({ filters: 6, depth: 2, heads: 3, positionShape: [7, 7], seed }),
    image,
  ],
  Convolution: [(seed) => new layers.Convolution({ filters: 3, kernelSize: 3, seed }), image],
  AutoregressiveAxialTransformer: [
    (seed) => new AutoregressiveAxialTransformer({ imageShape: [5, 7, 1], levels: 6, filters: 6, heads: 3, seed }),
    [1, 5, 7, 1],
  ],
};

/** Classes of layers without random weights. */
const withoutWeights = [
  "AveragePool",
  "BatchNorm",
  "ChannelDropout",
  "LayerNorm",
  "MaxPool",
  "ResizeLike",
  "SelfAttention",
  "Subsample",
];

/** The random weights of a new layer, by name. */
function drawn([make, input]: Case, seed: number | undefined): Map<string, readonly number[]> {
  const layer = make(seed);
  tf.tidy(() => void layer.apply(tf.zeros(input)));
  const weights = layer.weights.map(
    (weight) => [weight.originalName.replace(/^[^/]*\//, ""), [...weight.read().dataSync()]] as const,
  );
  layer.dispose();
  return new Map(weights.filter(([, values]) => values.length > 1 && new Set(values).size > 1));
}

describe("seeds", () => {
  before(() => tf.setBackend("cpu"));

  it("that are derived are never 0, differ by k, and are none where there is none", () => {
    for (const seed of [-3, -1, 0, 1, 7]) {
      const derived = Array.from({ length: 100 }, (_, k) => derivedSeed(seed, k));
      assert.ok(!derived.includes(0), `seed ${seed}`);
      assert.equal(new Set(derived).size, 100);
    }
    assert.equal(derivedSeed(5, 2), 7, "published runs keep their initial weights");
    assert.equal(derivedSeed(undefined, 3), undefined);
  });

  it("are tested for every layer that draws", () => {
    const classes = Object.entries(layers).filter(
      ([, value]) => typeof value === "function" && value.prototype instanceof tf.layers.Layer,
    );
    const untested = classes.map(([name]) => name).filter((name) => !(name in cases) && !withoutWeights.includes(name));
    assert.deepEqual(untested, []);
  });

  for (const [name, one] of Object.entries(cases))
    for (const seed of [0, -1, 5])
      it(`${name}: equal seeds give equal weights, and different variables different values, seed ${seed}`, () => {
        const weights = drawn(one, seed);
        assert.deepEqual(drawn(one, seed), weights);
        assert.ok(weights.size > 0);
        const first = [...weights.values()].map((values) => values[0]);
        // Of uniform weights of different ranges too: what is drawn is a multiple of the range.
        const standard = [...weights.values()].map((values) => (values[0] / values[1]).toPrecision(5));
        assert.equal(new Set(first).size, first.length, [...weights.keys()].join(", "));
        assert.equal(new Set(standard).size, standard.length, [...weights.keys()].join(", "));
      });

  for (const name of Object.keys(cases))
    it(`${name}: other seeds and none give other weights`, () => {
      const [a, b, c, d] = [0, 1, undefined, undefined].map((seed) => JSON.stringify([...drawn(cases[name], seed)]));
      assert.equal(new Set([a, b, c, d]).size, 4);
    });

  it("of a model give every variable values of its own, seed 0 included", () => {
    const config = resNetConfig("resnet-26", {
      attention: [false, true, true, true],
      operator: { kind: "axial", heads: 2 },
    });
    const small = {
      ...config,
      stages: config.stages.slice(0, 2).map((stage) => ({ ...stage, blocks: 1, width: 8, filters: 16 })),
    };
    const values = () => {
      const model = create(small, { classes: 3, size: 32, seed: 0 });
      const read = model.weights.map((weight) => [...weight.read().dataSync()]).filter((all) => new Set(all).size > 1);
      model.dispose();
      return read;
    };
    const once = values();
    assert.deepEqual(values(), once);
    const standard = once.map((all) => (all[0] / all[1]).toPrecision(5));
    assert.equal(new Set(standard).size, standard.length);
  });
});
