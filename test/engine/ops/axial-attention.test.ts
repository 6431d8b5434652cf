import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../src/engine/index.js";
import type { AttentionInputs } from "../../../src/engine/ops/attention.js";
import { fusedAxialAttention } from "../../../src/engine/ops/axial-attention.js";
import { assertClose } from "../../helpers/compare.js";
import { loops, problem, tensorsOf, type Problem } from "./axial-attention-problem.js";
import { differences, randomNumbers, runWithGradients, weigh, type Arrays } from "./tensors-against-loops.js";

/** Outputs, and gradients of sum(content * a + position * b), by name. */
function run(given: Problem, weights: Arrays, options?: { sum: boolean }): Record<string, Float32Array> {
  return tf.tidy(() => {
    const { qkv, scales, relative } = tensorsOf(given);
    const parameters = Object.entries({ qkv, scales, ...relative }).filter((entry) => entry[1] !== null);
    const compute = ({ qkv, scales, query, key, value }: Record<string, tf.Tensor>): Record<string, tf.Tensor> => {
      const relative = { query: query ?? null, key: key ?? null, value: value ?? null };
      const outputs = fusedAxialAttention({ qkv, scales, relative } as AttentionInputs, given, options);
      assert.ok(outputs, "the engine has the kernel");
      const { content, position } = outputs;
      return position === null ? { content } : { content, position };
    };
    return runWithGradients(Object.fromEntries(parameters) as Record<string, tf.Tensor>, compute, weights);
  });
}

function weightsFor({ shape, heads, valueDepth }: Problem) {
  const count = shape[0] * shape[1] * shape[2] * heads * valueDepth;
  return { content: randomNumbers(count, 71), position: randomNumbers(count, 73) };
}

/** Values and gradients equal the loops in float64; gradients with respect to central differences of those. */
function assertEqualsLoops(given: Problem, options?: { sum: boolean }): void {
  const weights = weightsFor(given);
  const actual = run(given, weights, options);
  const outputs = (): Arrays => {
    const { content, position } = loops(given);
    if (options?.sum && position !== null) return { content: content.map((x, place) => x + position[place]) };
    return position === null ? { content } : { content, position };
  };
  const expected = outputs();
  assert.equal("position" in actual, "position" in expected);
  for (const [name, values] of Object.entries(expected)) assertClose(actual[name], values, 3e-6, name);
  for (const [name, numbers] of Object.entries(given.values)) {
    if (numbers === null) continue;
    const gradient = differences(numbers, () => weigh(outputs(), weights));
    assertClose(actual[`d ${name}`], gradient, 5e-6, `gradient with respect to ${name}`);
  }
}

describe("fused axial attention", () => {
  before(() => engine.start({ threads: 3 }));
  after(() => engine.stop());

  const all = { query: true, key: true, value: true };
  const base = { shape: [2, 5, 3], heads: 3, keyDepth: 3, valueDepth: 5, tables: all } as const;

  it("equals loops in float64, values and gradients, all of a length along a middle axis", () => {
    assertEqualsLoops(problem(base));
  });

  it("equals loops along the last axis", () => {
    assertEqualsLoops(problem({ ...base, shape: [3, 7, 1], heads: 2, keyDepth: 4, valueDepth: 8 }));
  });

  for (const [keyDepth, valueDepth] of [
    [3, 5],
    [8, 16],
  ])
    it(`gives the sum of both outputs where asked to, depths ${keyDepth} and ${valueDepth}`, () => {
      assertEqualsLoops(problem({ ...base, keyDepth, valueDepth }), { sum: true });
    });

  it("has nothing to add up without value encodings", () => {
    assertEqualsLoops(problem({ ...base, tables: { ...all, value: false } }), { sum: true });
  });

  for (const length of [1, 2, 3, 4, 11])
    it(`equals loops at length ${length}`, () => {
      assertEqualsLoops(problem({ ...base, shape: [1, length, 1], heads: 1, keyDepth: 2, valueDepth: 3 }));
    });

  for (const [keyDepth, valueDepth] of [
    [1, 1],
    [5, 7],
    [8, 4],
    [7, 13],
    [13, 2],
  ])
    it(`equals loops at depths ${keyDepth} and ${valueDepth}`, () => {
      assertEqualsLoops(problem({ ...base, shape: [1, 5, 1], heads: 2, keyDepth, valueDepth }));
    });

  for (const [before, behind] of [
    [0, 0],
    [1, 1],
    [3, 0],
    [0, 2],
    [2, 5],
    [6, 0],
    [99, 99],
  ])
    it(`equals loops in a window of ${before} before and ${behind} after`, () => {
      for (const length of [6, 7])
        assertEqualsLoops(
          problem({ ...base, shape: [1, length, 1], heads: 2, window: { before, after: behind }, seed: length }),
        );
    });

  for (let mask = 0; mask < 7; mask++) {
    const tables = { query: (mask & 1) !== 0, key: (mask & 2) !== 0, value: (mask & 4) !== 0 };
    const names = Object.entries(tables).flatMap(([name, there]) => (there ? [name] : []));
    it(`equals loops with ${names.length > 0 ? names.join(" and ") : "no"} encodings`, () => {
      assertEqualsLoops(problem({ ...base, shape: [1, 5, 2], heads: 2, tables }));
      assertEqualsLoops(
        problem({ ...base, shape: [1, 7, 1], heads: 3, tables, window: { before: 2, after: 1 }, seed: 3 }),
      );
    });
  }

  it("survives extreme logits", () => {
    const given = problem({ ...base, shape: [1, 7, 2] });
    for (const factor of [1e2, 1e4, 1e15]) {
      const extreme = { ...given, values: { ...given.values, scales: given.values.scales.map((s) => s * factor) } };
      // What stands in float32 for the loops to read: at this size the rounding of a logit is all that matters.
      for (const name of ["qkv", "scales", "query", "key", "value"] as const)
        extreme.values[name] = Float64Array.from(Float32Array.from(extreme.values[name]!));
      const actual = run(extreme, weightsFor(extreme));
      for (const [name, values] of Object.entries(actual))
        assert.ok(values.every(Number.isFinite), `${name} at ${factor}`);
      assertClose(actual.content, loops(extreme).content, factor < 1e3 ? 1e-4 : 2e-2, `${factor}`);
    }
  });

  it("spreads not-a-number to the sequence and head that hold it, and no further", () => {
    const given = problem({ ...base, shape: [2, 5, 3] });
    const channels = given.heads * (2 * given.keyDepth + given.valueDepth);
    // A key of position 2 of sequence (1, 0), head 1.
    given.values.qkv[((1 * 5 + 2) * 3 + 0) * channels + (2 * given.keyDepth + given.valueDepth) + given.keyDepth] = NaN;
    const { content } = run(given, weightsFor(given));
    content.forEach((value, index) => {
      const place = Math.floor(index / given.valueDepth);
      const [head, inner, outer] = [place % 3, Math.floor(place / 3) % 3, Math.floor(place / 45)];
      assert.equal(Number.isNaN(value), head === 1 && inner === 0 && outer === 1, `value ${index}`);
    });
  });

  it("is repeatable bit for bit, and equal to rounding whatever the number of threads", async () => {
    const given = problem({ ...base, shape: [5, 31, 7], heads: 5, keyDepth: 4, valueDepth: 8 });
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

  it("gives the same with and without fused multiply-add", async () => {
    const given = problem({ ...base, shape: [2, 17, 3], window: { before: 5, after: 11 } });
    const weights = weightsFor(given);
    const relaxed = run(given, weights);
    await engine.start({ threads: 3, relaxedSimd: false });
    const plain = run(given, weights);
    await engine.start({ threads: 3 });
    for (const [name, values] of Object.entries(plain))
      assertClose(relaxed[name], Float64Array.from(values), 3e-6, name);
  });

  it("leaves no tensor behind", () => {
    const given = problem(base);
    const weights = weightsFor(given);
    run(given, weights);
    const earlier = tf.memory().numTensors;
    run(given, weights);
    assert.equal(tf.memory().numTensors, earlier);
  });

  it("answers null on a backend without the kernel", async () => {
    await engine.start({ backend: "cpu" });
    const given = problem(base);
    tf.tidy(() => assert.equal(fusedAxialAttention(tensorsOf(given), given), null));
    await engine.start({ threads: 3 });
  });
});
