import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";
import { LocalAttention, type LocalAttentionArgs } from "../../src/layers/index.js";
import { localAttentionLoops } from "../functions/local-attention-loops.js";
import { assertClose } from "../helpers/compare.js";

/** B, H, W, N, Dq, Dv: no two alike. */
const [batch, height, width, heads, keyDepth, valueDepth] = [2, 7, 6, 3, 4, 5];
/** Input channels; window. */
const [channels, side] = [7, 5];
const image = (seed = 9) => tf.randomNormal<tf.Rank.R4>([batch, height, width, channels], 0, 1, "float32", seed);
const weight = (layer: tf.layers.Layer, name: string) =>
  layer.weights.find(({ originalName }) => originalName === `${layer.name}/${name}`);

/** The layer without norms from its weights: projection, encodings put together by hand, loops. */
function byHand(layer: tf.layers.Layer, x: tf.Tensor4D, [before, after]: readonly [number, number]): Float64Array {
  const data = (name: string) => weight(layer, name)?.read().arraySync() as number[][] | undefined;
  const table = (name: "query" | "key" | "value") => {
    const [rows, columns] = [data(`relative_${name}_rows`), data(`relative_${name}_columns`)];
    if (rows === undefined || columns === undefined) return null;
    return rows.flatMap((row) => columns.flatMap((column) => [...row, ...column]));
  };
  const kernel = weight(layer, "projection")!.read() as tf.Tensor2D;
  const bias = weight(layer, "projection_bias")?.read() ?? tf.scalar(0);
  const qkv = x.reshape<tf.Tensor2D>([-1, channels]).matMul(kernel).add(bias).dataSync();
  const scales = new Float32Array(3 * heads).fill(1);
  const tables = { query: table("query"), key: table("key"), value: table("value") };
  const { content, position } = localAttentionLoops(
    { shape: [batch, height, width], qkv, scales, ...tables },
    { heads, keyDepth, valueDepth, window: { before, after } },
  );
  return content.map((value, index) => value + position[index]);
}

describe("LocalAttention", () => {
  before(async () => void (await engine.start()));
  after(() => engine.stop());

  const noNorms = { projection: false, similarity: false, output: false };
  const make = (args: Partial<LocalAttentionArgs> = {}) =>
    new LocalAttention({ filters: heads * valueDepth, heads, keyDepth, window: side, seed: 1, ...args });

  it("without norms is equation 3, the encodings being those of the row and of the column side by side", () =>
    tf.tidy(() => {
      const layer = make({ norms: noNorms });
      const x = image();
      assertClose(layer.apply(x) as tf.Tensor, byHand(layer, x, [2, 2]), 3e-6);
      assert.deepEqual(weight(layer, "relative_value_rows")!.shape, [5, 3]);
      assert.deepEqual(weight(layer, "relative_value_columns")!.shape, [5, 2]);
    }));

  it("computes the same in evaluation as in training once the running statistics are those of the batch", () =>
    tf.tidy(() => {
      const layer = make({ constants: { rate: 1, epsilon: 1e-5, unbiased: false } });
      const x = image();
      const trained = layer.apply(x, { training: true }) as tf.Tensor;
      assertClose(layer.apply(x) as tf.Tensor, trained, 1e-5);
    }));

  it("has a gradient for every weight but the shift of the similarity norm", () => {
    const layer = make({ activation: "relu", stride: 2, strideRemainder: "keep" });
    const x = image();
    tf.dispose(layer.apply(x) as tf.Tensor);
    const before = tf.memory().numTensors;
    const variables = layer.trainableWeights.map((w) => w.read() as tf.Variable);
    const { value, grads } = tf.variableGrads(
      () => (layer.apply(x, { training: true }) as tf.Tensor).square().mean(),
      variables,
    );
    const missing = layer.trainableWeights
      .filter(({ name }) => !(name in grads))
      .map(({ originalName }) => originalName);
    assert.deepEqual(missing, [`${layer.name}/similarity_norm_beta`]);
    tf.dispose([value, grads]);
    assert.equal(tf.memory().numTensors, before);
    layer.dispose();
    x.dispose();
  });

  it("gives attention weights by place, head, and row and column of the window", () =>
    tf.tidy(() => {
      const layer = make();
      const x = image();
      layer.apply(x);
      const weights = layer.attentionWeights(x);
      assert.deepEqual(weights.shape, [batch, height, width, heads, side, side]);
      assertClose(weights.sum([4, 5]), tf.ones([batch, height, width, heads]));
      // In the corner no place above or left of the query is in the image.
      assertClose(weights.slice([0, 0, 0, 0, 0, 0], [1, 1, 1, heads, 2, side]), new Float32Array(heads * 2 * side));
    }));

  it("is rebuilt from its configuration", () => {
    const layer = make({ position: { key: false }, constants: "tf" });
    const config = JSON.parse(JSON.stringify(layer.getConfig())) as tf.serialization.ConfigDict;
    assert.deepEqual(LocalAttention.fromConfig(LocalAttention, config).getConfig(), layer.getConfig());
  });

  it("has the defaults that it documents: 8 heads, a window of 7, all terms, half as deep keys", () =>
    tf.tidy(() => {
      const layer = new LocalAttention({ filters: 32 });
      layer.apply(image());
      assert.deepEqual(weight(layer, "relative_key_rows")!.shape, [7, 1]);
      assert.deepEqual(weight(layer, "similarity_norm_gamma")!.shape, [3, 8]);
    }));

  it("refuses windows and depths that cannot be", () => {
    assert.throws(() => make({ window: 0 }), /a local span must be a positive integer, got 0/);
    assert.throws(
      () => new LocalAttention({ filters: 16 }).build([null, null, null, 4]),
      /need a depth of 2, got 1 for query/,
    );
  });
});
