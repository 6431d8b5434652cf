import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../src/engine/index.js";
import { floatOperations, of, operations, type Type } from "./kernels/operations.js";
import { assertClose } from "../../helpers/compare.js";

interface Result {
  readonly shape: number[];
  readonly dtype: string;
  readonly values: number[];
}

/** What an operation gives, or null where it refuses. */
function outcome(run: () => tf.Tensor | tf.Tensor[]): Result[] | null {
  let results: Result[] | null = null;
  tf.tidy(() => {
    try {
      results = [run()].flat().map((t) => ({ shape: t.shape, dtype: t.dtype, values: Array.from(t.dataSync()) }));
    } catch {
      results = null;
    }
  });
  return results;
}

const types: readonly Type[] = ["float32", "int32", "bool"];

describe("operations of TensorFlow.js, whosever kernel computes them", () => {
  const expected = new Map<string, Result[] | null>();
  before(async () => {
    await tf.setBackend("cpu");
    for (const [name, run] of Object.entries(operations))
      for (const type of types)
        expected.set(
          `${name} ${type}`,
          outcome(() => run(type)),
        );
    for (const [name, run] of Object.entries(floatOperations)) expected.set(`${name} float32`, outcome(() => run("float32"))); // prettier-ignore
    await engine.start({ backend: "wasm", threads: 2 });
  });
  after(() => engine.stop());

  const check = (name: string, run: () => tf.Tensor | tf.Tensor[]): void => {
    const wanted = expected.get(name);
    if (wanted === null) return; // JavaScript refuses it too
    const before = tf.memory().numTensors;
    const actual = outcome(run);
    assert.ok(actual !== null, `${name} is refused`);
    actual.forEach(({ shape, dtype, values }, index) => {
      const { shape: wantedShape, dtype: wantedType, values: wantedValues } = wanted![index];
      assert.deepEqual({ shape, dtype }, { shape: wantedShape, dtype: wantedType }, name);
      assertClose(values, wantedValues, 9e-7, name);
    });
    assert.equal(actual.length, wanted!.length);
    assert.equal(tf.memory().numTensors, before, `${name} leaves no tensor behind`);
  };

  for (const [name, run] of Object.entries(operations))
    it(`${name} is what JavaScript gives, in float32, int32 and bool`, () => {
      for (const type of types) check(`${name} ${type}`, () => run(type));
    });

  for (const [name, run] of Object.entries(floatOperations))
    it(`${name} is what JavaScript gives`, () => check(`${name} float32`, () => run("float32")));

  it("free all memory that they take, on both sides", () => {
    const all = () => {
      for (const run of Object.values(operations)) for (const type of types) outcome(() => run(type));
    };
    all();
    const used = () => [engine.memory().heap!.liveBytes, (tf.findBackend("cpu") as unknown as { numDataIds(): number }).numDataIds()]; // prettier-ignore
    const earlier = used();
    all();
    assert.deepEqual(used(), earlier);
  });

  it("give the values that peers found wanting", () => {
    const flat = (tensor: tf.Tensor): number[] => [...tensor.dataSync()];
    tf.tidy(() => {
      const bools = (...values: number[]) => tf.tensor1d(values, "bool");
      assert.deepEqual(flat(tf.where(bools(1, 0, 1), bools(1, 1, 1), bools(0, 0, 1))), [1, 0, 1]);
      assert.deepEqual(flat(tf.cast([0.5, 2, 256], "bool")), [1, 1, 1]);
      assert.deepEqual(flat(tf.clipByValue(tf.tensor1d([7, -5], "int32"), 0, 3)), [3, 0]);
      assert.deepEqual(flat(tf.isNaN(tf.tensor1d([-5], "int32"))), [0]);
      const ones = tf.ones<tf.Rank.R4>([1, 2, 2, 1]);
      const filter = tf.zeros<tf.Rank.R4>([1, 1, 1, 4]);
      const fused = tf.fused.conv2d({ x: ones, filter, strides: 1, pad: "valid", bias: tf.tensor1d([2]) });
      assert.deepEqual(flat(fused), Array<number>(16).fill(2));
      const numbers = tf.range(1, 10).reshape<tf.Tensor4D>([1, 3, 3, 1]);
      const single = tf.ones<tf.Rank.R4>([1, 1, 1, 1]);
      assert.deepEqual(flat(tf.conv2dTranspose(numbers, single, [1, 2, 2, 1], 1, "same")), [1, 2, 4, 5]);
      assert.deepEqual(flat(tf.sum(tf.tensor3d([], [1, 0, 7], "int32"))), [0]);
    });
  });

  it("show a NaN that goes into maximum, average, clipping, ReLU6 and depthwise convolution", () => {
    tf.tidy(() => {
      const x = tf.tensor4d([1, 2, NaN, 4], [1, 2, 2, 1]);
      const filter = tf.ones<tf.Rank.R4>([1, 1, 1, 1]);
      for (const y of [
        tf.maxPool(x, 2, 1, "valid"),
        tf.avgPool(x, 2, 1, "valid"),
        tf.clipByValue(x, 0, 3).slice([0, 1, 0, 0], [1, 1, 1, 1]),
        tf.relu6(x).slice([0, 1, 0, 0], [1, 1, 1, 1]),
        tf.depthwiseConv2d(x, filter, 1, "valid").slice([0, 1, 0, 0], [1, 1, 1, 1]),
        tf.fused.depthwiseConv2d({ x, filter, strides: 1, pad: "valid", activation: "relu6" }).slice([0, 1, 0, 0], [1, 1, 1, 1]), // prettier-ignore
        tf.fused.conv2d({ x, filter, strides: 1, pad: "valid", activation: "relu6" }).slice([0, 1, 0, 0], [1, 1, 1, 1]),
      ])
        assert.deepEqual([...y.dataSync()], [NaN]);
    });
  });

  it("name the index that a gather has no row for", () => {
    tf.tidy(() => {
      assert.throws(
        () => tf.gather(of("float32"), tf.tensor1d([3], "int32")),
        /gather: indices must be rows from 0 to 2, got 3; /,
      );
      assert.throws(() => tf.gather(of("float32"), tf.tensor1d([-1], "int32"), 1), /gather: .* from 0 to 4, got -1; /);
    });
  });
});
