import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";
import { ConfigError, ShapeError } from "../../src/core/errors.js";
import { ValueMixtureAttention } from "../../src/layers/index.js";
import { assertClose } from "../helpers/compare.js";

/** B, Cin, N, D, side of a block, M. */
const [batch, channels, heads, depth, block, mixtures] = [2, 5, 3, 4, 2, 7];
const make = () => new ValueMixtureAttention({ filters: heads * depth, heads, block, mixtures, seed: 1 });
const image = (height: number, width: number) =>
  tf.randomNormal<tf.Rank.R4>([batch, height, width, channels], 0, 1, "float32", 2);
const softmax = (logits: number[]) => {
  const exponentials = logits.map(Math.exp);
  const total = exponentials.reduce((sum, x) => sum + x, 0);
  return exponentials.map((x) => x / total);
};

/** The appendix's equations as loops. */
function byHand(layer: ValueMixtureAttention, x: tf.Tensor4D): number[] {
  const weight = (name: string) =>
    layer.weights
      .find(({ originalName }) => originalName.endsWith(`/${name}`))!
      .read()
      .arraySync() as number[][];
  const [projection, mixRows, mixColumns, mixEmbeddings] = ["projection", "mixture_rows", "mixture_columns", "mixture_embeddings"].map(weight); // prettier-ignore
  const [rows, columns] = ["relative_query_rows", "relative_query_columns"].map(weight);
  const pixels = x.arraySync();
  const [, height, width] = x.shape;
  const filters = heads * depth;
  const project = (pixel: number[], part: number) =>
    Array.from({ length: filters }, (_, f) =>
      pixel.reduce((sum, value, c) => sum + value * projection[c][part * filters + f], 0),
    );
  const value = (b: number, y: number, z: number) => {
    const shares = softmax(
      mixEmbeddings.map((e) =>
        e.reduce((sum, v, d) => sum + v * (mixRows[y % block][d] + mixColumns[z % block][d]), 0),
      ),
    );
    const parts = shares.map((_, m) => project(pixels[b][y][z], 2 + m));
    return Array.from({ length: filters }, (_, f) => shares.reduce((sum, share, m) => sum + share * parts[m][f], 0));
  };
  const output: number[] = [];
  for (let b = 0; b < batch; b++)
    for (let y = 0; y < height; y++)
      for (let z = 0; z < width; z++) {
        const query = project(pixels[b][y][z], 0);
        const [firstRow, firstColumn] = [y - (y % block), z - (z % block)];
        const seen: [number, number][] = [];
        for (let i = firstRow; i < Math.min(height, firstRow + block); i++)
          for (let j = firstColumn; j < Math.min(width, firstColumn + block); j++) seen.push([i, j]);
        for (let n = 0; n < heads; n++) {
          const logits = seen.map(([i, j]) => {
            const key = project(pixels[b][i][j], 1);
            const encoding = [...rows[i - y + block - 1], ...columns[j - z + block - 1]];
            return encoding.reduce((sum, r, d) => sum + query[n * depth + d] * (key[n * depth + d] + r), 0);
          });
          const weights = softmax(logits);
          for (let d = 0; d < depth; d++)
            output.push(seen.reduce((sum, [i, j], s) => sum + weights[s] * value(b, i, j)[n * depth + d], 0));
        }
      }
  return output;
}

describe("ValueMixtureAttention", () => {
  before(async () => void (await engine.start()));
  after(() => engine.stop());

  for (const [height, width] of [
    [4, 6],
    [3, 5],
    [1, 1],
  ])
    // prettier-ignore
    it(`equals the loops of SASA's appendix on ${height} x ${width} places`, () =>
      tf.tidy(() => {
        const layer = make();
        const x = image(height, width);
        const y = layer.apply(x) as tf.Tensor;
        assert.deepEqual(y.shape, [batch, height, width, heads * depth]);
        assertClose(y, byHand(layer, x));
      }));

  it("has a gradient for every weight, and leaves no tensor behind", () => {
    const layer = make();
    const x = image(4, 4);
    tf.dispose(layer.apply(x) as tf.Tensor);
    const before = tf.memory().numTensors;
    const variables = layer.trainableWeights.map((weight) => weight.read() as tf.Variable);
    const { value, grads } = tf.variableGrads(() => (layer.apply(x) as tf.Tensor).square().mean(), variables);
    for (const weight of layer.trainableWeights)
      assert.ok(grads[weight.name].abs().max().dataSync()[0] > 0, weight.originalName);
    tf.dispose([value, grads, layer.attentionWeights(x)]);
    tf.dispose(tf.tidy(() => tf.scalar(0)));
    assert.ok(tf.memory().numTensors - before <= variables.length * 2);
    layer.dispose();
    x.dispose();
  });

  it("gives weights by block, head, query and key; none outside the image", () =>
    tf.tidy(() => {
      const layer = make();
      const x = image(3, 4);
      layer.apply(x);
      const given = layer.attentionWeights(x);
      assert.deepEqual(given.shape, [batch, 2, 2, heads, 4, 4]);
      const weights = given.reshape<tf.Tensor4D>([batch * 4, heads, 4, 4]);
      assertClose(weights.sum(3), tf.ones([batch * 4, heads, 4]));
      // The third row is the first of its blocks; their second row is beyond the image.
      assertClose(weights.slice([2, 0, 0, 2], [1, heads, 2, 2]), new Float32Array(heads * 4));
    }));

  it("is rebuilt from its configuration; has the defaults that it documents", () => {
    const layer = new ValueMixtureAttention({ filters: 64 });
    layer.build([null, null, null, 3]);
    assert.deepEqual(layer.weights[0].shape, [3, 6 * 64]);
    assert.deepEqual(layer.weights[1].shape, [4, 16]);
    const config = JSON.parse(JSON.stringify(make().getConfig())) as tf.serialization.ConfigDict;
    const copy = ValueMixtureAttention.fromConfig(ValueMixtureAttention, config);
    assert.deepEqual(copy.getConfig(), config);
  });

  it("refuses arguments that cannot be", () => {
    assert.throws(() => new ValueMixtureAttention({ filters: 6 }), /got filters=6, heads=4; use 8/);
    assert.throws(() => new ValueMixtureAttention({ filters: 8, block: 0 }), ConfigError);
    assert.throws(() => make().build([null, 5, 3]), ShapeError);
  });
});
