import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { ConfigError } from "../../src/core/errors.js";
import * as engine from "../../src/engine/index.js";
import { StandAloneAttention } from "../../src/layers/index.js";
import { assertClose } from "../helpers/compare.js";
import { localAttentionLoops } from "../functions/local-attention-loops.js";

const [batch, height, width, channels] = [2, 7, 6, 5];
const normal = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, "float32", seed);
const image = () => normal([batch, height, width, channels], 9) as tf.Tensor4D;
const weight = (layer: tf.layers.Layer, name: string) =>
  layer.weights.find(({ originalName }) => originalName === `${layer.name}/${name}`);

describe("StandAloneAttention", () => {
  before(async () => void (await engine.start()));
  after(() => engine.stop());

  it("is equation 2, biases included", () =>
    tf.tidy(() => {
      const layer = new StandAloneAttention({ filters: 12, heads: 3, window: 4, bias: true, seed: 2 });
      const x = image();
      layer.apply(x);
      weight(layer, "projection_bias")!.write(normal([36], 8));
      // Keys are as deep as values here: 4 channels each of 3 heads.
      const attention = layer.apply(x) as tf.Tensor;
      const expected = standAloneByHand(layer, x);
      assertClose(attention, expected, 3e-6);
      assert.equal(layer.weights.length, 4);
    }));

  it("is rebuilt from its configuration, and refuses heads that do not divide the filters", () => {
    const layer = new StandAloneAttention({ filters: 16, window: 3, norms: { output: true }, name: "sasa" });
    const config = JSON.parse(JSON.stringify(layer.getConfig())) as tf.serialization.ConfigDict;
    assert.deepEqual(StandAloneAttention.fromConfig(StandAloneAttention, config).getConfig(), layer.getConfig());
    assert.throws(() => new StandAloneAttention({ filters: 12 }), ConfigError);
  });
});

/** Equation 2 from the layer's weights, for 3 heads of 4 channels and a window of 4: the loops, the query's encodings alone. */
function standAloneByHand(layer: tf.layers.Layer, x: tf.Tensor4D): Float64Array {
  const qkv = x
    .reshape<tf.Tensor2D>([-1, channels])
    .matMul(weight(layer, "projection")!.read() as tf.Tensor2D)
    .add(weight(layer, "projection_bias")!.read())
    .dataSync();
  const [rows, columns] = ["rows", "columns"].map(
    (name) => weight(layer, `relative_query_${name}`)!.read().arraySync() as number[][],
  );
  const query = rows.flatMap((row) => columns.flatMap((column) => [...row, ...column]));
  return localAttentionLoops(
    { shape: [batch, height, width], qkv, query, key: null, value: null, scales: new Float64Array(9).fill(1) },
    { heads: 3, keyDepth: 4, valueDepth: 4, window: { before: 1, after: 2 } },
  ).content;
}
