import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { ConfigError } from "../../src/core/errors.js";
import * as layers from "../../src/layers/index.js";
import { AutoregressiveAxialTransformer } from "../../src/models/index.js";

type Made = new (args: object) => tf.layers.Layer;

/** Every layer with arguments that it takes, and a misspelt one with what it should be. */
const cases: readonly [layer: unknown, args: object, misspelt: string, meant: string][] = [
  [layers.AxialAttention, { axis: "height", filters: 16 }, "postion", "position"],
  [layers.LocalAttention, { filters: 32 }, "windows", "window"],
  [layers.StandAloneAttention, { filters: 16 }, "head", "heads"],
  [layers.GlobalAttention, { filters: 16 }, "keydepth", "keyDepth"],
  [layers.CrissCrossAttention, {}, "recurence", "recurrence"],
  [layers.ValueMixtureAttention, { filters: 16 }, "blocks", "block"],
  [layers.NdAxialAttention, { filters: 16 }, "axis", "axes"],
  [layers.AxialPositionEmbedding, { filters: 16, shape: [3, 5] }, "std", "stddev"],
  [layers.AxialImageTransformer, { filters: 16, depth: 2 }, "reversable", "reversible"],
  [layers.Convolution, { filters: 16 }, "kernelsize", "kernelSize"],
  [layers.MaxPool, {}, "strides", "stride"],
  [layers.AveragePool, {}, "windows", "window"],
  [layers.ResizeLike, {}, "names", "name"],
  [layers.Subsample, { strides: [2, 1] }, "stride", "strides"],
  [layers.BatchNorm, {}, "zerogamma", "zeroGamma"],
  [layers.LayerNorm, {}, "eps", "epsilon"],
  [layers.ChannelDropout, { rate: 0.1 }, "sed", "seed"],
  [AutoregressiveAxialTransformer, { imageShape: [3, 5, 1] }, "level", "levels"],
];

const refuses = (layer: unknown, args: object, message: RegExp) =>
  assert.throws(
    () => new (layer as Made)(args),
    (error) => error instanceof ConfigError && message.test(error.message) && !error.message.includes("\n"),
  );

describe("arguments of layers", () => {
  before(() => tf.setBackend("cpu"));

  it("are tested for every layer", () => {
    const tested: unknown[] = [layers.SelfAttention, ...cases.map(([layer]) => layer)];
    const isLayer = (value: unknown) => typeof value === "function" && value.prototype instanceof tf.layers.Layer;
    const untested = Object.entries(layers).filter(([, value]) => isLayer(value) && !tested.includes(value));
    assert.deepEqual(Object.fromEntries(untested), {});
  });

  for (const [layer, args, misspelt, meant] of cases) {
    const { name } = layer as { name: string };
    it(`${name} refuses ${misspelt} and names ${meant}`, () => {
      new (layer as Made)({ ...args, name: "mine", trainable: false });
      const message = new RegExp(
        `^${name} mine: there is no option of this name, got ${misspelt}; did you mean ${meant}\\? Known are`,
      );
      refuses(layer, { ...args, name: "mine", [misspelt]: 3 }, message);
      refuses(layer, "axial" as unknown as object, /must be an object, got axial/);
      refuses(
        layer,
        null as unknown as object,
        new RegExp(`^${name}: the options must be an object, got null; write {`),
      );
      const required = Object.keys(args).length > 0;
      if (required) refuses(layer, undefined as unknown as object, /must be an object, got undefined; write \{/);
    });

    it(`${name} takes back the arguments that it saves`, () => {
      const config = new (layer as Made)(args).getConfig();
      assert.deepEqual(new (layer as Made)(config).getConfig(), config);
    });
  }

  it("are numbers where they must be", () => {
    for (const layer of [
      layers.GlobalAttention,
      layers.LocalAttention,
      layers.StandAloneAttention,
      layers.ValueMixtureAttention,
    ])
      refuses(layer, { filters: "16" }, /got filters=16/);
  });

  it("are checked inside: position terms, norms and constants", () => {
    const axial = { axis: "height", filters: 16 };
    refuses(layers.AxialAttention, { ...axial, position: { keys: false } }, /got position\.keys; did you mean key\?/);
    refuses(
      layers.LocalAttention,
      { filters: 32, norms: { outputs: false } },
      /got norms\.outputs; did you mean output\?/,
    );
    refuses(layers.BatchNorm, { constants: { momentum: 0.1 } }, /got constants\.momentum; did you mean/);
  });

  it("that follow from the equation cannot be given", () => {
    refuses(
      layers.StandAloneAttention,
      { filters: 16, keyDepth: 2 },
      /^StandAloneAttention: there is no option of this name, got keyDepth/,
    );
    refuses(layers.StandAloneAttention, { filters: 16, position: {} }, /no option of this name, got position/);
    refuses(layers.GlobalAttention, { filters: 16, position: {} }, /no option of this name, got position/);
  });

  it("that are one of a few words refuse others", () => {
    refuses(
      layers.AxialAttention,
      { axis: "heigth", filters: 16 },
      /axis must be "height" or "width", got heigth; use "height"/,
    );
    refuses(layers.AxialAttention, { filters: 16 }, /axis must be "height" or "width", got null/);
    refuses(
      layers.GlobalAttention,
      { filters: 16, strideRemainder: "keeps" },
      /strideRemainder must be "drop" or "keep", got keeps/,
    );
    refuses(layers.GlobalAttention, { filters: 16, activation: "gelu" }, /activation must be "relu" or null, got gelu/);
    refuses(layers.NdAxialAttention, { filters: 16, combine: "mean" }, /combine must be "sum" or "sequence", got mean/);
    refuses(layers.Convolution, { filters: Number.NaN }, /filters must be a positive integer, got NaN; use 1 or more/);
    refuses(layers.MaxPool, { stride: 0 }, /stride must be a positive integer, got 0/);
    refuses(layers.MaxPool, { padding: -1 }, /padding must be a whole number of places, got -1/);
  });
});
