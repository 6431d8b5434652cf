import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";
import { ShapeError } from "../../src/core/errors.js";
import {
  axialAttentionWeights,
  axialAttention,
  composedAxialAttention,
  composedAxialSimilarityStatistics,
  countPairs,
  normedAxialAttention,
  axialSimilarityStatistics,
} from "../../src/functions/axial-attention.js";
import type { AttentionGeometry, AttentionInputs } from "../../src/functions/attention.js";
import { assertClose } from "../helpers/compare.js";
import { axialAttentionLoops, type AxialLoopInputs } from "./axial-attention-loops.js";

/** O, L, I, N, Dq, Dv: no two alike, so that no swapped axis can pass. */
const [outer, length, inner, heads, keyDepth, valueDepth] = [2, 11, 3, 5, 4, 7];
const geometry: AttentionGeometry = {
  heads,
  keyDepth,
  valueDepth,
  window: { before: length - 1, after: length - 1 },
};
const windows = {
  "the whole axis": geometry.window,
  "a local window": { before: 2, after: 3 },
  "a window that only looks back": { before: length - 1, after: 0 },
  "nothing but itself": { before: 0, after: 0 },
};

type Positions = Record<"query" | "key" | "value", boolean>;
const all: Positions = { query: true, key: true, value: true };

/** Seeded inputs; the caller disposes what `tensors` holds. */
function makeInputs(positions: Positions = all, axis = length): AttentionInputs {
  const rows = 2 * axis - 1;
  const normal = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, "float32", seed);
  return {
    qkv: normal([outer, axis, inner, heads * (2 * keyDepth + valueDepth)], 1) as tf.Tensor4D,
    relative: {
      query: positions.query ? (normal([rows, keyDepth], 2) as tf.Tensor2D) : null,
      key: positions.key ? (normal([rows, keyDepth], 3) as tf.Tensor2D) : null,
      value: positions.value ? (normal([rows, valueDepth], 4) as tf.Tensor2D) : null,
    },
    scales: tf.randomUniform<tf.Rank.R2>([3, heads], 0.2, 0.6, "float32", 5),
  };
}

/** The same for the loops. */
function arraysOf(inputs: AttentionInputs): AxialLoopInputs {
  const data = (tensor: tf.Tensor | null) => tensor?.dataSync() ?? null;
  return {
    outer,
    length: inputs.qkv.shape[1],
    inner,
    qkv: inputs.qkv.dataSync(),
    query: data(inputs.relative.query),
    key: data(inputs.relative.key),
    value: data(inputs.relative.value),
    scales: inputs.scales.dataSync(),
  };
}

describe("axial attention", () => {
  before(async () => void (await engine.start()));
  after(() => engine.stop());

  for (const [name, window] of Object.entries(windows))
    for (const [kind, attend, statistics] of [
      ["", axialAttention, axialSimilarityStatistics],
      [", composed of single operations,", composedAxialAttention, composedAxialSimilarityStatistics],
    ] as const)
      it(`over ${name}${kind} equals the loops of the equation`, () =>
        tf.tidy(() => {
          const inputs = makeInputs();
          const expected = axialAttentionLoops(arraysOf(inputs), { ...geometry, window });
          const { content, position } = attend(inputs, { ...geometry, window });
          assert.deepEqual(content.shape, [outer, length, inner, heads * valueDepth]);
          assertClose(content, expected.content, 3e-6, "content");
          assertClose(position!, expected.position, 3e-6, "position");
          const { mean, variance } = statistics(inputs, { ...geometry, window });
          assertClose(mean, expected.mean, 3e-6, "mean");
          assertClose(variance, expected.variance, 3e-6, "variance");
        }));

  for (const absent of ["query", "key", "value"] as const)
    it(`without ${absent} encodings leaves that term out`, () =>
      tf.tidy(() => {
        const inputs = makeInputs({ ...all, [absent]: false });
        const expected = axialAttentionLoops(arraysOf(inputs), geometry);
        const { content, position } = axialAttention(inputs, geometry);
        assertClose(content, expected.content);
        if (absent === "value") assert.equal(position, null);
        else assertClose(position!, expected.position);
        assertClose(axialSimilarityStatistics(inputs, geometry).variance, expected.variance);
      }));

  for (const places of [length, 1])
    it(`behind a norm of its own similarities goes by their variances, with ${places} places, values and gradients`, () =>
      tf.tidy(() => {
        const { qkv, relative } = makeInputs(all, places);
        const epsilon = 1e-3;
        const gamma = tf.randomUniform<tf.Rank.R2>([3, heads], 0.5, 2, "float32", 43);
        const inputs = [qkv, relative.query!, relative.key!, relative.value!, gamma];
        const [value, ...rest] = [47, 53, 59, 61].map((seed) => tf.randomNormal([], 0, 1, "float32", seed));
        const weigh = (outputs: ReturnType<typeof normedAxialAttention>) =>
          tf.addN([
            outputs.content.square().sum().mul(value),
            outputs.position!.sin().sum().mul(rest[0]),
            outputs.statistics.mean.square().sum().mul(rest[1]),
            outputs.statistics.variance.sum().mul(rest[2]),
          ]);
        const named = ([qkv, query, key, value]: tf.Tensor[]) => {
          const tables = { query: query as tf.Tensor2D, key: key as tf.Tensor2D, value: value as tf.Tensor2D };
          return { qkv: qkv as tf.Tensor4D, relative: tables };
        };
        const normed = tf.valueAndGrads((...given: tf.Tensor[]) =>
          weigh(normedAxialAttention(named(given), { gamma: given[4] as tf.Tensor2D, epsilon }, geometry)),
        )(inputs);
        const apart = tf.valueAndGrads((...given: tf.Tensor[]) => {
          const statistics = composedAxialSimilarityStatistics(named(given), geometry);
          const scales = given[4].div<tf.Tensor2D>(statistics.variance.add(epsilon).sqrt());
          return weigh({ ...composedAxialAttention({ ...named(given), scales }, geometry), statistics });
        })(inputs);
        assertClose(normed.value, apart.value.dataSync(), 2e-5);
        normed.grads.forEach((gradient, index) => {
          const greatest = apart.grads[index].abs().max().maximum(1e-6); // of one place that of gamma is zero
          assertClose(gradient.div(greatest), apart.grads[index].div(greatest).dataSync(), 2e-5, `gradient ${index}`);
        });
      }));

  it("works on an axis of one place", () =>
    tf.tidy(() => {
      const inputs = makeInputs(all, 1);
      const expected = axialAttentionLoops(arraysOf(inputs), geometry);
      const { content, position } = axialAttention(inputs, geometry);
      assertClose(content, expected.content);
      assertClose(position!, expected.position);
      assertClose(axialAttentionWeights(inputs, geometry), new Float32Array(outer * inner * heads).fill(1));
    }));

  it("on an axis of one place has gradients of exactly zero with respect to queries, keys, their encodings and the factors", () =>
    tf.tidy(() => {
      const { qkv, relative, scales } = makeInputs(all, 1);
      const [dQkv, dQuery, dKey, dValue, dScales] = tf.grads((...given: tf.Tensor[]) => {
        const [qkv, query, key, value, scales] = given as [tf.Tensor4D, ...tf.Tensor2D[]];
        const { content, position } = axialAttention({ qkv, relative: { query, key, value }, scales }, geometry);
        return content.square().sum().add(position!.square().sum());
      })([qkv, relative.query!, relative.key!, relative.value!, scales]);
      const [dQueriesAndKeys, dValues] = dQkv
        .reshape([-1, 2 * keyDepth + valueDepth])
        .split([2 * keyDepth, valueDepth], 1);
      for (const zero of [dQueriesAndKeys, dQuery, dKey, dScales])
        assert.ok(zero.dataSync().every((gradient) => Math.abs(gradient) === 0));
      for (const other of [dValues, dValue]) assert.ok(other.abs().min().dataSync()[0] > 0);
    }));

  it("gives the weights of every head, each row a distribution over the keys in the window", () =>
    tf.tidy(() => {
      const inputs = makeInputs();
      const local = { ...geometry, window: windows["a local window"] };
      const weights = axialAttentionWeights(inputs, local);
      assert.deepEqual(weights.shape, [outer, inner, heads, length, length]);
      assertClose(weights, axialAttentionLoops(arraysOf(inputs), local).weights);
      assertClose(weights.sum(4), new Float32Array(outer * inner * heads * length).fill(1));
    }));

  it("with a window that covers the axis equals global attention", () =>
    tf.tidy(() => {
      const inputs = makeInputs();
      const covering = { ...geometry, window: { before: length + 5, after: length - 1 } };
      assertClose(axialAttention(inputs, covering).content, axialAttention(inputs, geometry).content, 0);
      assert.equal(countPairs(length, covering.window), length * length);
    }));

  it("permutes its output with its heads", () =>
    tf.tidy(() => {
      const inputs = makeInputs();
      const order = [3, 0, 4, 2, 1];
      const permute = (x: tf.Tensor, axis: number, depth: number) =>
        tf.concat(order.map((head) => x.slice(begin(x, axis, head * depth), size(x, axis, depth))), axis); // prettier-ignore
      const begin = (x: tf.Tensor, axis: number, at: number) => x.shape.map((_, index) => (index === axis ? at : 0));
      const size = (x: tf.Tensor, axis: number, depth: number) =>
        x.shape.map((s, index) => (index === axis ? depth : s));
      const permuted = axialAttention(
        {
          ...inputs,
          qkv: permute(inputs.qkv, 3, 2 * keyDepth + valueDepth) as tf.Tensor4D,
          scales: permute(inputs.scales, 1, 1) as tf.Tensor2D,
        },
        geometry,
      );
      const plain = axialAttention(inputs, geometry);
      assertClose(permuted.content, permute(plain.content, 3, valueDepth), 1e-6);
      assertClose(permuted.position!, permute(plain.position!, 3, valueDepth), 1e-6);
    }));

  for (const [name, window] of Object.entries(windows))
    it(`over ${name} has the gradient that finite differences of the loops have`, () =>
      tf.tidy(() => checkGradient({ ...geometry, window })));

  it("leaves no tensor behind", () => {
    const inputs = makeInputs();
    const before = tf.memory().numTensors;
    const gradient = tf.grad((x) =>
      axialAttention({ ...inputs, qkv: x as tf.Tensor4D }, geometry)
        .content.square()
        .sum(),
    );
    tf.dispose(Object.values(axialAttention(inputs, geometry)));
    tf.dispose(Object.values(axialSimilarityStatistics(inputs, geometry)));
    tf.dispose([gradient(inputs.qkv), axialAttentionWeights(inputs, geometry)]);
    assert.equal(tf.memory().numTensors, before);
    tf.dispose([inputs.qkv, inputs.scales, ...Object.values(inputs.relative).flatMap((table) => table ?? [])]);
  });

  it("says which tensor does not fit, and what would", () => {
    tf.tidy(() => {
      const inputs = makeInputs();
      const { relative, scales } = inputs;
      assert.throws(
        () => axialAttention(inputs, { ...geometry, heads: 4 }),
        /qkv must be \[O, L, I, heads \* \(2 \* keyDepth \+ valueDepth\)\], got qkv \[2, 11, 3, 75\], heads=4.*project to 60/,
      );
      assert.throws(
        () => axialAttention({ ...inputs, relative: { ...relative, key: relative.value } }, geometry),
        /relative.key must be .* = \[21, 4\], got \[21, 7\]/,
      );
      assert.throws(
        () => axialAttention({ ...inputs, scales: scales.slice([0, 0], [2, 5]) }, geometry),
        /scales must be \[3, heads\] = \[3, 5\], got \[2, 5\]/,
      );
      assert.throws(() => axialAttention(inputs, { ...geometry, window: { before: -1, after: 2 } }), ShapeError);
    });
  });
});

/**
 * Along one random direction of all inputs at once, the derivative of a random projection of both outputs and the
 * variances must equal the central difference of the loops in float64.
 */
function checkGradient(geometry: AttentionGeometry): void {
  const inputs = makeInputs();
  const tensors = [inputs.qkv, inputs.relative.query!, inputs.relative.key!, inputs.relative.value!, inputs.scales];
  const assemble = ([qkv, query, key, value, scales]: tf.Tensor[]) =>
    ({ qkv, relative: { query, key, value }, scales }) as AttentionInputs;
  const normal = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, "float32", seed);
  const outputShape = [outer, length, inner, heads * valueDepth];
  const [onContent, onPosition] = [normal(outputShape, 21), normal(outputShape, 22)];
  const onVariance = normal([3, heads], 23);
  const gradients = tf.grads((...args: tf.Tensor[]) => {
    const { content, position } = axialAttention(assemble(args), geometry);
    const { variance } = axialSimilarityStatistics(assemble(args), geometry);
    const parts = [content.mul(onContent), position!.mul(onPosition), variance.mul(onVariance)];
    return tf.addN<tf.Scalar>(parts.map((part) => part.sum<tf.Scalar>()));
  })(tensors);

  const directions = tensors.map((tensor, index) => normal(tensor.shape, 31 + index).dataSync());
  const flat = arraysOf(inputs);
  const along = (step: number) => {
    const moved = (data: ArrayLike<number>, index: number) =>
      Float64Array.from(data, (x, i) => x + step * directions[index][i]);
    const out = axialAttentionLoops(
      {
        ...flat,
        qkv: moved(flat.qkv, 0),
        query: moved(flat.query!, 1),
        key: moved(flat.key!, 2),
        value: moved(flat.value!, 3),
        scales: moved(flat.scales, 4),
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
  const size = Math.sqrt(magnitude);
  assertClose([analytic / size], [numeric / size], 3e-6);
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
