import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";
import { attentionAt, attentionHeads, receptiveField } from "../../src/inspection/attention-weights.js";
import { inspect, positionTables, type Inspection } from "../../src/inspection/inspect.js";
import {
  AxialImageTransformer,
  CrissCrossAttention,
  NdAxialAttention,
  ValueMixtureAttention,
} from "../../src/layers/index.js";
import { create, type ResNetConfig } from "../../src/models/index.js";
import { assertClose } from "../helpers/compare.js";

const total = (weights: ArrayLike<number>): number => Array.from(weights).reduce((sum, weight) => sum + weight, 0);

const config: ResNetConfig = {
  name: "small",
  norm: "torch",
  stem: { kind: "convolution", filters: 8 },
  stages: [
    { blocks: 1, stride: 1, width: 12, filters: 20, operator: { kind: "axial", heads: 3 } },
    {
      blocks: 1,
      stride: 2,
      width: 24,
      filters: 28,
      operator: { kind: "axial", heads: 2, span: 3, position: { key: false } },
    },
  ],
};

describe("inspect", () => {
  let model: tf.LayersModel;
  let result: Inspection;
  // 44 x 28 pixels: after the stem's stride of 4, 11 x 7 places.
  const image = {
    values: Float32Array.from({ length: 44 * 28 * 3 }, (_, i) => Math.sin(i * i)),
    shape: [44, 28, 3] as const,
  };

  before(async () => {
    await engine.start({ threads: 1 });
    model = create(config, { classes: 5, size: 44, seed: 3 });
    const tensors = tf.memory().numTensors;
    result = await inspect(model, image);
    assert.equal(tf.memory().numTensors, tensors);
  });
  after(() => engine.stop());

  it("says what it takes where it is given a tensor, a batch or no model", async () => {
    const tensor = tf.zeros([1, 44, 28, 3]);
    await assert.rejects(inspect(model, tensor as never), {
      name: "ShapeError",
      message: /^inspect: an image must be plain values with their shape, got a tensor \[1, 44, 28, 3\]; write/,
    });
    await assert.rejects(inspect(model, [1, 2] as never), {
      name: "ShapeError",
      message: /got \[1,2\]; data\.readImage/,
    });
    await assert.rejects(inspect(undefined as never, image), {
      name: "ConfigError",
      message: /takes a model, got undefined/,
    });
    await assert.rejects(positionTables("small" as never), {
      name: "ConfigError",
      message: /takes a model, got small/,
    });
    tensor.dispose();
  });

  it("finds every attention layer, from the image on, and names its dimensions", () => {
    assert.deepEqual(
      result.attention.map(({ layer, axes, shape }) => [layer, axes[0], shape]),
      [
        ["stage1.block1.height", "column", [7, 3, 11, 11]],
        ["stage1.block1.width", "row", [11, 3, 7, 7]],
        ["stage2.block1.height", "column", [7, 2, 11, 11]],
        ["stage2.block1.width", "row", [11, 2, 7, 7]],
      ],
    );
  });

  it("gives weights that sum to one along the keys, and stay in a local window", () => {
    for (const attention of result.attention)
      for (const head of [0, 1]) {
        const row = attentionAt(attention, { y: 5, x: 3, head });
        assertClose([total(row)], [1], 1e-6);
      }
    const local = attentionAt(result.attention[2], { y: 5, x: 3, head: 1 });
    assert.deepEqual(
      [...local].map((weight) => weight > 0),
      [...Array(11).keys()].map((y) => Math.abs(y - 5) <= 1),
    );
  });

  it("gives the logits of the same pass", () => {
    const expected = tf.tidy(() => (model.predict(tf.tensor4d(image.values, [1, 44, 28, 3])) as tf.Tensor).dataSync());
    assert.deepEqual([...result.logits], [...expected]);
  });

  it("averages the heads where none is named", () => {
    const [attention] = result.attention;
    const heads = attentionHeads(attention, { y: 2, x: 6 });
    assert.deepEqual(
      heads,
      [0, 1, 2].map((head) => attentionAt(attention, { y: 2, x: 6, head })),
    );
    const means = heads[0].map((weight, key) => (weight + heads[1][key] + heads[2][key]) / 3);
    assertClose(attentionAt(attention, { y: 2, x: 6 }), means, 1e-7);
  });

  it("composes what a single value contributes through both layers", () => {
    const [height, width] = result.attention;
    const place = { y: 4, x: 2, head: 1 };
    const field = result.receptiveField("stage1.block1", place);
    assert.deepEqual(field.shape, [11, 7]);
    assertClose([total(field.values)], [1], 1e-6);
    // A value of one at (9, 5) and of zero elsewhere, carried through both layers step by step.
    const carried = Array.from({ length: 7 }, (_, x) => (x === 5 ? attentionAt(height, { y: 4, x, head: 1 })[9] : 0));
    const received = attentionAt(width, place).reduce((sum, weight, x) => sum + weight * carried[x], 0);
    assertClose([field.values[9 * 7 + 5]], [received], 1e-7);
    assert.ok(received > 0);
  });

  it("reads the position tables with the offset of their first row", async () => {
    const tables = await positionTables(model);
    assert.deepEqual(
      tables.map(({ layer, query, key, value }) => [layer, query?.shape, query?.before, key === null, value?.shape]),
      [
        ["stage1.block1.height", [21, 2], 10, false, [21, 4]],
        ["stage1.block1.width", [21, 2], 10, false, [21, 4]],
        ["stage2.block1.height", [3, 6], 1, true, [3, 12]],
        ["stage2.block1.width", [3, 6], 1, true, [3, 12]],
      ],
    );
  });

  it("reads the tables of rows and of columns that local and stand-alone attention have", async () => {
    const stages = (["local", "standAlone", "global"] as const).map((kind) => ({
      ...{ blocks: 1, stride: 1 as const, width: 12, filters: 20 },
      operator: kind === "global" ? { kind, heads: 3 } : { kind, heads: 3, window: 4 },
    }));
    const mixed = create({ ...config, stages }, { classes: 5, seed: 4 });
    const tables = await positionTables(mixed);
    assert.deepEqual(
      tables.map(({ layer, axis, query, key, value }) => [
        layer,
        axis,
        query?.shape,
        query?.before,
        key?.shape,
        value?.shape,
      ]),
      [
        ["stage1.block1.spatial", "height", [4, 1], 1, [4, 1], [4, 2]],
        ["stage1.block1.spatial", "width", [4, 1], 1, [4, 1], [4, 2]],
        ["stage2.block1.spatial", "height", [4, 2], 1, undefined, undefined],
        ["stage2.block1.spatial", "width", [4, 2], 1, undefined, undefined],
      ],
    );
    const columns = mixed.getLayer("stage2.block1.spatial").weights.find(({ name }) => name.includes("query_columns"))!;
    assert.deepEqual([...tables[3].query!.values], [...columns.read().dataSync()]);
    mixed.dispose();
  });

  it("reads local, stand-alone and global attention too, and names their dimensions", async () => {
    const stages = (["local", "standAlone", "global"] as const).map((kind) => ({
      ...{ blocks: 1, stride: 1 as const, width: 12, filters: 20 },
      operator: kind === "global" ? { kind, heads: 3 } : { kind, heads: 3, window: 3 },
    }));
    const mixed = create({ ...config, stages }, { classes: 5, seed: 4 });
    const { attention, places } = await inspect(mixed, {
      values: image.values.slice(0, 12 * 16 * 3),
      shape: [12, 16, 3],
    });
    assert.equal(attention.length, 0);
    assert.deepEqual(
      places.map(({ layer, axes, shape }) => [layer, axes[0], shape]),
      [
        ["stage1.block1.spatial", "y", [3, 4, 3, 3, 3]],
        ["stage2.block1.spatial", "y", [3, 4, 3, 3, 3]],
        ["stage3.block1.spatial", "head", [3, 3, 4, 3, 4]],
      ],
    );
    for (const { weights, shape, axes } of places) {
      assert.equal(axes.length, shape.length);
      const queries = shape[0] * shape[1] * shape[2];
      assertClose([total(weights)], [queries], 1e-6);
    }
    mixed.dispose();
  });

  it("reads the axes of N-dimensional attention and of the image transformer, step by step", async () => {
    const image = tf.input({ shape: [null, null, 3] });
    const options = { filters: 3, heads: 2, keyDepth: 5, seed: 6 };
    const summed = new NdAxialAttention({ ...options, name: "summed", combine: "sequence" }).apply(image);
    const moved = tf.layers.permute({ dims: [3, 1, 2] }).apply(summed) as tf.SymbolicTensor;
    const first = new AxialImageTransformer({ ...options, name: "transformer", depth: 2, channelAxis: 1 }).apply(moved);
    const model = tf.model({ inputs: image, outputs: first as tf.SymbolicTensor, name: "axes" });
    const small = { values: Float32Array.from({ length: 5 * 7 * 3 }, (_, i) => Math.sin(i * i)), shape: [5, 7, 3] as const }; // prettier-ignore
    const { attention, receptiveField: field } = await inspect(model, small);
    assert.deepEqual(
      attention.map(({ layer, axis, axes, shape }) => [layer, axis, axes[0], shape]),
      ["summed", "transformer.0", "transformer.1"].flatMap((name) => [
        [`${name}.height`, "height", "column", [7, 2, 5, 5]],
        [`${name}.width`, "width", "row", [5, 2, 7, 7]],
      ]),
    );
    for (const one of attention) assertClose([total(attentionAt(one, { y: 4, x: 6, head: 1 }))], [1], 1e-6);
    const { values, shape } = field("transformer.1", { y: 1, x: 2 });
    assert.deepEqual(shape, [5, 7]);
    assertClose([total(values)], [1], 1e-6);
    model.dispose();
  });

  it("composes the loops of criss-cross attention: after two, every place has a share", async () => {
    const image = tf.input({ shape: [null, null, 3] });
    const layers = [1, 2].map((recurrence) => new CrissCrossAttention({ name: `r${recurrence}`, recurrence, keyDepth: 2, seed: 7 })); // prettier-ignore
    const outputs = layers.map((layer) => layer.apply(image) as tf.SymbolicTensor);
    layers[1].setWeights([...layers[1].getWeights().slice(0, 2), tf.tensor1d([0.9])]);
    const model = tf.model({ inputs: image, outputs, name: "crossed" });
    const [height, width] = [5, 4];
    const values = Float32Array.from({ length: height * width * 3 }, (_, i) => Math.sin(i * i));
    const { crissCross, receptiveField: field } = await inspect(model, { values, shape: [height, width, 3] });
    assert.deepEqual(
      crissCross.map(({ layer, loops }) => [
        layer,
        loops.map(({ column, row }) => [column.axes, column.shape, row.shape]),
      ]),
      [1, 2].map((recurrence) => [
        `r${recurrence}`,
        Array.from({ length: recurrence }, () => [
          ["column", "head", "query", "key"],
          [width, 1, height, height],
          [height, 1, width, width],
        ]),
      ]),
    );
    // By the definition: the products of whole attention matrices [places, places], own place in the row alone.
    const matrix = ({ column, row }: (typeof crissCross)[0]["loops"][0]) =>
      Array.from({ length: height * width }, (_, query) => {
        const [i, j] = [Math.floor(query / width), query % width];
        return Array.from({ length: height * width }, (_, key) => {
          const [y, x] = [Math.floor(key / width), key % width];
          if (y === i) return row.weights[(i * width + j) * width + x];
          return x === j ? column.weights[(j * height + i) * height + y] : 0;
        });
      });
    const place = { y: 3, x: 1 };
    const own = place.y * width + place.x;
    const once = field("r1", place);
    once.values.forEach((share, key) => assert.equal(share > 0, Math.floor(key / width) === 3 || key % width === 1));
    const [a, b] = crissCross[1].loops.map(matrix);
    const expected = a[0].map((_, key) => b[own].reduce((sum, weight, through) => sum + weight * a[through][key], 0));
    const twice = field("r2", place);
    assert.ok(twice.values.every((share) => share > 0));
    assertClose(twice.values, expected, 2e-7);
    assertClose([total(twice.values)], [1], 1e-6);
    assert.throws(() => field("r2", { y: 5, x: 0 }), /crissCrossField r2: y must be from 0 to 4, got 5/);
    assert.throws(() => field("r2", { y: 0, x: 0, head: 1 }), /head must be from 0 to 0, got 1/);
    assert.throws(() => field("r3", place), /no attention layer of this name, got r3.height; the model has r1, r2/);
    model.dispose();
  });

  it("reads the blocks of the attention stem and the axes of a video, and has no field of them", async () => {
    const image = tf.input({ shape: [6, 8, 3] });
    const stem = new ValueMixtureAttention({ name: "stem", filters: 8, block: 4, seed: 8 }).apply(image) as tf.SymbolicTensor; // prettier-ignore
    const frames = tf.layers.reshape({ targetShape: [2, 3, 8, 8] }).apply(stem);
    const video = new NdAxialAttention({ name: "video", filters: 8, axes: 3, heads: 2, seed: 9 }).apply(frames);
    const model = tf.model({ inputs: image, outputs: video as tf.SymbolicTensor, name: "several" });
    const { places, receptiveField: field } = await inspect(model, {
      values: Float32Array.from({ length: 144 }, (_, i) => Math.sin(i * i)),
      shape: [6, 8, 3],
    });
    assert.deepEqual(
      places.map(({ layer, axes, shape }) => [layer, axes, shape]),
      [
        ["stem", ["block y", "block x", "head", "query", "key"], [2, 2, 4, 16, 16]],
        ["video.0", ["axis 1", "axis 2", "head", "query", "key"], [3, 8, 2, 2, 2]],
        ["video.1", ["axis 0", "axis 2", "head", "query", "key"], [2, 8, 2, 3, 3]],
        ["video.2", ["axis 0", "axis 1", "head", "query", "key"], [2, 3, 2, 8, 8]],
      ],
    );
    for (const { weights, shape } of places) {
      const rows = weights.length / shape[4];
      assertClose([total(weights)], [rows], 1e-6);
    }
    assert.throws(
      () => field("stem", { y: 0, x: 0 }),
      /attentionField stem: it takes attention over the places of a map, got the axes block y, block x, head, query, key/,
    );
    model.dispose();
  });

  it("says what is wrong", async () => {
    await assert.rejects(inspect(model, { values: [1, 2], shape: [44, 28, 3] }), {
      name: "ShapeError",
      message:
        "inspect: an image must hold height x width x 3 numbers, got 2 for [44, 28, 3]; give one image, not a batch",
    });
    const plain = tf.sequential({ layers: [tf.layers.flatten({ inputShape: [1, 1, 3] })], name: "plain" });
    await assert.rejects(inspect(plain, { values: [1, 2, 3], shape: [1, 1, 3] }), {
      name: "ConfigError",
      message: "inspect: the model must have attention layers, got none in plain; inspect another",
    });
    assert.throws(
      () => result.receptiveField("stage9.block1", { y: 0, x: 0 }),
      /no attention layer of this name, got stage9.block1.height/,
    );
    const [height, width] = result.attention;
    assert.throws(() => receptiveField(width, height, { y: 0, x: 0 }), {
      name: "ShapeError",
      message:
        "receptiveField: layers must be one along the height and the one along the width after it, got stage1.block1.width (width, " +
        "[11, 3, 7, 7]) and stage1.block1.height (height, [7, 3, 11, 11]); take both of one block",
    });
    assert.throws(() => attentionAt(height, { y: 11, x: 0 }), {
      name: "ConfigError",
      message: "attentionAt stage1.block1.height: y must be from 0 to 10, got 11; choose one of those",
    });
    assert.throws(() => attentionAt(height, { y: 0, x: 0, head: 3 }), /head must be from 0 to 2, got 3/);
  });
});

describe("inspect where nobody has started the engine", () => {
  after(() => engine.stop());

  it("starts it", async () => {
    await engine.stop();
    await tf.setBackend("cpu");
    const model = create(config, { classes: 3, size: 32, seed: 1 });
    await inspect(model, { values: new Float32Array(32 * 32 * 3), shape: [32, 32, 3] });
    assert.equal(engine.report()?.kernels, true);
  });
});
