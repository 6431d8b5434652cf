import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../../src/engine/index.js";
import { assertClose, numbers } from "../../../helpers/compare.js";

/** op(A) op(B) of flat matrices, in double precision. */
function naive(
  a: Float32Array,
  b: Float32Array,
  [m, n, k]: number[],
  transposeA: boolean,
  transposeB: boolean,
): number[] {
  return Array.from({ length: m * n }, (_, index) => {
    const [i, j] = [Math.floor(index / n), index % n];
    let sum = 0;
    for (let l = 0; l < k; l++) sum += a[transposeA ? l * m + i : i * k + l] * b[transposeB ? j * k + l : l * n + j];
    return sum;
  });
}

const flags = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;

for (const relaxedSimd of [true, false]) {
  describe(`matMul on the threaded backend, ${relaxedSimd ? "relaxed" : "plain"} SIMD`, () => {
    before(() => engine.start({ threads: 3, relaxedSimd }));
    after(() => engine.stop());

    // From a single element to more than every block of the kernel; around the tile of 6 x 8.
    const sizes = [
      [1, 1, 1],
      [2, 3, 5],
      [5, 7, 3],
      [6, 8, 4],
      [7, 9, 1],
      [13, 17, 19],
      [53, 1, 31],
      [1, 61, 37],
      [97, 101, 103],
      [1609, 23, 67],
      [41, 71, 1601],
      [11, 4099, 13],
    ];
    for (const [m, n, k] of sizes) {
      it(`multiplies [${m}, ${k}] by [${k}, ${n}], each transposed or not`, () => {
        for (const [transposeA, transposeB] of flags) {
          const a = tf.randomNormal<tf.Rank.R2>(transposeA ? [k, m] : [m, k], 0, 1, "float32", 1);
          const b = tf.randomNormal<tf.Rank.R2>(transposeB ? [n, k] : [k, n], 0, 1, "float32", 2);
          const c = tf.matMul(a, b, transposeA, transposeB);
          assert.deepEqual(c.shape, [m, n]);
          assertClose(
            numbers(c),
            naive(numbers(a), numbers(b), [m, n, k], transposeA, transposeB),
            1e-6 * Math.sqrt(k),
          );
          tf.dispose([a, b, c]);
        }
      });
    }
  });
}

describe("matMul on the threaded backend", () => {
  before(() => engine.start({ threads: 3 }));
  after(() => engine.stop());

  const batches: [number[], number[]][] = [
    [[3], [3]],
    [[1], [5]],
    [[2, 3], [3]],
    [
      [2, 3],
      [2, 1],
    ],
    [
      [2, 1, 3],
      [2, 5, 3],
    ],
    [
      [2, 1, 3],
      [1, 5, 1],
    ],
    [[], [2, 3]],
  ];
  for (const [outerA, outerB] of batches) {
    it(`broadcasts a batch of [${outerA.join(", ")}] with one of [${outerB.join(", ")}], as addition does`, () => {
      const [m, n, k] = [7, 11, 5];
      for (const [transposeA, transposeB] of flags) {
        const a = tf.randomNormal([...outerA, ...(transposeA ? [k, m] : [m, k])], 0, 1, "float32", 3);
        const b = tf.randomNormal([...outerB, ...(transposeB ? [n, k] : [k, n])], 0, 1, "float32", 4);
        const c = tf.matMul(a, b, transposeA, transposeB);
        const outer = tf.broadcast_util.assertAndGetBroadcastShape(outerA, outerB);
        assert.deepEqual(c.shape, [...outer, m, n]);
        const entriesOf = (x: tf.Tensor) => numbers(tf.broadcastTo(x, [...outer, ...x.shape.slice(-2)]));
        const [allA, allB] = [entriesOf(a), entriesOf(b)];
        const expected = Array.from({ length: tf.util.sizeFromShape(outer) }, (_, entry) => {
          const [oneA, oneB] = [m * k, k * n];
          const matrixA = allA.slice(entry * oneA, (entry + 1) * oneA);
          const matrixB = allB.slice(entry * oneB, (entry + 1) * oneB);
          return naive(matrixA, matrixB, [m, n, k], transposeA, transposeB);
        });
        assertClose(numbers(c), expected.flat(), 1e-6);
        tf.dispose([a, b, c]);
      }
    });
  }

  it("multiplies a large batch of transposed matrices deeper than a block", () => {
    const [batch, m, n, k] = [3, 5, 7, 301];
    const a = tf.randomNormal<tf.Rank.R3>([batch, k, m], 0, 1, "float32", 5);
    const b = tf.randomNormal<tf.Rank.R3>([batch, n, k], 0, 1, "float32", 6);
    const c = tf.matMul(a, b, true, true);
    const expected = tf.transpose(a, [0, 2, 1]).matMul(tf.transpose(b, [0, 2, 1]));
    assertClose(numbers(c), numbers(expected), 2e-6);
  });

  it("adds a bias and clamps in the fused form, and hands other activations back to tfjs", () => {
    const [m, n, k] = [13, 11, 7];
    const a = tf.randomNormal<tf.Rank.R2>([m, k], 0, 1, "float32", 7);
    const b = tf.randomNormal<tf.Rank.R2>([k, n], 0, 1, "float32", 8);
    const bias = tf.randomNormal<tf.Rank.R1>([n], 0, 1, "float32", 9);
    const sum = a.matMul(b).add(bias);
    for (const activation of ["linear", "relu", "relu6", "sigmoid"] as const) {
      const expected = { linear: sum, relu: sum.relu(), relu6: sum.relu6(), sigmoid: sum.sigmoid() }[activation];
      assertClose(numbers(tf.fused.matMul({ a, b, bias, activation })), numbers(expected), 1e-6);
    }
    assertClose(numbers(tf.fused.matMul({ a, b })), numbers(a.matMul(b)), 0);
  });

  it("has tfjs's gradients for every transposition", () => {
    const [m, n, k] = [5, 7, 3];
    for (const [transposeA, transposeB] of flags) {
      const a = tf.randomNormal<tf.Rank.R2>(transposeA ? [k, m] : [m, k], 0, 1, "float32", 10);
      const b = tf.randomNormal<tf.Rank.R2>(transposeB ? [n, k] : [k, n], 0, 1, "float32", 11);
      const dy = tf.randomNormal<tf.Rank.R2>([m, n], 0, 1, "float32", 12);
      const plain = (x: tf.Tensor2D, transpose: boolean) => (transpose ? tf.transpose(x) : x);
      const [dA, dB] = tf.grads((a, b) => tf.matMul(a, b, transposeA, transposeB))([a, b], dy);
      const expectedA = plain(tf.matMul(dy, tf.transpose(plain(b, transposeB))), transposeA);
      const expectedB = plain(tf.matMul(tf.transpose(plain(a, transposeA)), dy), transposeB);
      assertClose(numbers(dA), numbers(expectedA), 1e-6);
      assertClose(numbers(dB), numbers(expectedB), 1e-6);
    }
  });

  it("lets NaN and infinity through, in whole tiles and at their edges, also through ReLU", () => {
    for (const row of [0, 18]) {
      const a = tf.ones<tf.Rank.R2>([19, 29]).bufferSync();
      a.set(NaN, row, 3);
      const b = tf.zeros<tf.Rank.R2>([29, 13]);
      const bias = tf.tensor1d(Array.from({ length: 13 }, (_, column) => (column === 12 ? Infinity : -1)));
      const c = numbers(tf.fused.matMul({ a: a.toTensor(), b, bias, activation: "relu" }));
      for (let index = 0; index < c.length; index++) {
        const expected = Math.floor(index / 13) === row ? NaN : index % 13 === 12 ? Infinity : 0;
        assert.ok(Object.is(c[index], expected), `element ${index}`);
      }
    }
  });

  it("gives zeros where there is nothing to sum, and nothing where there is nothing", () => {
    assertClose(numbers(tf.matMul(tf.zeros([3, 0]), tf.zeros([0, 5]))), new Array<number>(15).fill(0), 0);
    assert.deepEqual(tf.matMul(tf.zeros([0, 3]), tf.zeros([3, 5])).shape, [0, 5]);
    assert.deepEqual(tf.matMul(tf.zeros([2, 0, 3]), tf.zeros([2, 3, 5])).shape, [2, 0, 5]);
  });

  it("repeats its results bit for bit", () => {
    const a = tf.randomNormal<tf.Rank.R2>([5003, 61], 0, 1, "float32", 13);
    const b = tf.randomNormal<tf.Rank.R2>([5003, 43], 0, 1, "float32", 14);
    const w = tf.randomNormal<tf.Rank.R2>([61, 43], 0, 1, "float32", 15);
    const [deep, wide] = [numbers(a.matMul(b, true)), numbers(a.matMul(w))];
    for (let round = 0; round < 5; round++) {
      assert.deepEqual(numbers(a.matMul(b, true)), deep);
      assert.deepEqual(numbers(a.matMul(w)), wide);
    }
  });

  it("leaves nothing behind but its result", () => {
    const a = tf.ones<tf.Rank.R2>([1009, 37]);
    const b = tf.ones<tf.Rank.R2>([1009, 41]);
    const before = tf.memory().numTensors;
    tf.matMul(a, b, true).dispose();
    assert.equal(tf.memory().numTensors, before);
  });

  it("says what is wrong with shapes in tfjs's own words", () => {
    assert.throws(() => tf.matMul(tf.zeros([3, 5]), tf.zeros([7, 2])), /inner shapes/i);
  });
});
