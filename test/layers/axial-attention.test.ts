import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";
import { ConfigError, ShapeError } from "../../src/core/errors.js";
import { AxialAttention, type AxialAttentionArgs } from "../../src/layers/index.js";
import { assertClose } from "../helpers/compare.js";
import { axialAttentionLoops } from "../functions/axial-attention-loops.js";

/** B, H, W, Cin, N, Dq, Dv. */
const [batch, height, width, inputChannels, heads, keyDepth, valueDepth] = [2, 7, 5, 3, 11, 4, 6];
const filters = heads * valueDepth;

const make = (args: Partial<AxialAttentionArgs> = {}) =>
  new AxialAttention({ axis: "height", filters, heads, keyDepth, maxDistance: 6, seed: 1, ...args });

const image = (rows = height, columns = width, seed = 9) =>
  tf.randomNormal<tf.Rank.R4>([batch, rows, columns, inputChannels], 0, 1, "float32", seed);

const weight = (layer: AxialAttention, name: string) =>
  layer.weights.find(({ originalName }) => originalName === `${layer.name}/${name}`);

const run = (layer: AxialAttention, x: tf.Tensor, training = false) => layer.apply(x, { training }) as tf.Tensor4D;

/** What the layer without norms must give: projection, then the loops of the equation. */
function byLoops(layer: AxialAttention, x: tf.Tensor4D, window: { before: number; after: number }): tf.Tensor4D {
  const data = (name: string) => weight(layer, name)!.read().dataSync();
  const along = layer.getConfig().axis as "height" | "width";
  const [, rows, columns] = x.shape;
  const projection = weight(layer, "projection")!.read() as tf.Tensor2D;
  const qkv = x.reshape<tf.Tensor2D>([-1, inputChannels]).matMul(projection).dataSync();
  const [outer, length, inner] = along === "height" ? [batch, rows, columns] : [batch * rows, columns, 1];
  const { content, position } = axialAttentionLoops(
    {
      ...{ outer, length, inner, qkv },
      query: data("relative_query"),
      key: data("relative_key"),
      value: data("relative_value"),
      scales: new Float32Array(3 * heads).fill(1),
    },
    { heads, keyDepth, valueDepth, window },
  );
  return tf.tensor4d(
    Float32Array.from(content, (value, i) => value + position[i]),
    [batch, rows, columns, filters],
  );
}

const noNorms = { projection: false, similarity: false, output: false };

describe("AxialAttention", () => {
  before(async () => void (await engine.start()));
  after(() => engine.stop());

  for (const axis of ["height", "width"] as const)
    it(`without norms is the equation along the ${axis}`, () =>
      tf.tidy(() => {
        const length = axis === "height" ? height : width;
        const layer = make({ axis, maxDistance: length - 1, norms: noNorms });
        const x = image();
        const y = run(layer, x);
        assertClose(y, byLoops(layer, x, { before: length, after: length }), 3e-6);
      }));

  it("normalises projection, similarities and outputs over the whole batch in training", () =>
    tf.tidy(() => {
      const layer = make();
      const y = run(layer, image(), true);
      // With gamma 1 and beta 0 each of the two outputs has mean 0 and variance 1 per channel, so their sum has mean 0.
      assertClose(y.mean([0, 1, 2]), new Float32Array(filters), 1e-5);
      assert.ok(weight(layer, "similarity_norm_moving_mean")!.read().abs().sum().dataSync()[0] > 0);
    }));

  for (const bias of [false, true])
    it(`computes the same in evaluation as in training once the running statistics are those of the batch${bias ? ", with a bias" : ""}`, () =>
      tf.tidy(() => {
        const layer = make({ bias, constants: { rate: 1, epsilon: 1e-5, unbiased: false } });
        const x = image();
        run(layer, x);
        const set = (name: string, mean: number, seed: number) =>
          weight(layer, name)!.write(
            tf.randomNormal([heads * (2 * keyDepth + valueDepth)], mean, 0.5, "float32", seed),
          );
        if (bias) set("projection_bias", 3, 2);
        set("projection_norm_gamma", 1, 3);
        set("projection_norm_beta", 1, 4);
        // Twice: the outer norms see the batch through the inner ones either way, and the second pass changes nothing.
        const trained = run(layer, x, true);
        assertClose(run(layer, x), trained, 1e-5);
      }));

  it("takes images of any size, shorter or longer than its tables", () =>
    tf.tidy(() => {
      const layer = make({ norms: noNorms, maxDistance: 3 });
      for (const [rows, columns] of [
        [3, 5],
        [4, 1],
        [1, 6],
        [13, 2],
      ])
        // prettier-ignore
        assert.deepEqual(run(layer, image(rows, columns)).shape, [batch, rows, columns, filters]);
    }));

  it("extends its tables by their outermost rows", () =>
    tf.tidy(() => {
      const short = make({ norms: noNorms, maxDistance: 2, name: "short" });
      const long = make({ norms: noNorms, maxDistance: 6, name: "long" });
      const x = image();
      run(short, x);
      run(long, x);
      for (const { originalName, shape } of long.weights) {
        const own = weight(short, originalName.replace("long/", ""))!.read();
        const rows = Array.from({ length: shape[0] as number }, (_, row) => Math.min(4, Math.max(0, row - 4)));
        const extended = originalName.includes("relative") ? tf.gather(own, rows) : own;
        weight(long, originalName.replace("long/", ""))!.write(extended);
      }
      assertClose(run(short, x), run(long, x), 1e-6);
    }));

  it("over a local span equals a global one whose keys outside are masked", () =>
    tf.tidy(() => {
      for (const [span, window] of [
        [1, { before: 0, after: 0 }],
        [4, { before: 1, after: 2 }],
        [5, { before: 2, after: 2 }],
      ] as const) {
        const layer = make({ norms: noNorms, span, maxDistance: undefined });
        const x = image();
        const y = run(layer, x);
        const table = weight(layer, "relative_query")!;
        assert.equal(table.shape[0], span);
        const global = make({ norms: noNorms, maxDistance: height - 1 });
        run(global, x);
        for (const { originalName } of global.weights) {
          const name = originalName.slice(originalName.indexOf("/") + 1);
          const own = weight(layer, name)!.read();
          const padding: [number, number] = [height - 1 - window.before, height - 1 - window.after];
          weight(global, name)!.write(name.startsWith("relative") ? own.pad([padding, [0, 0]]) : own);
        }
        assertClose(y, byLoops(global, x, window), 3e-6);
      }
    }));

  it("with a causal span never looks ahead", () =>
    tf.tidy(() => {
      const layer = make({ norms: noNorms, span: "causal" });
      const x = image();
      const changed = tf.concat<tf.Tensor4D>([x.slice([0, 0], [batch, 4]), image(3, width, 77)], 1);
      const [y, z] = [run(layer, x), run(layer, changed)];
      assertClose(z.slice([0, 0], [batch, 4]), y.slice([0, 0], [batch, 4]), 1e-6);
      assert.ok(z.sub(y).slice([0, 4], [batch, 1]).abs().max().dataSync()[0] > 0.01);
      assert.equal(weight(layer, "relative_key")!.shape[0], 7);
    }));

  it("strides by averaging, dropping or keeping the remainder", () =>
    tf.tidy(() => {
      const x = image();
      const plain = run(make({ norms: noNorms }), x);
      const dropped = run(make({ norms: noNorms, stride: 2 }), x);
      assert.deepEqual(dropped.shape, [batch, 3, 2, filters]);
      const corner = (places: tf.Tensor) => places.mean([1, 2]);
      assertClose(dropped.slice([0, 2, 1], [batch, 1, 1]), corner(plain.slice([0, 4, 2], [batch, 2, 2])), 1e-6);
      const kept = run(make({ norms: noNorms, stride: 2, strideRemainder: "keep" }), x);
      assert.deepEqual(kept.shape, [batch, 4, 3, filters]);
      assertClose(kept.slice([0, 3, 2], [batch, 1, 1]), plain.slice([0, 6, 4], [batch, 1, 1]), 1e-6);
      assertClose(kept.slice([0, 3, 0], [batch, 1, 1]), corner(plain.slice([0, 6, 0], [batch, 1, 2])), 1e-6);
    }));

  it("tells its output shape, unknown sizes included", () => {
    assert.deepEqual(make().computeOutputShape([null, null, 5, 3]), [null, null, 5, filters]);
    assert.deepEqual(make({ stride: 2 }).computeOutputShape([4, 7, null, 3]), [4, 3, null, filters]);
    assert.deepEqual(make({ stride: 2, strideRemainder: "keep" }).computeOutputShape([4, 7, 5, 3]), [4, 4, 3, filters]);
  });

  it("clamps at zero where asked, before or after the stride", () =>
    tf.tidy(() => {
      for (const stride of [1, 2])
        for (const norms of [noNorms, {}]) {
          const x = image();
          const plain = run(make({ stride, norms }), x, true);
          assertClose(run(make({ stride, norms, activation: "relu" }), x, true), plain.relu(), 1e-6);
        }
    }));

  it("switches each position term and each norm on its own", () =>
    tf.tidy(() => {
      const x = image();
      const names = (args: Partial<AxialAttentionArgs>) => {
        const layer = make({ ...args, name: "layer" });
        assert.ok(run(layer, x, true).isNaN().any().dataSync()[0] === 0);
        assert.deepEqual(run(layer, x).shape, [batch, height, width, filters]);
        return layer.weights.map(({ originalName, shape }) => `${originalName.slice(6)} ${shape.join("x")}`);
      };
      const every = names({});
      assert.equal(every.length, 4 + 4 * 4);
      const without = (args: Partial<AxialAttentionArgs>) => {
        const present = new Set(names(args));
        return every.filter((name) => !present.has(name));
      };
      assert.deepEqual(without({ position: { value: false } }).slice(0, 2), [
        `relative_value 13x6`,
        `position_norm_gamma 66`,
      ]);
      assert.deepEqual(without({ position: { query: false } })[0], "relative_query 13x4");
      assert.ok(names({ position: { query: false, key: false } }).includes("similarity_norm_gamma 1x11"));
      assert.deepEqual(without({ norms: { similarity: false } }).length, 4);
      assert.deepEqual(without({ norms: { output: false } }).length, 8);
    }));

  it("without position terms does not care where things are", () =>
    tf.tidy(() => {
      const layer = make({ position: { query: false, key: false, value: false } });
      const x = image();
      const flipped = run(layer, x.reverse(1), true).reverse(1);
      assertClose(flipped, run(layer, x, true), 1e-5);
    }));

  it("gives attention weights by image, row or column, and head, and updates nothing by it", () =>
    tf.tidy(() => {
      for (const [axis, shape] of [
        ["height", [batch, width, heads, height, height]],
        ["width", [batch, height, heads, width, width]],
      ] as const) {
        const layer = make({ axis });
        const x = image();
        run(layer, x, true);
        const before = layer.getWeights().map((tensor) => Array.from(tensor.dataSync()));
        for (const training of [true, false]) {
          const weights = layer.attentionWeights(x, { training });
          assert.deepEqual(weights.shape, shape);
          assertClose(weights.sum(4), tf.ones(shape.slice(0, 4)));
        }
        assert.deepEqual(
          layer.getWeights().map((tensor) => Array.from(tensor.dataSync())),
          before,
        );
      }
    }));

  it("has a gradient for every weight but the shift of the similarity norm", () => {
    const layer = make();
    const x = image();
    tf.dispose(run(layer, x));
    const variables = layer.trainableWeights.map((w) => w.read() as tf.Variable);
    const { value, grads } = tf.variableGrads(() => run(layer, x, true).square().mean(), variables);
    const missing = layer.trainableWeights.filter(({ name }) => !(name in grads));
    assert.deepEqual(
      missing.map(({ originalName }) => originalName),
      [`${layer.name}/similarity_norm_beta`],
    );
    tf.dispose([value, grads, x]);
    layer.dispose();
  });

  it("is saved and loaded inside a model, weights and all", async () => {
    const input = tf.input({ shape: [null, null, inputChannels] });
    const layer = make({
      axis: "width",
      span: 3,
      maxDistance: undefined,
      position: { key: false },
      constants: "tf",
      stride: 2,
    });
    const model = tf.model({ inputs: input, outputs: layer.apply(input) as tf.SymbolicTensor });
    const x = image();
    tf.dispose(model.apply(x, { training: true }) as tf.Tensor);
    let saved!: tf.io.ModelArtifacts;
    await model.save(
      tf.io.withSaveHandler((artifacts) => {
        saved = artifacts;
        return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" } });
      }),
    );
    const topology = JSON.parse(JSON.stringify(saved.modelTopology)) as object;
    const copy = await tf.loadLayersModel(tf.io.fromMemory({ ...saved, modelTopology: topology }));
    tf.tidy(() => assertClose(copy.predict(x) as tf.Tensor, model.predict(x) as tf.Tensor, 0));
    x.dispose();
    model.dispose();
    copy.dispose();
  });

  it("leaves no tensor behind in training, evaluation or when it is disposed", () => {
    const x = image();
    const before = tf.memory().numTensors;
    const layer = make();
    const variables = () => layer.trainableWeights.map((w) => w.read() as tf.Variable);
    tf.dispose(run(layer, x));
    const built = tf.memory().numTensors;
    for (let step = 0; step < 3; step++) {
      const { value, grads } = tf.variableGrads(() => run(layer, x, true).square().mean(), variables());
      tf.dispose([value, grads, run(layer, x), layer.attentionWeights(x)]);
      assert.equal(tf.memory().numTensors, built);
    }
    layer.dispose();
    assert.equal(tf.memory().numTensors, before);
    x.dispose();
  });

  it("has the defaults that it documents", () => {
    const layer = new AxialAttention({ axis: "height", filters: 32, maxDistance: 4 });
    assert.deepEqual([layer.heads, layer.keyDepth, layer.valueDepth], [8, 2, 4]);
    tf.tidy(() => {
      assert.deepEqual(run(layer, image()).shape, [batch, height, width, 32]);
      assert.deepEqual(weight(layer, "relative_query")!.shape, [9, 2]);
    });
  });

  it("says which argument is wrong, and what would be right", () => {
    const refuses = (args: Partial<AxialAttentionArgs>, message: RegExp) =>
      assert.throws(() => make(args), (error) => error instanceof ConfigError && message.test(error.message)); // prettier-ignore
    refuses({ axis: "depth" as "width" }, /axis must be "height" or "width", got depth/);
    refuses({ filters: NaN }, /got filters=NaN, heads=11; use filters=11$/);
    refuses({ filters: 66, heads: NaN }, /got filters=66, heads=NaN; use filters=8$/);
    refuses({ filters: 67 }, /filters must be a positive multiple of heads, got filters=67, heads=11; use filters=66/);
    refuses({ filters: 55, keyDepth: undefined }, /key depth must be a positive integer, got 2.5 .* set keyDepth/);
    refuses(
      { maxDistance: -1 },
      /maxDistance must be a whole number of places, got -1; use the length in training less 1/,
    );
    refuses({ span: 3 }, /a local span has a table of its own size, got span=3, maxDistance=6; leave maxDistance out/);
    refuses({ span: 2.5, maxDistance: undefined }, /a local span must be a positive integer, got 2.5/);
    refuses({ span: "local" as "global" }, /span must be "global", "causal" or a number, got local/);
    refuses({ stride: 0 }, /stride must be a positive integer, got 0/);
    refuses({ constants: "keras" as "tf" }, /constants must be/);
    assert.throws(() => make().build([null, 5, 3]), ShapeError);
    assert.throws(() => make().attentionWeights(tf.zeros([1, 2, 2, 3])), /it has no weights yet/);
  });
});

describe("maxDistance of axial attention", () => {
  before(() => tf.setBackend("cpu"));
  const build = (args: object, shape: (number | null)[]) => {
    const layer = new AxialAttention({ filters: 16, axis: "height", ...args });
    layer.build(shape);
    return layer;
  };

  it("defaults to the length of the axis at which the layer is built, less 1", () => {
    assert.deepEqual(build({}, [null, 7, 5, 3]).tableRange, { before: 6, after: 6 });
    assert.deepEqual(build({ axis: "width" }, [null, 7, 5, 3]).tableRange, { before: 4, after: 4 });
    assert.deepEqual(build({ span: "causal" }, [null, 7, null, 3]).tableRange, { before: 6, after: 0 });
    assert.deepEqual(build({ maxDistance: 2 }, [null, null, null, 3]).tableRange, { before: 2, after: 2 });
  });

  it("is saved, so that a layer that is built again fits its weights at any length", () => {
    const layer = build({}, [null, 7, 5, 3]);
    const again = new AxialAttention(layer.getConfig() as unknown as AxialAttentionArgs);
    again.build([null, 11, 5, 3]);
    again.setWeights(layer.getWeights());
    assert.deepEqual(again.tableRange, layer.tableRange);
    assert.equal(build({ span: 3 }, [null, 7, 5, 3]).getConfig().maxDistance, undefined);
  });

  it("is asked for where the axis has no fixed length, or before there is one", () => {
    assert.throws(
      () => build({}, [null, null, 5, 3]),
      /maxDistance must be given where the axis has no fixed length, got \[/,
    );
    assert.throws(
      () => new AxialAttention({ filters: 16, axis: "height" }).tableRange,
      /apply the layer first, or set maxDistance/,
    );
  });
});
