import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { ConfigError } from "../../src/core/errors.js";
import * as engine from "../../src/engine/index.js";
import { localAttention } from "../../src/functions/local-attention.js";
import { standAloneAttention } from "../../src/functions/stand-alone-attention.js";
import { StandAloneAttention } from "../../src/layers/index.js";
import { assertClose } from "./assert-close.js";

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

  it("as a function is local attention whose query alone has encodings", () =>
    tf.tidy(() => {
      const geometry = { heads: 3, keyDepth: 2, valueDepth: 5, window: { before: 1, after: 2 } };
      const qkv = normal([batch, height, width, 27], 1) as tf.Tensor4D;
      const encodings = normal([16, 2], 2) as tf.Tensor2D;
      const scales = normal([3, 3], 3) as tf.Tensor2D;
      const relative = { query: encodings, key: null, value: null };
      const { content, position } = localAttention({ qkv, relative, scales }, geometry);
      assert.equal(position, null);
      assertClose(standAloneAttention({ qkv, encodings, scales }, geometry), content, 1e-7);
    }));

  it("is rebuilt from its configuration, and refuses heads that do not divide the filters", () => {
    const layer = new StandAloneAttention({ filters: 16, window: 3, norms: { output: true }, name: "sasa" });
    const config = JSON.parse(JSON.stringify(layer.getConfig())) as tf.serialization.ConfigDict;
    assert.deepEqual(StandAloneAttention.fromConfig(StandAloneAttention, config).getConfig(), layer.getConfig());
    assert.throws(() => new StandAloneAttention({ filters: 12 }), ConfigError);
  });
});

/** Equation 2 as loops in float64, for 3 heads of 4 channels and a window of 4. */
function standAloneByHand(layer: tf.layers.Layer, x: tf.Tensor4D): Float64Array {
  const depth = 4;
  const kernel = weight(layer, "projection")!.read() as tf.Tensor2D;
  const qkv = x
    .reshape<tf.Tensor2D>([-1, channels])
    .matMul(kernel)
    .add(weight(layer, "projection_bias")!.read())
    .reshape<tf.Tensor4D>([batch, height, width, -1])
    .arraySync();
  const [rows, columns] = ["rows", "columns"].map(
    (name) => weight(layer, `relative_query_${name}`)!.read().arraySync() as number[][],
  );
  const output: number[] = [];
  for (let b = 0; b < batch; b++)
    for (let y = 0; y < height; y++)
      for (let z = 0; z < width; z++)
        for (let n = 0; n < 3; n++) {
          const of = (i: number, j: number, part: number) =>
            qkv[b][i][j].slice(n * 3 * depth + part * depth, n * 3 * depth + (part + 1) * depth);
          const query = of(y, z, 0);
          const found: { logit: number; value: number[] }[] = [];
          for (let dy = -1; dy <= 2; dy++)
            for (let dx = -1; dx <= 2; dx++) {
              if (qkv[b][y + dy]?.[z + dx] === undefined) continue;
              const encoding = [...rows[dy + 1], ...columns[dx + 1]];
              const key = of(y + dy, z + dx, 1);
              const logit = query.reduce((sum, q, d) => sum + q * key[d] + q * encoding[d], 0);
              found.push({ logit, value: of(y + dy, z + dx, 2) });
            }
          const total = found.reduce((sum, { logit }) => sum + Math.exp(logit), 0);
          for (let d = 0; d < depth; d++)
            output.push(found.reduce((sum, { logit, value }) => sum + (Math.exp(logit) / total) * value[d], 0));
        }
  return Float64Array.from(output);
}
