import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { FileError } from "../../src/core/errors.js";
import { generated } from "../../src/data/index.js";
import * as engine from "../../src/engine/index.js";
import { create, type ResNetConfig } from "../../src/models/index.js";
import { evaluate, restore, train } from "../../src/training/index.js";
import { save } from "../../src/weights/index.js";
import { temporaryFolder, tinySettings } from "./tiny.js";

before(() => engine.start({ threads: 2 }));
after(() => engine.stop());

const model: ResNetConfig = {
  name: "small",
  stem: { kind: "convolution", filters: 4 },
  norm: "torch",
  stages: [{ blocks: 1, stride: 1, width: 4, filters: 8, operator: { kind: "axial", heads: 2 } }],
};
const data = generated({ classes: 5, trainCount: 37, validationCount: 11 });
const still = { ...tinySettings, epochs: 1, learningRate: 0, average: null, optimizer: "sgd", model, data } as const;

describe("train with init", () => {
  it("starts from the weights of a file with other classes, whose classifier alone starts anew", async () => {
    const [path, out] = [join(temporaryFolder(), "three.safetensors"), temporaryFolder()];
    const source = create(model, { classes: 3, size: 11, seed: 7 });
    await save(source, path);
    const tuned = await train({ ...still, init: path, out });
    assert.equal(tuned.config.init, path);
    const expected = new Map(source.weights.map((weight) => [weight.originalName, weight.read().dataSync()]));
    for (const weight of tuned.model.trainableWeights) {
      const [name, values] = [weight.originalName, weight.read().dataSync()];
      if (name.startsWith("classifier")) assert.notEqual(values.length, expected.get(name)?.length);
      else assert.deepEqual(values, expected.get(name), name);
    }
    const [restored, resumed] = [await restore(out), await train({ data, resume: out })];
    const [measured, last] = [await evaluate(restored.model, data, { size: 11, batchSize: 7 }), resumed.events.at(-2)];
    assert.ok(last?.event === "epoch" && last.validation.loss === measured.loss);
  });

  it("refuses weights of another network by what does not fit, and a file that is none", async () => {
    const path = join(temporaryFolder(), "wide.safetensors");
    const wide = { ...model, stages: [{ ...model.stages[0], width: 6 }] };
    await save(create(wide, { classes: 5, size: 11 }), path);
    await assert.rejects(train({ ...still, init: path }), (error: Error) => {
      assert.ok(error instanceof FileError);
      assert.match(
        error.message,
        /^train: init must fit the model but for its classes, got .*wide\.safetensors with .* for \[.* and \d+ more; give/,
      );
      return true;
    });
    await assert.rejects(train({ ...still, init: `${path}.none` }), FileError);
  });
});
