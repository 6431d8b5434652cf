import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";
import { AxialAttention, GlobalAttention } from "../../src/layers/index.js";
import { assertClose } from "../helpers/compare.js";

/** B, H, W, Cin, N, Dv. */
const [batch, height, width, channels, heads, valueDepth] = [2, 3, 5, 7, 11, 4];
const filters = heads * valueDepth;
const image = (rows = height) => tf.randomNormal<tf.Rank.R4>([batch, rows, width, channels], 0, 1, "float32", 3);

describe("GlobalAttention", () => {
  before(async () => void (await engine.start()));
  after(() => engine.stop());

  it("lets every place see the whole image: equation 1 by hand", () =>
    tf.tidy(() => {
      const norms = { projection: false, similarity: false, output: false };
      const layer = new GlobalAttention({ filters, heads, norms, seed: 1 });
      const x = image();
      const y = layer.apply(x) as tf.Tensor;
      const kernel = layer.getWeights()[0] as tf.Tensor2D;
      const qkv = x
        .reshape<tf.Tensor2D>([-1, channels])
        .matMul(kernel)
        .reshape([batch, height * width, heads, 8]);
      const [query, key, value] = tf.split(qkv.transpose([0, 2, 1, 3]), [2, 2, 4], 3);
      const expected = tf.matMul(tf.matMul(query, key, false, true).softmax(), value).transpose([0, 2, 1, 3]);
      assertClose(y, expected.reshape(y.shape));
    }));

  it("on an image of one row equals axial attention along the width without positions, norms included", () =>
    tf.tidy(() => {
      const position = { query: false, key: false, value: false };
      const axial = new AxialAttention({ axis: "width", filters, heads, maxDistance: 0, position, seed: 5 });
      const global = new GlobalAttention({ filters, heads, seed: 5 });
      const x = image(1);
      for (const training of [true, false])
        assertClose(global.apply(x, { training }) as tf.Tensor, axial.apply(x, { training }) as tf.Tensor, 1e-6);
    }));

  it("gives attention weights by head, query's place and key's place", () =>
    tf.tidy(() => {
      const layer = new GlobalAttention({ filters, heads });
      const x = image();
      layer.apply(x);
      const weights = layer.attentionWeights(x);
      assert.deepEqual(weights.shape, [batch, heads, height, width, height, width]);
      assertClose(weights.sum([4, 5]), tf.ones([batch, heads, height, width]));
    }));

  it("is rebuilt from its configuration, and leaves no tensor behind", () => {
    const layer = new GlobalAttention({ filters, heads, stride: 2 });
    const config = JSON.parse(JSON.stringify(layer.getConfig())) as tf.serialization.ConfigDict;
    assert.deepEqual(GlobalAttention.fromConfig(GlobalAttention as never, config).getConfig(), layer.getConfig());
    const x = image();
    tf.dispose(layer.apply(x) as tf.Tensor);
    const before = tf.memory().numTensors;
    tf.dispose(layer.apply(x, { training: true }) as tf.Tensor);
    assert.equal(tf.memory().numTensors, before);
  });
});
