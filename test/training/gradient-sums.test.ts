import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";
import type { Exchange } from "../../src/exchange/index.js";
import { createGradientSums } from "../../src/training/gradient-sums.js";
import { ranksOf } from "../helpers/exchange.js";

before(() => tf.setBackend("cpu"));

/** Gradients of these sizes, each rank's its own. */
const sizes = [7, 2, 5, 11];
const gradientsOf = (rank: number, factor = 1): tf.Tensor[] =>
  tf.tidy(() =>
    sizes.map((size, i) =>
      tf
        .range(0, size)
        .mul(factor)
        .add<tf.Tensor>(100 * i + 1000 * rank),
    ),
  );
const valuesOf = (gradients: readonly (tf.Tensor | null)[]) =>
  gradients.map((gradient) => gradient && [...gradient.dataSync()]);
const sumOf = (count: number, index: number): number[] =>
  Array.from({ length: sizes[index] }, (_, j) => count * (j + 100 * index) + 1000 * ((count * (count - 1)) / 2));

/** 13 floats in a bucket, none alone. */
const small = { bucketFloats: 13, aloneFrom: 99 };

/** The exchange, and how many floats each sum was begun with. */
function counted(exchange: Exchange): { exchange: Exchange; begun: number[] } {
  const begun: number[] = [];
  const beginSum: Exchange["beginSum"] = (values) => {
    begun.push(values.length);
    return exchange.beginSum(values);
  };
  return { exchange: { ...exchange, beginSum }, begun };
}

describe("gradient sums", () => {
  it("send each bucket when it is full, the last parameters first, in one order on all ranks", async () => {
    const ranks = ranksOf(3).map(counted);
    // Buckets of at most 13 floats: [11, and 5 does not fit], [5, 2, and 7 does not], [7].
    const results = ranks.map(({ exchange, begun }, rank) => {
      const sums = createGradientSums(exchange, sizes, small);
      const gradients = gradientsOf(rank);
      const onPart = sums.begin(null);
      // Rank 1 makes them in another order.
      for (const index of rank === 1 ? [0, 1, 2, 3] : [3, 2, 1, 0]) {
        onPart(index, gradients[index], true);
        if (rank === 1) assert.deepEqual(begun, index === 3 ? [11, 7, 7] : []);
        else assert.deepEqual(begun, [[11, 7, 7], [11, 7], [11], [11]][index]);
      }
      return sums.finish(gradients);
    });
    for (const { gradients, overlapped } of await Promise.all(results)) {
      assert.deepEqual(
        valuesOf(gradients),
        sizes.map((_, i) => sumOf(3, i)),
      );
      assert.equal(overlapped, 0, "ranks of one thread hear of each other after the pass");
      tf.dispose(gradients as tf.Tensor[]);
    }
  });

  it("tell the share of what had come back when the pass ended", async () => {
    const [alone] = ranksOf(1);
    const sums = createGradientSums(alone, sizes, small);
    const gradients = gradientsOf(0);
    const onPart = sums.begin(null);
    for (const index of [3, 2]) onPart(index, gradients[index], true);
    await new Promise(setImmediate); // The first bucket comes back; the second is not full.
    const { overlapped, gradients: summed } = await sums.finish(gradients);
    assert.equal(overlapped, 11 / 25);
    assert.deepEqual(valuesOf(summed), valuesOf(gradientsOf(0)));
  });

  it("add up parts and earlier passes, take whole what had no last part, and leave null as it is", async () => {
    const before = tf.memory().numTensors;
    const results = ranksOf(2).map(async (exchange, rank) => {
      const sums = createGradientSums(exchange, sizes);
      for (let step = 0; step < 2; step++) {
        const [own, earlier] = [gradientsOf(rank), gradientsOf(rank, 3)];
        const onPart = sums.begin([null, earlier[1], null, null]);
        onPart(0, null, true);
        const half = tf.tidy(() => own.map((gradient) => gradient.div(2)));
        onPart(3, half[3], false);
        onPart(3, half[3], true);
        onPart(2, half[2], false); // The other part stays away: what comes out of the pass counts.
        onPart(1, own[1], true);
        const whole = [null, own[1].add(earlier[1]), own[2], own[3]];
        const { gradients } = await sums.finish(whole);
        assert.deepEqual(valuesOf(gradients), [
          null,
          sumOf(2, 1).map((value, j) => 2 * value + 4 * j),
          sumOf(2, 2),
          sumOf(2, 3),
        ]);
        assert.ok(whole.every((gradient) => gradient?.isDisposed ?? true));
        tf.dispose([...own, ...earlier, ...half, ...(gradients.filter(Boolean) as tf.Tensor[])]);
      }
    });
    await Promise.all(results);
    assert.equal(tf.memory().numTensors, before);
  });
});

describe("gradient sums in the engine's memory", () => {
  before(() => engine.start({ threads: 1 }));

  it("change large gradients where they lie, and none whose memory another tensor has too", async () => {
    const before = tf.memory().numTensors;
    const results = ranksOf(2).map(async (exchange, rank) => {
      const lies = new Map<number, boolean>();
      const beginSum: Exchange["beginSum"] = (values) => {
        lies.set(values.length, values.buffer instanceof SharedArrayBuffer || values.buffer.byteLength > 1e6);
        return exchange.beginSum(values);
      };
      const sums = createGradientSums({ ...exchange, beginSum }, sizes, { bucketFloats: 13, aloneFrom: 5 });
      for (let step = 0; step < 2; step++) {
        const gradients = gradientsOf(rank);
        const shared = gradients[2].reshape([5, 1]);
        const onPart = sums.begin(null);
        for (const index of [3, 2, 1, 0]) onPart(index, gradients[index], true);
        const { gradients: summed } = await sums.finish(gradients);
        assert.deepEqual(
          valuesOf(summed),
          sizes.map((_, i) => sumOf(2, i)),
        );
        const untouched = [0, 1, 2, 3, 4].map((j) => j + 200 + 1000 * rank);
        assert.deepEqual(valuesOf([shared]), [untouched], "another's memory stays as it is");
        assert.deepEqual(
          summed.map((sum, i) => sum === gradients[i]),
          [true, true, false, true],
        );
        tf.dispose([shared, ...(summed as tf.Tensor[])]);
      }
      assert.deepEqual(
        [...lies].sort(([a], [b]) => a - b),
        [
          [2, true],
          [5, false],
          [7, true],
          [11, true],
        ],
      );
    });
    await Promise.all(results);
    assert.equal(tf.memory().numTensors, before);
  });

  it("are right where a gradient is handed on to other operations", async () => {
    const [bias, kernel] = [tf.variable(tf.range(0, 6).reshape([2, 3])), tf.variable(tf.range(1, 10).reshape([3, 3]))];
    // The gradient of `bias` is that of the product too, which the one of `kernel` is made of.
    const loss = (): tf.Scalar =>
      tf.ones<tf.Rank.R2>([2, 3]).matMul(kernel).add(bias).square().sum<tf.Scalar>().mul<tf.Scalar>(0.5);
    const expected = engine.variableGrads(loss, [kernel, bias]).grads;
    const results = ranksOf(2).map((exchange) => {
      const sums = createGradientSums(exchange, [9, 6], { bucketFloats: 13, aloneFrom: 1 });
      const { grads, value } = engine.variableGrads(loss, [kernel, bias], sums.begin(null));
      value.dispose();
      return sums.finish([grads[kernel.name], grads[bias.name]]);
    });
    for (const { gradients } of await Promise.all(results)) {
      const [k, b] = gradients as tf.Tensor[];
      assert.deepEqual([...k.dataSync()], [...expected[kernel.name].mul(2).dataSync()]);
      assert.deepEqual([...b.dataSync()], [...expected[bias.name].mul(2).dataSync()]);
    }
  });
});
