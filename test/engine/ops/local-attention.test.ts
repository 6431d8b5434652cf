import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../src/engine/index.js";
import {
  fusedLocalAttention,
  type LocalAttentionGeometry,
  type LocalAttentionInputs,
} from "../../../src/engine/ops/local-attention.js";
import { randomNumbers } from "./axial-attention-naive.js";
import { assertClose, differences, runWithGradients, weigh, type Arrays } from "./tensors-against-loops.js";

interface Problem extends LocalAttentionGeometry {
  readonly shape: readonly [batch: number, height: number, width: number];
  readonly values: Arrays;
}

const names = ["query", "key", "value"] as const;

function problem(options: {
  readonly shape: Problem["shape"];
  readonly heads: number;
  readonly keyDepth: number;
  readonly valueDepth: number;
  readonly window: Problem["window"];
  readonly tables?: readonly string[];
}): Problem {
  const { tables = names, ...geometry } = options;
  const { shape, heads, keyDepth, valueDepth, window } = geometry;
  const side = window.before + 1 + window.after;
  const values: Arrays = {
    qkv: randomNumbers(shape[0] * shape[1] * shape[2] * heads * (2 * keyDepth + valueDepth), 1),
    scales: randomNumbers(3 * heads, 2).map((value) => Math.fround(value + 1.5)),
  };
  names.forEach((name, index) => {
    if (!tables.includes(name)) return;
    values[name] = randomNumbers(side * side * (name === "value" ? valueDepth : keyDepth), 3 + index);
  });
  return { ...geometry, values };
}

/** The equation as loops in float64. */
function naive({ shape, heads, keyDepth, valueDepth, window, values }: Problem): Arrays {
  const [batch, height, width] = shape;
  const channels = 2 * keyDepth + valueDepth;
  const side = window.before + 1 + window.after;
  const { qkv, scales, query, key, value } = values;
  const content = new Float64Array(batch * height * width * heads * valueDepth);
  const position = new Float64Array(value === undefined ? 0 : content.length);
  for (let b = 0; b < batch; b++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let n = 0; n < heads; n++) {
          const place = (row: number, column: number): number => ((b * height + row) * width + column) * heads + n;
          const seen: { key: number; row: number; logit: number }[] = [];
          for (let dy = -window.before; dy <= window.after; dy++)
            for (let dx = -window.before; dx <= window.after; dx++) {
              if (y + dy < 0 || y + dy >= height || x + dx < 0 || x + dx >= width) continue;
              const row = (dy + window.before) * side + dx + window.before;
              const [own, other] = [place(y, x) * channels, place(y + dy, x + dx) * channels];
              let logit = 0;
              for (let d = 0; d < keyDepth; d++) {
                logit += scales[n] * qkv[own + d] * qkv[other + keyDepth + d];
                if (query) logit += scales[heads + n] * qkv[own + d] * query[row * keyDepth + d];
                if (key) logit += scales[2 * heads + n] * qkv[other + keyDepth + d] * key[row * keyDepth + d];
              }
              seen.push({ key: other, row, logit });
            }
          const greatest = Math.max(...seen.map(({ logit }) => logit));
          const total = seen.reduce((sum, { logit }) => sum + Math.exp(logit - greatest), 0);
          for (const { key, row, logit } of seen) {
            const weight = Math.exp(logit - greatest) / total;
            for (let c = 0; c < valueDepth; c++) {
              content[place(y, x) * valueDepth + c] += weight * qkv[key + 2 * keyDepth + c];
              if (value) position[place(y, x) * valueDepth + c] += weight * value[row * valueDepth + c];
            }
          }
        }
  return value === undefined ? { content } : { content, position };
}

function tensorsOf({ shape, heads, keyDepth, valueDepth, values }: Problem): Record<string, tf.Tensor> {
  const shapes: Record<string, number[]> = {
    qkv: [...shape, heads * (2 * keyDepth + valueDepth)],
    scales: [3, heads],
    query: [-1, keyDepth],
    key: [-1, keyDepth],
    value: [-1, valueDepth],
  };
  return Object.fromEntries(
    Object.entries(values).map(([name, numbers]) => [
      name,
      tf.tensor(Float32Array.from(numbers)).reshape(shapes[name]),
    ]),
  );
}

function run(given: Problem, weights: Arrays): Record<string, Float32Array> {
  return tf.tidy(() =>
    runWithGradients(
      tensorsOf(given),
      ({ qkv, scales, query, key, value }): Record<string, tf.Tensor> => {
        const relative = { query: query ?? null, key: key ?? null, value: value ?? null };
        const outputs = fusedLocalAttention({ qkv, scales, relative } as LocalAttentionInputs, given);
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

function assertEqualsLoops(given: Problem): void {
  const weights = weightsFor(given);
  const actual = run(given, weights);
  const expected = naive(given);
  assert.equal("position" in actual, "position" in expected);
  for (const [name, values] of Object.entries(expected)) assertClose(actual[name], values, 3e-6, name);
  for (const [name, numbers] of Object.entries(given.values)) {
    const gradient = differences(numbers, () => weigh(naive(given), weights));
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
    assertClose(actual.content, naive(given).content, 1e-2, "content");
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
