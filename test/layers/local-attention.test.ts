import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";
import { ShapeError } from "../../src/core/errors.js";
import { globalAttention, globalAttentionWeights } from "../../src/functions/global-attention.js";
import {
  composedLocalAttention,
  composedLocalSimilarityStatistics,
  countLocalPairs,
  localAttention,
  localAttentionWeights,
  localSimilarityStatistics,
  type LocalAttentionGeometry,
  type LocalAttentionInputs,
} from "../../src/functions/local-attention.js";
import { LocalAttention, type LocalAttentionArgs } from "../../src/layers/index.js";
import { assertClose } from "./assert-close.js";

/** B, H, W, N, Dq, Dv: no two alike. */
const [batch, height, width, heads, keyDepth, valueDepth] = [2, 7, 6, 3, 4, 5];

const geometryOf = (before: number, after: number): LocalAttentionGeometry => ({
  ...{ heads, keyDepth, valueDepth },
  window: { before, after },
});

type Positions = Record<"query" | "key" | "value", boolean>;
const all: Positions = { query: true, key: true, value: true };
const normal = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, "float32", seed);

function makeInputs({ window }: LocalAttentionGeometry, positions = all): LocalAttentionInputs {
  const rows = (window.before + 1 + window.after) ** 2;
  const table = (name: keyof Positions, depth: number, seed: number) =>
    positions[name] ? (normal([rows, depth], seed) as tf.Tensor2D) : null;
  return {
    qkv: normal([batch, height, width, heads * (2 * keyDepth + valueDepth)], 1) as tf.Tensor4D,
    relative: {
      query: table("query", keyDepth, 2),
      key: table("key", keyDepth, 3),
      value: table("value", valueDepth, 4),
    },
    scales: tf.randomUniform<tf.Rank.R2>([3, heads], 0.2, 0.6, "float32", 5),
  };
}

type Flat = Record<"qkv" | "scales", ArrayLike<number>> & Record<keyof Positions, ArrayLike<number> | null>;

const flatten = ({ qkv, relative, scales }: LocalAttentionInputs): Flat => ({
  ...{ qkv: qkv.dataSync(), scales: scales.dataSync() },
  query: relative.query?.dataSync() ?? null,
  key: relative.key?.dataSync() ?? null,
  value: relative.value?.dataSync() ?? null,
});

/** Equation 3 as loops in float64; equation 2 where key and value encodings are null. */
function naive({ qkv, query, key, value, scales }: Flat, { window }: LocalAttentionGeometry) {
  const perHead = 2 * keyDepth + valueDepth;
  const side = window.before + 1 + window.after;
  const content = new Float64Array(batch * height * width * heads * valueDepth);
  const position = new Float64Array(content.length);
  const weights = new Float64Array(batch * height * width * heads * side * side);
  const seen: number[][][] = [0, 1, 2].map(() => Array.from({ length: heads }, () => []));
  for (let b = 0; b < batch; b++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let n = 0; n < heads; n++) {
          const place = (b * height + y) * width + x;
          const at = (i: number, j: number, channel: number) =>
            qkv[((b * height + i) * width + j) * heads * perHead + n * perHead + channel];
          const logits = new Map<number, number>();
          for (let dy = -window.before; dy <= window.after; dy++)
            for (let dx = -window.before; dx <= window.after; dx++) {
              const [i, j] = [y + dy, x + dx];
              if (i < 0 || i >= height || j < 0 || j >= width) continue;
              const offset = (dy + window.before) * side + dx + window.before;
              const terms = [0, 0, 0];
              for (let d = 0; d < keyDepth; d++) {
                terms[0] += at(y, x, d) * at(i, j, keyDepth + d);
                if (query !== null) terms[1] += at(y, x, d) * query[offset * keyDepth + d];
                if (key !== null) terms[2] += at(i, j, keyDepth + d) * key[offset * keyDepth + d];
              }
              terms.forEach((term, t) => seen[t][n].push(term));
              logits.set(
                offset,
                terms.reduce((sum, term, t) => sum + scales[t * heads + n] * term, 0),
              );
            }
          const largest = Math.max(...logits.values());
          const total = [...logits.values()].reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
          for (const [offset, logit] of logits) {
            const weight = Math.exp(logit - largest) / total;
            weights[(place * heads + n) * side * side + offset] = weight;
            const [i, j] = [y + Math.floor(offset / side) - window.before, x + (offset % side) - window.before];
            for (let d = 0; d < valueDepth; d++) {
              content[(place * heads + n) * valueDepth + d] += weight * at(i, j, 2 * keyDepth + d);
              if (value !== null)
                position[(place * heads + n) * valueDepth + d] += weight * value[offset * valueDepth + d];
            }
          }
        }
  const mean = seen.flatMap((heads) => heads.map((terms) => terms.reduce((sum, x) => sum + x, 0) / terms.length));
  const variance = seen.flatMap((ofTerm, t) =>
    ofTerm.map((terms, n) => terms.reduce((sum, x) => sum + (x - mean[t * heads + n]) ** 2, 0) / terms.length),
  );
  return { content, position, weights, mean, variance, pairs: seen[0][0].length };
}

const windows = { "3 x 3": [1, 1], "4 x 4": [1, 2], "that covers the image": [6, 6], "of one place": [0, 0] } as const;

describe("local attention", () => {
  before(async () => void (await engine.start()));
  after(() => engine.stop());

  for (const [name, [before, after]] of Object.entries(windows))
    for (const [kind, attend, statistics] of [
      ["", localAttention, localSimilarityStatistics],
      [", composed of single operations,", composedLocalAttention, composedLocalSimilarityStatistics],
    ] as const)
      it(`in a window ${name}${kind} equals the loops of equation 3`, () =>
        tf.tidy(() => {
          const geometry = geometryOf(before, after);
          const inputs = makeInputs(geometry);
          const expected = naive(flatten(inputs), geometry);
          const { content, position } = attend(inputs, geometry);
          assert.deepEqual(content.shape, [batch, height, width, heads * valueDepth]);
          assertClose(content, expected.content, 3e-6, "content");
          assertClose(position!, expected.position, 3e-6, "position");
          const { mean, variance } = statistics(inputs, geometry);
          assertClose(mean, expected.mean, 3e-6, "mean");
          assertClose(variance, expected.variance, 3e-6, "variance");
          assert.equal(batch * countLocalPairs(height, width, geometry), expected.pairs);
          const weights = localAttentionWeights(inputs, geometry);
          assertClose(weights, expected.weights, 3e-6, "weights");
        }));

  for (const positions of [
    { query: true, key: false, value: false },
    { query: false, key: false, value: false },
    { query: false, key: true, value: true },
  ])
    it(`with ${JSON.stringify(positions)} leaves the other terms out`, () =>
      tf.tidy(() => {
        const geometry = geometryOf(2, 2);
        const inputs = makeInputs(geometry, positions);
        const expected = naive(flatten(inputs), geometry);
        const { content, position } = localAttention(inputs, geometry);
        assertClose(content, expected.content);
        if (positions.value) assertClose(position!, expected.position);
        else assert.equal(position, null);
        assertClose(localSimilarityStatistics(inputs, geometry).variance, expected.variance);
      }));

  it("with a window that covers the image and no positions equals global attention", () =>
    tf.tidy(() => {
      const geometry = geometryOf(6, 6);
      const inputs = makeInputs(geometry, { query: false, key: false, value: false });
      const scales = inputs.scales.slice([0, 0], [1, heads]).reshape<tf.Tensor1D>([heads]);
      assertClose(localAttention(inputs, geometry).content, globalAttention(inputs.qkv, scales, geometry), 3e-6);
      const weights = globalAttentionWeights(inputs.qkv, scales, geometry);
      assert.deepEqual(weights.shape, [batch, heads, height, width, height, width]);
      assertClose(weights.sum([4, 5]), tf.ones([batch, heads, height, width]));
    }));

  it("has the gradient that finite differences of the loops have", () =>
    tf.tidy(() => {
      const geometry = geometryOf(1, 2);
      const inputs = makeInputs(geometry);
      const tensors = [inputs.qkv, inputs.relative.query!, inputs.relative.key!, inputs.relative.value!, inputs.scales];
      const shape = [batch, height, width, heads * valueDepth];
      const [onContent, onPosition, onVariance] = [normal(shape, 21), normal(shape, 22), normal([3, heads], 23)];
      const gradients = tf.grads((...args: tf.Tensor[]) => {
        const [qkv, query, key, value, scales] = args;
        const moved = { qkv, relative: { query, key, value }, scales } as LocalAttentionInputs;
        const { content, position } = localAttention(moved, geometry);
        const { variance } = localSimilarityStatistics(moved, geometry);
        const parts = [content.mul(onContent), position!.mul(onPosition), variance.mul(onVariance)];
        return tf.addN<tf.Scalar>(parts.map((part) => part.sum<tf.Scalar>()));
      })(tensors);
      const directions = tensors.map((tensor, index) => normal(tensor.shape, 31 + index).dataSync());
      const flat = flatten(inputs);
      const along = (step: number) => {
        const moved = (data: ArrayLike<number>, index: number) =>
          Float64Array.from(data, (x, i) => x + step * directions[index][i]);
        const out = naive(
          {
            ...{ qkv: moved(flat.qkv, 0), query: moved(flat.query!, 1), key: moved(flat.key!, 2) },
            ...{ value: moved(flat.value!, 3), scales: moved(flat.scales, 4) },
          },
          geometry,
        );
        return (
          dot(out.content, onContent.dataSync()) +
          dot(out.position, onPosition.dataSync()) +
          dot(out.variance, onVariance.dataSync())
        );
      };
      const numeric = (along(1e-5) - along(-1e-5)) / 2e-5;
      const analytic = gradients.reduce((sum, gradient, index) => sum + dot(gradient.dataSync(), directions[index]), 0);
      const magnitude = gradients.reduce((sum, gradient) => sum + gradient.square().sum().dataSync()[0], 0);
      assert.ok(Math.abs(analytic - numeric) < 3e-5 * Math.sqrt(magnitude), `${analytic} is not ${numeric}`);
    }));

  it("leaves no tensor behind", () => {
    const geometry = geometryOf(1, 1);
    const inputs = makeInputs(geometry);
    const before = tf.memory().numTensors;
    const gradient = tf.grad((x) =>
      localAttention({ ...inputs, qkv: x as tf.Tensor4D }, geometry)
        .content.square()
        .sum(),
    );
    tf.dispose(Object.values(localAttention(inputs, geometry)));
    tf.dispose(Object.values(localSimilarityStatistics(inputs, geometry)));
    tf.dispose([gradient(inputs.qkv), localAttentionWeights(inputs, geometry)]);
    assert.equal(tf.memory().numTensors, before);
    tf.dispose([inputs.qkv, inputs.scales, ...Object.values(inputs.relative).flatMap((table) => table ?? [])]);
  });

  it("says which tensor does not fit, and what would", () =>
    tf.tidy(() => {
      const geometry = geometryOf(1, 1);
      const inputs = makeInputs(geometry);
      const { relative } = inputs;
      const refuses = (changed: LocalAttentionInputs, other: LocalAttentionGeometry, message: RegExp) =>
        assert.throws(() => localAttention(changed, other), message);
      refuses(inputs, { ...geometry, heads: 2 }, /got qkv \[2, 7, 6, 39\], heads=2.*project to 26 channels/);
      refuses(
        { ...inputs, relative: { ...relative, key: relative.value } },
        geometry,
        /must be .* \[9, 4\], got \[9, 5\]/,
      );
      refuses(inputs, geometryOf(-1, 1), /a window must hold the query's own place/);
      assert.throws(() => localAttention(inputs, geometryOf(2, 2)), ShapeError);
    }));
});

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** Input channels; window. */
const [channels, side] = [7, 5];
const image = (seed = 9) => normal([batch, height, width, channels], seed) as tf.Tensor4D;
const weight = (layer: tf.layers.Layer, name: string) =>
  layer.weights.find(({ originalName }) => originalName === `${layer.name}/${name}`);

/** The layer without norms from its weights: projection, encodings put together by hand, loops. */
function byHand(layer: tf.layers.Layer, x: tf.Tensor4D, geometry: LocalAttentionGeometry): Float64Array {
  const data = (name: string) => weight(layer, name)?.read().arraySync() as number[][] | undefined;
  const table = (name: keyof Positions) => {
    const [rows, columns] = [data(`relative_${name}_rows`), data(`relative_${name}_columns`)];
    if (rows === undefined || columns === undefined) return null;
    return rows.flatMap((row) => columns.flatMap((column) => [...row, ...column]));
  };
  const kernel = weight(layer, "projection")!.read() as tf.Tensor2D;
  const bias = weight(layer, "projection_bias")?.read() ?? tf.scalar(0);
  const qkv = x.reshape<tf.Tensor2D>([-1, channels]).matMul(kernel).add(bias).dataSync();
  const flat = { qkv, scales: new Float32Array(3 * heads).fill(1) };
  const { content, position } = naive(
    { ...flat, query: table("query"), key: table("key"), value: table("value") },
    geometry,
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
      assertClose(layer.apply(x) as tf.Tensor, byHand(layer, x, geometryOf(2, 2)), 3e-6);
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
