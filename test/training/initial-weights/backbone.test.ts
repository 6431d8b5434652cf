import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type * as tf from "@tensorflow/tfjs";
import { generated } from "../../../src/data/index.js";
import * as engine from "../../../src/engine/index.js";
import { create, type ResNetConfig } from "../../../src/models/index.js";
import { generatedPanoptic, panopticSegmentation } from "../../../src/panoptic/index.js";
import { presets, train } from "../../../src/training/index.js";

const { head, ...backbone } = presets["quick-start-panoptic"].model;
const panoptic: ResNetConfig = { ...backbone, head };

describe("a panoptic network that begins with a classifier's weights", () => {
  const folder = mkdtempSync(join(tmpdir(), "axial-lab-backbone-"));
  before(async () => void (await engine.start({ threads: 1 })));
  after(async () => {
    rmSync(folder, { recursive: true });
    await engine.stop();
  });
  const settings = { epochs: 1, learningRate: 0, average: null, seed: 1 } as const;
  const valuesByName = (model: tf.LayersModel) =>
    new Map(model.trainableWeights.map((weight) => [weight.originalName, weight.read().dataSync()]));

  async function classifier(config: ResNetConfig, out: string): Promise<string> {
    const data = generated({ classes: 3, trainCount: 8, validationCount: 4 });
    const { model } = await train({ ...settings, seed: 5, model: config, data, size: 32, batchSize: 4, out });
    await data.close();
    model.dispose();
    return join(out, "last.safetensors");
  }

  async function panopticFrom(init: string) {
    const data = generatedPanoptic({ trainCount: 2, validationCount: 1, threads: 1 });
    try {
      const task = panopticSegmentation();
      const { model } = await train({ ...settings, task, model: panoptic, data, init, size: 33, batchSize: 2 });
      return model;
    } finally {
      await data.close();
    }
  }

  it("takes stem and stages from the run, tables of positions resampled, and keeps heads of its own", async () => {
    const init = await classifier(backbone, join(folder, "classifier"));
    const given = create(backbone, { classes: 3, size: 32, seed: 0 });
    const fresh = create(panoptic, { classes: 7, size: 33, seed: 0 });
    const tuned = valuesByName(await panopticFrom(init));
    const { restore } = await import("../../../src/training/index.js");
    const source = valuesByName((await restore(init)).model);
    let compared = 0;
    for (const [name, values] of tuned) {
      if (/^(stem|stage\d)\./.test(name) && source.get(name)!.length === values.length) {
        assert.deepEqual(values, source.get(name), name);
        compared++;
      } else assert.ok(/relative_/.test(name) || !source.has(name), name);
    }
    assert.ok(compared > 30, String(compared));
    [given, fresh].forEach((model) => model.dispose());
  });

  it("refuses weights of a deeper and of a narrower backbone", async () => {
    const deeper = { ...backbone, stages: backbone.stages.map((stage) => ({ ...stage, blocks: stage.blocks + 1 })) };
    const narrower = {
      ...backbone,
      stages: backbone.stages.map((stage) => ({ ...stage, filters: stage.filters - 8 })),
    };
    for (const [name, config, message] of [
      ["deeper", deeper, /unexpected \(stage1\.block2/],
      ["narrower", narrower, /misshapen \(stage1/],
    ] as const) {
      const init = await classifier(config, join(folder, name));
      await assert.rejects(panopticFrom(init), message);
    }
  });
});
