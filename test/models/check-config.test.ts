import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { ConfigError } from "../../src/core/errors.js";
import { configuration, create, names, resNetConfig, summarize, type ResNetConfig } from "../../src/models/index.js";

type Json = Readonly<Record<string, unknown>>;

/** Two stages, of which the second has axial attention. */
const config = {
  name: "mine",
  norm: "torch",
  stem: { kind: "convolution", filters: 8 },
  stages: [
    { blocks: 1, stride: 1, width: 8, filters: 16, operator: { kind: "convolution" } },
    { blocks: 1, stride: 2, width: 16, filters: 16, operator: { kind: "axial", heads: 2, position: { key: true } } },
  ],
} as const;

/** The configuration with another second stage, or another operator of it. */
const staged = (change: Json) => ({ ...config, stages: [config.stages[0], { ...config.stages[1], ...change }] });
const operated = (operator: unknown) => staged({ operator });

const refuses = (given: unknown, message: RegExp, options: unknown = { classes: 3, size: 32 }) => {
  for (const make of [create, summarize])
    assert.throws(
      () => make(given as ResNetConfig, options as { classes: number }),
      (error) => {
        assert.ok(error instanceof ConfigError, String(error));
        assert.match(error.message, message);
        assert.ok(!error.message.includes("\n"));
        return true;
      },
    );
};

describe("configurations of models", () => {
  before(() => tf.setBackend("cpu"));

  it("that are right are built and counted, all of the zoo among them", () => {
    create(config, { classes: 3, size: 32, seed: 0 }).dispose();
    for (const name of names()) assert.ok(summarize(name, { classes: 19, size: 65 }).parameters > 0, name);
  });

  it("refuse misspelt keys at any depth and name the nearest", () => {
    refuses(
      { ...config, stage: [] },
      /^models\.\w+: there is no option of this name, got stage; did you mean stages\?/,
    );
    refuses(staged({ heads: 2 }), /got stages\[1\]\.heads; did you mean/);
    refuses(
      operated({ kind: "axial", head: 4 }),
      /^models\.\w+ mine: .* got stages\[1\]\.operator\.head; did you mean heads\?/,
    );
    refuses(
      operated({ kind: "axial", position: { keys: false } }),
      /got stages\[1\]\.operator\.position\.keys; did you mean key\?/,
    );
    refuses(operated({ kind: "local", norms: { outputs: false } }), /operator\.norms\.outputs; did you mean output\?/);
    refuses(operated({ kind: "standAlone", position: {} }), /got stages\[1\]\.operator\.position; did you mean/);
    refuses({ ...config, stem: { ...config.stem, maxpool: false } }, /got stem\.maxpool; did you mean maxPool\?/);
    refuses(
      { ...config, stem: { kind: "convolution", filters: 8, convolutions: [{ kernel: 3 }] } },
      /got stem\.convolutions\[0\]\.kernel; did you mean kernelSize\?/,
    );
    refuses(
      { ...config, head: { kind: "crissCross", recurence: 2 } },
      /got head\.recurence; did you mean recurrence\?/,
    );
  });

  it("refuse a panoptic head's misspelt keys and stages that there are not", () => {
    const { head } = configuration("axial-deeplab-s");
    assert.ok(head?.kind === "panoptic");
    const panoptic = (change: Json) => ({ ...config, head: { ...head, instance: { ...head.instance, ...change } } });
    refuses(panoptic({ headfilters: 8 }), /got head\.instance\.headfilters; did you mean headFilters\?/);
    refuses(panoptic({ pyramid: { filters: 8, rate: [] } }), /got head\.instance\.pyramid\.rate; did you mean rates\?/);
    refuses(
      panoptic({ skips: [{ stage: 3, filters: 8 }] }),
      /head\.instance\.skips\[0\]\.stage must be from 1 to 2, got 3|head\.semantic\.skips/,
    );
    refuses(panoptic({ skips: null }), /head\.instance\.skips must be a list, got null|head\.semantic\.skips/);
  });

  it("refuse other kinds and words, and name the nearest", () => {
    refuses(operated({ kind: "axail" }), /stages\[1\]\.operator\.kind must be .*, got axail; use "axial"/);
    refuses(operated({ heads: 2 }), /stages\[1\]\.operator\.kind must be .*, got null/);
    refuses(
      operated("axial"),
      /stages\[1\]\.operator must be an object with a kind, got axial; write \{ kind: "convolution" \}/,
    );
    refuses({ ...config, norm: "pytorch" }, /norm must be "torch" or "tf", got pytorch; use "torch"/);
    refuses({ ...config, stem: { kind: "conv", filters: 8 } }, /stem\.kind must be .* got conv; use "convolution"/);
    refuses({ ...config, head: { kind: "classifer" } }, /head\.kind must be .* got classifer; use "classifier"/);
    refuses(staged({ stride: 3 }), /stages\[1\]\.stride must be 1 or 2, got 3; choose one/);
    refuses(
      staged({ block: "bottle" }),
      /stages\[1\]\.block must be "bottleneck" or "basic", got bottle; use "bottleneck"/,
    );
  });

  it("refuse sizes that are none, also inside operators", () => {
    refuses(operated({ kind: "axial", heads: "8" }), /stages\[1\]\.operator\.heads must be a positive integer, got 8/);
    refuses(
      operated({ kind: "axial", filters: Number.NaN }),
      /stages\[1\]\.operator\.filters must be a positive integer, got NaN/,
    );
    refuses(staged({ blocks: undefined }), /stages\[1\]\.blocks must be a positive integer, got undefined/);
    refuses({ ...config, stages: [] }, /stages must be a list of one stage or more, got \[\]; add a stage/);
    refuses({ ...config, stages: {} }, /stages must be a list of one stage or more, got \{\}/);
    refuses({ ...config, stem: undefined }, /stem must be an object with a kind, got undefined/);
    refuses({ ...config, name: undefined }, /a configuration must have a name, got undefined/);
    refuses([config], /the configuration must be an object, got \[/);
  });

  it("come with options that are checked too, and a name that there is", () => {
    refuses("resnet-26", /the options must be an object, got null; write \{ classes, size, seed/, null);
    refuses("resnet-26", /there is no option of this name, got clases; did you mean classes\?/, { clases: 3 });
    refuses("resnet-26", /classes must be a positive integer, got undefined/, {});
    refuses("resnet-26", /seed must be a whole number, got 0\.5/, { classes: 3, seed: 0.5 });
    refuses("resnet-27", /no model of this name, got resnet-27; did you mean resnet-26\? Known are resnet-18/);
    refuses(undefined, /no model of this name, got undefined/);
    assert.throws(
      () => resNetConfig("resnet-50", { atention: [] } as object),
      /got atention; did you mean attention\?/,
    );
    assert.throws(
      () => summarize("resnet-26", { classes: 3, shape: [0, 5] }),
      /shape\[0\] must be a positive integer, got 0/,
    );
  });
});
