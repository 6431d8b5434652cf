import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../src/engine/index.js";
import type { AttentionInputs } from "../../../src/engine/ops/attention.js";
import { fusedLocalAttention } from "../../../src/engine/ops/local-attention.js";
import { assertClose } from "../../helpers/compare.js";
import { loops, problem, tensorsOf, type Problem } from "./local-attention-problem.js";
import { differences, randomNumbers, runWithGradients, weigh, type Arrays } from "./tensors-against-loops.js";

function run(given: Problem, weights: Arrays): Record<string, Float32Array> {
  return tf.tidy(() =>
    runWithGradients(
      tensorsOf(given),
      ({ qkv, scales, query, key, value }): Record<string, tf.Tensor> => {
        const relative = { query: query ?? null, key: key ?? null, value: value ?? null };
        const outputs = fusedLocalAttention({ qkv, scales, relative } as AttentionInputs, given);
        assert.ok(outputs, "the engine has the kernel");
        const { content, position } = outputs;
        return position === null ? { content } : { content, position };
      },
      weights,
    ),
  );
}

function weightsFor({ shape, heads, valueDepth }: Problem): Arrays {
  const count = shape[0] * shape[1] * shape[2] * heads * valueDepth;
  return { content: randomNumbers(count, 71), position: randomNumbers(count, 73) };
}

const outputsByLoops = (given: Problem): Arrays => {
  const { content, position } = loops(given);
  return given.values.value === undefined ? { content } : { content, position };
};

function assertEqualsLoops(given: Problem): void {
  const weights = weightsFor(given);
  const actual = run(given, weights);
  const expected = outputsByLoops(given);
  assert.equal("position" in actual, "position" in expected);
  for (const [name, values] of Object.entries(expected)) assertClose(actual[name], values, 3e-6, name);
  for (const [name, numbers] of Object.entries(given.values)) {
    const gradient = differences(numbers, () => weigh(outputsByLoops(given), weights));
    assertClose(actual[`d ${name}`], gradient, 5e-6, `gradient with respect to ${name}`);
  }
}

describe("fused local attention", () => {
  before(() => engine.start({ threads: 3 }));
  after(() => engine.stop());

  const base = { shape: [1, 5, 7], heads: 2, keyDepth: 3, valueDepth: 2, window: { before: 1, after: 1 } } as const;

  it("equals loops in float64, values and gradients", () => {
    assertEqualsLoops(problem(base));
    assertEqualsLoops(problem({ ...base, shape: [2, 3, 5], heads: 3, keyDepth: 4, valueDepth: 5 }));
  });

  for (const [height, width] of [
    [1, 1],
    [1, 5],
    [5, 1],
    [2, 3],
    [7, 2],
  ] as const)
    it(`equals loops in an image of ${height} x ${width}`, () => {
      for (const window of [base.window, { before: 2, after: 2 }, { before: 3, after: 3 }])
        assertEqualsLoops(problem({ ...base, shape: [1, height, width], window }));
    });

  for (const [before, behind] of [
    [0, 0],
    [0, 1],
    [2, 1],
    [1, 3],
    [6, 6],
  ])
    it(`equals loops in a window of ${before} before and ${behind} after`, () => {
      assertEqualsLoops(problem({ ...base, shape: [1, 4, 5], window: { before, after: behind } }));
    });

  for (const tables of [[], ["query"], ["key"], ["value"], ["query", "value"], ["key", "value"], ["query", "key"]])
    it(`equals loops with ${tables.join(" and ") || "no"} encodings`, () => {
      assertEqualsLoops(problem({ ...base, shape: [1, 4, 5], tables }));
    });

  it("is repeatable bit for bit, and equal to rounding whatever the number of threads", async () => {
    const given = problem({ ...base, shape: [3, 13, 17], heads: 3, window: { before: 2, after: 3 } });
    const weights = weightsFor(given);
    const results: Record<string, Float32Array>[] = [];
    for (const threads of [1, 2, 3, 4]) {
      await engine.start({ threads });
      const first = run(given, weights);
      assert.deepEqual(run(given, weights), first);
      results.push(first);
    }
    await engine.start({ threads: 3 });
    for (const other of results.slice(1))
      for (const [name, values] of Object.entries(results[0]))
        assertClose(other[name], Float64Array.from(values), 2e-6, name);
    assert.deepEqual(results[3].content, results[0].content);
  });

  it("survives extreme logits", () => {
    const given = problem({ ...base, shape: [1, 4, 5] });
    given.values.scales.forEach((scale, index) => (given.values.scales[index] = scale * 1e6));
    const actual = run(given, weightsFor(given));
    for (const [name, values] of Object.entries(actual)) assert.ok(values.every(Number.isFinite), name);
    assertClose(actual.content, loops(given).content, 1e-2, "content");
  });

  it("spreads not-a-number no further than the windows and their neighbours reach", () => {
    const given = problem({ ...base, shape: [1, 9, 9], heads: 1 });
    const channels = 2 * given.keyDepth + given.valueDepth;
    given.values.qkv[(4 * 9 + 4) * channels + given.keyDepth] = NaN;
    const { content } = run(given, weightsFor(given));
    for (let y = 0; y < 9; y++)
      for (let x = 0; x < 9; x++) {
        const value = content[(y * 9 + x) * given.valueDepth];
        const [dy, dx] = [Math.abs(y - 4), Math.abs(x - 4)];
        if (dy <= 1 && dx <= 1) assert.ok(Number.isNaN(value), `${y}, ${x} sees it`);
        else if (dy > 1 || dx > 2) assert.ok(Number.isFinite(value), `${y}, ${x} does not`);
      }
  });

  it("leaves no tensor behind", () => {
    const given = problem(base);
    run(given, weightsFor(given));
    const earlier = tf.memory().numTensors;
    run(given, weightsFor(given));
    assert.equal(tf.memory().numTensors, earlier);
  });
});
