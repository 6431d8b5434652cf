import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ConfigError } from "../../src/core/errors.js";
import { create, names, summarize } from "../../src/models/index.js";
import { preset, presets, resolveConfig, sizeAt, type Preset, type RunDefinition } from "../../src/training/index.js";
import { tinyData } from "./tiny.js";
import { panopticSegmentation } from "../../src/panoptic/index.js";
import type { Task } from "../../src/training/index.js";

const data = tinyData();

describe("resolveConfig", () => {
  it("leaves nothing to defaults, and a resolved configuration as it is", () => {
    const config = resolveConfig({ model: "resnet-26", data, schedule: "flat-cosine", optimizer: "ranger" });
    assert.equal(config.learningRate, 0.008);
    assert.deepEqual(config.size, { from: 64, to: 64, until: 0.6, multiple: 16 });
    assert.deepEqual(config.data, { description: data.description, classes: ["red", "green", "blue"] });
    const { model, init, ...settings } = config;
    assert.equal(init, null);
    assert.deepEqual(resolveConfig({ ...settings, model: model ?? undefined, data }), config);
    assert.deepEqual(JSON.parse(JSON.stringify(config)), config);
  });

  const wrong: [settings: Partial<RunDefinition>, message: string][] = [
    [{ epochs: 0 }, "train: epochs must be at least 1, got 0; choose another, or leave it out"],
    [{ epochs: 1.5 }, "train: epochs must be a whole number, got 1.5; round it"],
    [{ batchSize: 0 }, "train: batchSize must be at least 1, got 0; choose another, or leave it out"],
    [{ size: 7 }, "train: size must be at least 8, got 7; choose another, or leave it out"],
    [
      { size: { from: 8, to: 16, until: 2 } },
      "train: size.until must be between 0 and 1, got 2; choose another, or leave it out",
    ],
    [{ learningRate: -1 }, "train: learningRate must be at least 0, got -1; choose another, or leave it out"],
    [{ learningRate: NaN }, "train: learningRate must be at least 0, got NaN; choose another, or leave it out"],
    [
      { task: { kind: "classification", labelSmoothing: 1.1 } },
      "classification: labelSmoothing must be between 0 and 1, got 1.1; use 0 for none",
    ],
    [
      { task: { kind: "regression" } },
      'task: kind must be one of classification, semantic-segmentation, got "regression"; give any other as an object',
    ],
    [{ clipNorm: 0 }, "train: clipNorm must be above 0, got 0; choose another, or leave it out"],
    [{ average: { decay: 2 } }, "train: average.decay must be between 0 and 1, got 2; choose another, or leave it out"],
    [{ patience: 0 }, "train: patience must be at least 1, got 0; choose another, or leave it out"],
    [{ seed: -1 }, "train: seed must be at least 0, got -1; choose another, or leave it out"],
  ];
  const misspelt: [settings: object, message: RegExp][] = [
    [
      { optimizer: { kind: "sgd", momentun: 0.8 } },
      /^optimizer sgd: there is no option of this name, got momentun; did you mean momentum\?/,
    ],
    [{ optimizer: { kind: "adam", momentum: 0.8 } }, /^optimizer adam: there is no option of this name, got momentum/],
    [{ schedule: { kind: "cosine", flor: 0 } }, /^schedule cosine: .* got flor; did you mean floor\?/],
    [
      { task: { kind: "classification", smoothing: 0 } },
      /^classification: .* got smoothing; did you mean labelSmoothing\?/,
    ],
    [{ model: "resnet-27" }, /no model of this name, got resnet-27/],
  ];
  for (const [settings, message] of misspelt) {
    it(`names the nearest of what there is for ${JSON.stringify(settings)}`, () => {
      assert.throws(
        () => resolveConfig({ model: "resnet-26", data, ...settings }),
        (error: Error) => error instanceof ConfigError && message.test(error.message),
      );
    });
  }

  for (const [settings, message] of wrong) {
    it(`refuses ${JSON.stringify(settings)}`, () => {
      assert.throws(() => resolveConfig({ model: "resnet-26", data, ...settings }), new ConfigError(message));
    });
  }
});

describe("sizeAt", () => {
  it("grows along a line in steps of a multiple, and is full for the last epochs", () => {
    const sizes = (epochs: number) =>
      Array.from({ length: epochs }, (_, epoch) =>
        sizeAt({ from: 96, to: 128, until: 0.6, multiple: 16 }, epoch, epochs),
      );
    assert.deepEqual(sizes(5), [96, 112, 112, 128, 128]);
    assert.deepEqual(sizes(1), [128]);
    // Sides of 16 k + 1 stay such.
    const odd = { from: 129, to: 193, until: 1, multiple: 32 };
    assert.deepEqual(
      [0, 1, 2, 3].map((epoch) => sizeAt(odd, epoch, 4)),
      [129, 161, 161, 193],
    );
    assert.equal(sizeAt({ from: 64, to: 64, until: 0.6, multiple: 16 }, 0, 5), 64);
    assert.equal(sizeAt({ from: 50, to: 50, until: 0.6, multiple: 16 }, 0, 5), 50);
  });
});

describe("presets", () => {
  for (const [name, { task, model, data: set, settings, command }] of Object.entries<Preset>(presets)) {
    it(`has a ${name} that resolves, of a model that exists, with the command that runs it`, () => {
      if (typeof model === "string") assert.ok(names().includes(model));
      else create(model, { classes: 2, size: 32 }).dispose();
      assert.ok(["generated", "imagenette", "folder"].includes(set));
      // A kind of another room is made there.
      const known = task === "panoptic" ? (panopticSegmentation() as unknown as Task) : task;
      const config = resolveConfig({ task: known, model, data, ...settings });
      assert.equal(config.task.kind, task ?? "classification");
      const named = name === "quick-start" ? "" : ` --preset ${name}`;
      assert.equal(command, `npx axial-lab train${named}${set === "folder" ? " --data FOLDER" : ""}`);
    });
  }

  for (const [name, bound] of [
    ["panoptic-streets", 0.01],
    ["imagenette-128", 0.015],
  ] as const)
    it(`compares attention and convolution with as many parameters, ${name}`, () => {
      const [axial, twin] = [presets[name], presets[`${name}-convolution`]];
      const parameters = ({ model }: Preset) => summarize(model, { classes: 11, size: 128 }).parameters;
      const ratio = parameters(twin) / parameters(axial);
      assert.ok(Math.abs(ratio - 1) < bound, String(ratio));
      assert.deepEqual(twin.settings, axial.settings);
      assert.equal(twin.augmentation, axial.augmentation);
    });

  it("says which there are when there is none of a name", () => {
    assert.throws(
      () => preset("fast"),
      /^ConfigError: preset: name must be that of one, got fast; use quick-start, .*$/,
    );
  });
});
