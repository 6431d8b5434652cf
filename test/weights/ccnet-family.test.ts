import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { ccnetConfig, create } from "../../src/models/index.js";
import { families, load, save } from "../../src/weights/index.js";
import { readSafetensors } from "../../src/weights/safetensors.js";
import { shrunk } from "../models/shrunk.js";

const folder = mkdtempSync(join(tmpdir(), "axial-lab-ccnet-"));
const file = join(folder, "ccnet.safetensors");

function model(seed: number, auxiliary: boolean): tf.LayersModel {
  const config = ccnetConfig(50, { filters: 12, auxiliary });
  const stages = config.stages.map((stage) => ({ ...stage, blocks: 1, width: 4, filters: 16 }));
  return create({ ...shrunk(config), stages, head: config.head }, { classes: 3, size: 32, seed });
}
const numbers = (from: tf.LayersModel, name: string) =>
  Array.from(
    from.weights
      .find((weight) => weight.originalName === name)!
      .read()
      .dataSync(),
  );

describe("weights of CCNet", () => {
  before(() => tf.setBackend("cpu"));
  after(() => rmSync(folder, { recursive: true }));

  it("go out under the original's names and come back the same", async () => {
    const first = model(1, true);
    assert.deepEqual(families(first), ["ccnet", "axial-lab"]);
    await save(first, file, { family: "ccnet" });
    const { tensors } = await readSafetensors(file);
    const shape = (name: string) => tensors.get(name)?.shape;
    assert.deepEqual(shape("conv3.weight"), [16, 16, 3, 3]);
    assert.deepEqual(shape("layer4.0.conv2.weight"), [4, 4, 3, 3]);
    assert.deepEqual(shape("layer3.0.downsample.1.running_var"), undefined); // 16 channels before and after
    assert.deepEqual(shape("layer2.0.downsample.1.running_var"), [16]);
    assert.deepEqual(shape("head.conva.0.weight"), [4, 16, 3, 3]);
    assert.deepEqual(shape("head.cca.value_conv.weight"), [4, 4, 1, 1]);
    assert.deepEqual(shape("head.convb.1.weight"), [4]);
    assert.deepEqual(shape("head.bottleneck.0.weight"), [12, 20, 3, 3]);
    assert.deepEqual(shape("head.bottleneck.3.bias"), [3]);
    assert.deepEqual(shape("dsn.0.bias"), [12]);
    assert.deepEqual(shape("dsn.3.weight"), [3, 12, 1, 1]);
    // In-place ABN counts no batches.
    assert.deepEqual([...tensors.keys()].filter((name) => name.endsWith("num_batches_tracked")), []); // prettier-ignore
    const second = model(2, true);
    assert.deepEqual(await load(second, file), {
      family: "ccnet",
      place: "",
      otherPlaces: [],
      missing: [],
      unexpected: [],
      misshapen: [],
      resized: [],
    });
    for (const { originalName } of first.weights)
      assert.deepEqual(numbers(second, originalName), numbers(first, originalName), originalName);
  });

  it("load without the auxiliary output, whose tensors then have no place, and not the other way round", async () => {
    const [whole, plain] = [model(3, true), model(4, false)];
    await save(whole, file, { family: "ccnet" });
    assert.deepEqual(await load(plain, file), {
      family: "ccnet",
      place: "",
      otherPlaces: [],
      missing: [],
      unexpected: [],
      misshapen: [],
      resized: [],
    });
    assert.deepEqual(numbers(plain, "head.fuse/kernel"), numbers(whole, "head.fuse/kernel"));
    await save(plain, file, { family: "ccnet" });
    await assert.rejects(load(whole, file), /got 8 missing \(dsn\.0\.weight, /);
  });
});
