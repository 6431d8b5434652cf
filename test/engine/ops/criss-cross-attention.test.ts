import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../src/engine/index.js";
import {
  fusedCrissCrossAttention,
  type CrissCrossAttentionGeometry,
} from "../../../src/engine/ops/criss-cross-attention.js";
import { crissCrossAttentionLoops } from "../../functions/criss-cross-attention-loops.js";
import { assertClose } from "../../helpers/compare.js";
import { differences, randomNumbers, runWithGradients, weigh, type Arrays } from "./tensors-against-loops.js";

interface Problem extends CrissCrossAttentionGeometry {
  readonly shape: readonly [batch: number, height: number, width: number];
  readonly qkv: Float64Array;
}

function problem(options: Omit<Problem, "qkv"> & { readonly size?: number }): Problem {
  const { shape, heads, keyDepth, valueDepth, size = 1 } = options;
  const count = shape[0] * shape[1] * shape[2] * heads * (2 * keyDepth + valueDepth);
  return { ...options, qkv: randomNumbers(count, 5).map((value) => Math.fround(size * value)) };
}

const outputByLoops = (given: Problem): Arrays => ({
  output: crissCrossAttentionLoops(given.shape, given.qkv, given),
});

const weightsFor = ({ shape, heads, valueDepth }: Problem): Arrays => ({
  output: randomNumbers(shape[0] * shape[1] * shape[2] * heads * valueDepth, 71),
});

function run(given: Problem): Record<string, Float32Array> {
  const channels = given.heads * (2 * given.keyDepth + given.valueDepth);
  return tf.tidy(() =>
    runWithGradients(
      { qkv: tf.tensor4d(Float32Array.from(given.qkv), [...given.shape, channels]) },
      ({ qkv }) => {
        const output = fusedCrissCrossAttention({ qkv: qkv as tf.Tensor4D }, given);
        assert.ok(output, "the engine has the kernel");
        return { output };
      },
      weightsFor(given),
    ),
  );
}

function assertEqualsLoops(given: Problem): void {
  const actual = run(given);
  assertClose(actual.output, outputByLoops(given).output, 3e-6, "output");
  const gradient = differences(given.qkv, () => weigh(outputByLoops(given), weightsFor(given)));
  assertClose(actual["d qkv"], gradient, 5e-6, "gradient");
}

describe("fused criss-cross attention", () => {
  before(() => engine.start({ threads: 3 }));
  after(() => engine.stop());

  const base = { shape: [2, 3, 5], heads: 2, keyDepth: 3, valueDepth: 5 } as const;

  it("equals loops in float64, value and gradient", () => {
    assertEqualsLoops(problem(base));
    assertEqualsLoops(problem({ shape: [1, 7, 4], heads: 1, keyDepth: 4, valueDepth: 8 }));
    assertEqualsLoops(problem({ shape: [1, 4, 3], heads: 1, keyDepth: 2, valueDepth: 13 }));
  });

  for (const [height, width] of [
    [1, 1],
    [1, 7],
    [7, 1],
    [2, 2],
    [5, 3],
  ] as const)
    it(`equals loops in an image of ${height} x ${width}`, () => {
      assertEqualsLoops(problem({ ...base, shape: [1, height, width] }));
    });

  it("survives extreme logits", () => {
    for (const shape of [
      [1, 3, 5],
      [1, 5, 1],
      [1, 1, 5],
    ] as const) {
      const given = problem({ ...base, shape, size: 1e3 });
      const actual = run(given);
      for (const [name, values] of Object.entries(actual)) assert.ok(values.every(Number.isFinite), name);
      assertClose(actual.output, outputByLoops(given).output, 1e-2, "output");
    }
  });

  it("spreads not-a-number to the row, the column and the head that hold it, and no further", () => {
    const given = problem({ ...base, shape: [1, 5, 7] });
    given.qkv[((2 * 7 + 3) * 2 + 1) * 11 + 3] = NaN;
    run(given).output.forEach((value, index) => {
      const place = Math.floor(index / 5);
      const [head, x, y] = [place % 2, Math.floor(place / 2) % 7, Math.floor(place / 14)];
      assert.equal(Number.isNaN(value), head === 1 && (x === 3 || y === 2), `value ${index}`);
    });
  });

  it("is repeatable bit for bit, and the same whatever the number of threads", async () => {
    const given = problem({ shape: [2, 23, 29], heads: 1, keyDepth: 5, valueDepth: 37 });
    const results: Record<string, Float32Array>[] = [];
    for (const threads of [1, 2, 3, 4]) {
      await engine.start({ threads });
      const first = run(given);
      assert.deepEqual(run(given), first);
      results.push(first);
    }
    await engine.start({ threads: 3 });
    for (const other of results.slice(1)) assert.deepEqual(other, results[0]);
  });

  it("leaves no tensor behind", () => {
    const given = problem(base);
    run(given);
    const earlier = tf.memory().numTensors;
    run(given);
    assert.equal(tf.memory().numTensors, earlier);
  });
});
