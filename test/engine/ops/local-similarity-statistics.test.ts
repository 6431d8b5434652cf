import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../src/engine/index.js";
import { fusedLocalAttention, fusedNormedLocalAttention } from "../../../src/engine/ops/local-attention.js";
import { fusedLocalSimilarityStatistics } from "../../../src/engine/ops/local-similarity-statistics.js";
import { assertClose } from "../../helpers/compare.js";
import { loops, problem, tensorsOf, type Problem } from "./local-attention-problem.js";
import { differences, randomNumbers, runWithGradients, weigh, type Arrays } from "./tensors-against-loops.js";

const weightsFor = ({ heads }: Problem): Arrays => ({
  mean: randomNumbers(3 * heads, 79),
  variance: randomNumbers(3 * heads, 83),
});

/** Of the statistics' inputs alone: they know of no scales and of no values' encodings. */
function inputsOf(given: Problem): Record<string, tf.Tensor> {
  const { scales, value, ...inputs } = tensorsOf(given);
  tf.dispose([scales, value ?? []]);
  return inputs;
}

const statisticsByLoops = (given: Problem): Arrays => {
  const { mean, variance } = loops(given);
  return { mean, variance };
};

function statistics({ qkv, query, key }: Record<string, tf.Tensor>, given: Problem) {
  const relative = { query: (query as tf.Tensor2D) ?? null, key: (key as tf.Tensor2D) ?? null, value: null };
  const found = fusedLocalSimilarityStatistics({ qkv: qkv as tf.Tensor4D, relative }, given);
  assert.ok(found, "the engine has the kernel");
  return { ...found };
}

const run = (given: Problem): Record<string, Float32Array> =>
  tf.tidy(() => runWithGradients(inputsOf(given), (inputs) => statistics(inputs, given), weightsFor(given)));

function assertEqualsLoops(given: Problem): void {
  const actual = run(given);
  const expected = statisticsByLoops(given);
  assertClose(actual.mean, expected.mean, 1e-6, "mean");
  assertClose(actual.variance, expected.variance, 1e-6, "variance");
  for (const name of ["qkv", "query", "key"]) {
    const numbers = given.values[name];
    if (numbers === undefined) continue;
    const gradient = differences(numbers, () => weigh(statisticsByLoops(given), weightsFor(given)), 1e-3);
    // Small for the many pairs that each is an average over, so measured against its own size.
    const size = gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
    const scaled = (values: Iterable<number>) => Float64Array.from(values, (value) => value / size);
    assertClose(scaled(actual[`d ${name}`]), scaled(gradient), 2e-6, `gradient with respect to ${name}`);
  }
}

describe("fused local similarity statistics", () => {
  before(() => engine.start({ threads: 3 }));
  after(() => engine.stop());

  const base = { shape: [1, 5, 7], heads: 2, keyDepth: 3, valueDepth: 2, window: { before: 1, after: 1 } } as const;

  it("equal loops in float64, values and gradients", () => {
    assertEqualsLoops(problem(base));
    assertEqualsLoops(problem({ ...base, shape: [2, 3, 4], heads: 3, keyDepth: 5 }));
  });

  for (const [height, width] of [
    [1, 1],
    [1, 5],
    [5, 1],
    [2, 3],
  ] as const)
    it(`equal loops in an image of ${height} x ${width}`, () => {
      for (const window of [base.window, { before: 3, after: 3 }])
        assertEqualsLoops(problem({ ...base, shape: [1, height, width], window }));
    });

  for (const [before, behind] of [
    [0, 0],
    [0, 1],
    [2, 1],
    [1, 3],
  ])
    it(`equal loops in a window of ${before} before and ${behind} after`, () => {
      assertEqualsLoops(problem({ ...base, shape: [1, 4, 5], window: { before, after: behind } }));
    });

  for (const tables of [[], ["query"], ["key"]])
    it(`equal loops with ${tables.join(" and ") || "no"} encodings`, () => {
      assertEqualsLoops(problem({ ...base, shape: [1, 4, 5], tables }));
    });

  it("that pass qkv on to the attention add their gradient to its", () => {
    tf.tidy(() => {
      const given = problem({ ...base, shape: [2, 4, 5] });
      const { qkv, query, key } = inputsOf(given);
      const further = tf.randomNormal([2, 4, 5, given.heads * given.valueDepth]);
      const gamma = tf.randomUniform<tf.Rank.R2>([3, given.heads], 0.5, 2);
      const shifted = (x: tf.Tensor) => x.mul<tf.Tensor>(further).sum();
      const weights = tf.tensor2d(Float32Array.from(weightsFor(given).variance), [3, given.heads]);
      const relative = { query: query as tf.Tensor2D, key: key as tf.Tensor2D, value: null };
      const apart = tf.grad((x) => {
        const { variance } = statistics({ qkv: x, query, key }, given);
        const scales = gamma.div<tf.Tensor2D>(variance.add(1e-3).sqrt());
        const { content } = fusedLocalAttention({ qkv: x as tf.Tensor4D, relative, scales }, given)!;
        return variance.mul(weights).sum().add(shifted(content));
      })(qkv);
      const passing = tf.grad((x) => {
        const norm = { gamma, epsilon: 1e-3 };
        const passed = fusedNormedLocalAttention({ qkv: x as tf.Tensor4D, relative }, norm, given)!;
        return passed.statistics.variance.mul(weights).sum().add(shifted(passed.content));
      })(qkv);
      assertClose(passing.dataSync(), Float64Array.from(apart.dataSync()), 1e-6, "gradient");
    });
  });

  it("are repeatable bit for bit, and equal to rounding whatever the number of threads", async () => {
    const given = problem({ ...base, shape: [3, 13, 17], heads: 3, window: { before: 2, after: 3 } });
    const results: Record<string, Float32Array>[] = [];
    for (const threads of [1, 3, 4]) {
      await engine.start({ threads });
      const first = run(given);
      assert.deepEqual(run(given), first);
      results.push(first);
    }
    await engine.start({ threads: 3 });
    for (const other of results.slice(1))
      for (const [name, values] of Object.entries(results[0]))
        assertClose(other[name], Float64Array.from(values), 1e-6, name);
  });

  it("leave no tensor behind", () => {
    run(problem(base));
    const earlier = tf.memory().numTensors;
    run(problem(base));
    assert.equal(tf.memory().numTensors, earlier);
  });
});
