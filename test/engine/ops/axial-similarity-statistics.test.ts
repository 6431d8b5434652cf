import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../src/engine/index.js";
import type { SimilarityStatistics } from "../../../src/engine/ops/attention.js";
import { fusedAxialSimilarityStatistics } from "../../../src/engine/ops/axial-similarity-statistics.js";
import { assertClose } from "../../helpers/compare.js";
import { loops, problem, tensorsOf, type Problem } from "./axial-attention-problem.js";
import { differences, randomNumbers, runWithGradients, weigh, type Arrays } from "./tensors-against-loops.js";

/** Weights that differ for mean and variance, for each term and head. */
const weightsFor = ({ heads }: Problem) => ({
  mean: randomNumbers(3 * heads, 79),
  variance: randomNumbers(3 * heads, 83),
});

const statisticsByLoops = (given: Problem): Arrays => {
  const { mean, variance } = loops(given);
  return { mean, variance };
};

function run(given: Problem): Record<string, Float32Array> {
  return tf.tidy(() => {
    const { qkv, relative } = tensorsOf(given);
    const inputs = Object.entries({ qkv, query: relative.query, key: relative.key }).filter(([, there]) => there);
    return runWithGradients(
      Object.fromEntries(inputs) as Record<string, tf.Tensor>,
      ({ qkv, query, key }) => {
        const tables = { query: (query as tf.Tensor2D) ?? null, key: (key as tf.Tensor2D) ?? null, value: null };
        const statistics = fusedAxialSimilarityStatistics({ qkv: qkv as tf.Tensor4D, relative: tables }, given);
        assert.ok(statistics, "the engine has the kernel");
        return { ...statistics };
      },
      weightsFor(given),
    );
  });
}

function assertEqualsLoops(given: Problem): void {
  const actual = run(given);
  const expected = statisticsByLoops(given);
  assertClose(actual.mean, expected.mean, 1e-6, "mean");
  assertClose(actual.variance, expected.variance, 1e-6, "variance");
  for (const name of ["qkv", "query", "key"] as const) {
    const numbers = given.values[name];
    if (numbers === null) continue;
    const gradient = differences(numbers, () => weigh(statisticsByLoops(given), weightsFor(given)), 1e-3);
    // Small for the many pairs that each is an average over, so measured against its own size.
    const size = gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
    const scaled = (values: Iterable<number>) => Float64Array.from(values, (value) => value / size);
    assertClose(scaled(actual[`d ${name}`]), scaled(gradient), 2e-6, `gradient with respect to ${name}`);
  }
}

const prefix = <T>(word: string, entries: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(entries).map(([name, value]) => [word + name, value]));

describe("fused similarity statistics", () => {
  before(() => engine.start({ threads: 3 }));
  after(() => engine.stop());

  const all = { query: true, key: true, value: true };
  const base = { shape: [2, 5, 3], heads: 3, keyDepth: 3, valueDepth: 5, tables: all } as const;

  it("equal loops in float64, values and gradients", () => {
    assertEqualsLoops(problem(base));
    assertEqualsLoops(problem({ ...base, shape: [3, 7, 1], heads: 4, keyDepth: 4, valueDepth: 2 }));
  });

  for (const length of [1, 2, 3, 11])
    it(`equal loops at length ${length}`, () => {
      assertEqualsLoops(problem({ ...base, shape: [2, length, 1], heads: 1, keyDepth: 2, valueDepth: 3 }));
    });

  for (const keyDepth of [1, 5, 8, 11])
    it(`equal loops at depth ${keyDepth}`, () => {
      assertEqualsLoops(problem({ ...base, shape: [1, 5, 2], heads: 2, keyDepth, valueDepth: 1 }));
    });

  for (const [length, keyDepth] of [
    [16, 4],
    [17, 3],
    [19, 1],
    [32, 7],
  ])
    it(`equal loops on a long axis, by Gram matrices, at length ${length} and depth ${keyDepth}`, () => {
      assertEqualsLoops(
        problem({ ...base, shape: [1, length, 1], heads: keyDepth === 3 ? 5 : 1, keyDepth, valueDepth: 1 }),
      );
    });

  for (const [before, behind] of [
    [0, 0],
    [1, 1],
    [3, 0],
    [0, 2],
    [2, 5],
    [6, 5],
    [99, 99],
  ])
    it(`equal loops in a window of ${before} before and ${behind} after`, () => {
      for (const length of [6, 7])
        assertEqualsLoops(
          problem({ ...base, shape: [1, length, 2], heads: 2, window: { before, after: behind }, seed: length }),
        );
    });

  for (const tables of [
    { query: false, key: false, value: true },
    { query: true, key: false, value: false },
    { query: false, key: true, value: false },
  ])
    it(`are zero for terms that are left out, with tables ${JSON.stringify(tables)}`, () => {
      const given = problem({ ...base, tables });
      assertEqualsLoops(given);
      const { mean, variance } = run(given);
      for (const [term, there] of [
        [1, tables.query],
        [2, tables.key],
      ] as const)
        for (const values of [mean, variance])
          assert.equal(
            values.slice(3 * term, 3 * term + 3).every((value) => value === 0),
            !there,
          );
    });

  for (const [length, spread] of [
    [13, 1 / 10],
    [17, 1 / 50],
  ])
    it(`keep the digits of a variance beside a mean far from zero, at length ${length}`, () => {
      const given = problem({ ...base, shape: [3, length, 5] });
      const { qkv, query, key } = given.values;
      for (const numbers of [qkv, query!, key!])
        numbers.forEach((x, index) => (numbers[index] = Math.fround(9 + x * spread)));
      const actual = run(given);
      const expected = statisticsByLoops(given);
      expected.variance.forEach((variance, index) => {
        assert.ok(expected.mean[index] > 100 * Math.sqrt(variance), "a hundred times further than it is wide");
        assertClose([actual.variance[index] / variance], [1], 1e-5, `variance ${index}`);
      });
    });

  it("are repeatable bit for bit, and equal to rounding whatever the number of threads", async () => {
    const given = problem({ ...base, shape: [5, 31, 7], heads: 5, keyDepth: 8 });
    const long = problem({ ...base, shape: [5, 31, 7], heads: 5, keyDepth: 4 });
    const results: Record<string, Float32Array>[] = [];
    for (const threads of [1, 2, 3, 4]) {
      await engine.start({ threads });
      const first = [given, long].map(run);
      assert.deepEqual([given, long].map(run), first);
      results.push({ ...first[0], ...prefix("long ", first[1]) });
    }
    await engine.start({ threads: 3 });
    for (const other of results.slice(1))
      for (const [name, values] of Object.entries(results[0]))
        assertClose(other[name], Float64Array.from(values), 1e-6, name);
  });

  it("that pass qkv on add their gradient to that of what comes after, shared or not", () => {
    const given = problem({ ...base, shape: [2, 5, 3] });
    const weights = weightsFor(given);
    const { qkv, relative } = tensorsOf(given);
    const { query, key } = relative;
    const further = tf.randomNormal<tf.Rank.R4>(qkv.shape, 0, 1, "float32", 7);
    const weigh = ({ mean, variance }: SimilarityStatistics) =>
      mean
        .mul(tf.tensor2d(Float32Array.from(weights.mean), mean.shape))
        .sum()
        .add(variance.mul(tf.tensor2d(Float32Array.from(weights.variance), variance.shape)).sum());
    const tables = (q: tf.Tensor, k: tf.Tensor) => ({ query: q as tf.Tensor2D, key: k as tf.Tensor2D, value: null });
    const apart = tf.grads((x, q, k) => {
      const statistics = fusedAxialSimilarityStatistics({ qkv: x as tf.Tensor4D, relative: tables(q, k) }, given)!;
      return weigh(statistics).add(x.mul(further).sum());
    })([qkv, query!, key!]);
    // A view's gradient shares the memory of the gradient that comes to it; another use makes it a sum of its own.
    const uses: ((x: tf.Tensor) => tf.Scalar)[] = [
      (x) => x.mul<tf.Tensor>(further).sum(),
      (x) =>
        x
          .reshape([-1])
          .mul<tf.Tensor>(further.reshape([-1]))
          .sum(),
      (x) =>
        x
          .mul<tf.Tensor>(further.mul(0.5))
          .add(x.mul(further.mul(0.5)))
          .sum(),
    ];
    for (const use of uses) {
      const passing = tf.grads((x, q, k) => {
        const attrs = { ...given, tables: { query: true, key: true, value: false }, passesOn: true };
        const [mean, variance, passed] = tf
          .engine()
          .runKernel<tf.Tensor2D[]>("AxialSimilarityStatistics", [x, q, k] as unknown as tf.NamedTensorMap, attrs);
        return weigh({ mean, variance }).add(use(passed));
      })([qkv, query!, key!]);
      passing.forEach((gradient, index) =>
        assertClose(gradient.dataSync(), Float64Array.from(apart[index].dataSync()), 1e-6, `gradient ${index}`),
      );
      tf.dispose(passing);
    }
    tf.dispose([qkv, further, ...apart, query!, key!, relative.value!]);
  });

  it("leave no tensor behind", () => {
    const given = problem(base);
    run(given);
    const earlier = tf.memory().numTensors;
    run(given);
    assert.equal(tf.memory().numTensors, earlier);
  });
});
