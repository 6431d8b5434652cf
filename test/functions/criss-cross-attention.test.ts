import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import {
  composedCrissCrossAttention,
  crissCrossAttention,
  crissCrossAttentionWeights,
} from "../../src/functions/criss-cross-attention.js";
import { assertClose } from "../helpers/compare.js";
import { crissCrossAttentionLoops } from "./criss-cross-attention-loops.js";

const geometry = { heads: 2, keyDepth: 3, valueDepth: 5 };
const random = (shape: [number, number, number, number], seed: number): tf.Tensor4D =>
  tf.randomNormal<tf.Rank.R4>(shape, 0, 1, "float32", seed);

describe("criss-cross attention", () => {
  before(() => tf.setBackend("cpu"));

  for (const [height, width] of [
    [5, 7],
    [1, 3],
    [3, 1],
    [1, 1],
  ])
    it(`equals loops written from the equation, ${height} x ${width}`, () => {
      const qkv = random([2, height, width, 2 * 11], 1);
      const expected = crissCrossAttentionLoops([2, height, width], qkv.dataSync(), geometry);
      const actual = crissCrossAttention({ qkv }, geometry);
      assert.deepEqual(actual.shape, [2, height, width, 10]);
      assertClose(actual, expected);
    });

  it("on an image of one row equals full attention over it", () => {
    const qkv = random([1, 1, 7, 22], 1);
    const { row, column } = crissCrossAttentionWeights({ qkv }, geometry);
    assertClose(row.sum(-1), tf.ones([1, 1, 2, 7]), 1e-6);
    assert.equal(column.abs().max().dataSync()[0], 0);
  });

  it("counts the own pixel once: weights of row and column together sum to 1, the column's own place is zero", () => {
    const qkv = random([1, 5, 3, 22], 1);
    const { row, column } = crissCrossAttentionWeights({ qkv }, geometry);
    const total = row.sum(-1).add(column.sum(-1).transpose([0, 3, 2, 1])); // [B, H, N, W]
    assertClose(total, tf.onesLike(total), 1e-6);
    assert.equal(column.mul(tf.eye(5)).abs().max().dataSync()[0], 0);
  });

  it("does not overflow on extreme logits and passes NaN on to the pixels that see it", () => {
    const qkv = random([1, 3, 2, 22], 1).mul<tf.Tensor4D>(1e4);
    assert.ok(composedCrissCrossAttention({ qkv }, geometry).dataSync().every(Number.isFinite));
    const values = random([1, 3, 3, 22], 1).arraySync();
    values[0][0][0][0] = NaN;
    const found = composedCrissCrossAttention({ qkv: tf.tensor4d(values) }, geometry).arraySync()[0];
    assert.ok(Number.isNaN(found[0][0][0]));
    assert.ok(Number.isFinite(found[1][1][0]));
  });

  it("says what is wrong with its input", () => {
    assert.throws(
      () => crissCrossAttention({ qkv: random([1, 2, 3, 23], 1) }, geometry),
      /crissCrossAttention: qkv must be \[B, H, W, .*\], got qkv \[1, 2, 3, 23\], heads=2, keyDepth=3, valueDepth=5; project to 22 channels/,
    );
  });
});
