import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { AxialImageTransformer, CrissCrossAttention, NdAxialAttention } from "../../src/layers/index.js";
import { create, type ResNetConfig } from "../../src/models/index.js";
import { families, load, save } from "../../src/weights/index.js";
import { readSafetensors, writeSafetensors } from "../../src/weights/safetensors.js";

const folder = mkdtempSync(join(tmpdir(), "axial-lab-weights-"));
const file = (name: string): string => join(folder, name);

/** One axial block a stage: small, and of csrhddlam's names and layouts. */
const config: ResNetConfig = {
  name: "small",
  stem: { kind: "convolution", filters: 4 },
  norm: "torch",
  stages: [
    { blocks: 1, stride: 1, width: 8, filters: 16, operator: { kind: "axial", heads: 2 } },
    { blocks: 2, stride: 2, width: 16, filters: 32, operator: { kind: "axial", heads: 2 } },
  ],
};
const model = (seed: number, classes = 3) => create(config, { classes, size: 32, seed });
const weightsOf = (owner: { weights: tf.LayerVariable[] }) =>
  owner.weights.map((weight) => [...weight.read().dataSync()]);

describe("weights of published families", () => {
  before(() => tf.setBackend("cpu"));
  after(() => rmSync(folder, { recursive: true }));

  it("of a network go out under the original's names and come back the same", async () => {
    const first = model(1);
    await save(first, file("net.safetensors"), { family: "csrhddlam" });
    const { tensors } = await readSafetensors(file("net.safetensors"));
    // Names, shapes and integer tables as csrhddlam's `state_dict` has them.
    const shape = (name: string) => tensors.get(name)?.shape;
    assert.deepEqual(shape("layer1.0.conv_down.weight"), [8, 4, 1, 1]);
    assert.deepEqual(shape("layer1.0.hight_block.qkv_transform.weight"), [16, 8, 1]);
    assert.deepEqual(shape("layer1.0.hight_block.relative"), [8, 15]);
    assert.deepEqual(shape("layer2.0.downsample.0.weight"), [32, 16, 1, 1]);
    assert.deepEqual(shape("layer2.1.width_block.bn_output.running_var"), [32]);
    assert.deepEqual(tensors.get("bn1.num_batches_tracked"), { dtype: "I64", shape: [], data: new BigInt64Array(1) });
    // query i - key j + 7, row by row
    const table = tensors.get("layer1.0.hight_block.flatten_index")!.data;
    assert.deepEqual([table[0], table[1], table[8], table[63]], [7n, 6n, 8n, 7n]);
    const second = model(2);
    assert.notDeepEqual(weightsOf(second), weightsOf(first));
    const report = await load(second, file("net.safetensors"));
    assert.deepEqual(report, {
      family: "csrhddlam",
      place: "",
      otherPlaces: [],
      missing: [],
      unexpected: [],
      misshapen: [],
      resized: [],
    });
    assert.deepEqual(weightsOf(second), weightsOf(first));
  });

  it("are found for single layers, built by a call or directly, and come back the same", async () => {
    const layers: [() => tf.layers.Layer, number[], string][] = [
      [
        () => new AxialImageTransformer({ filters: 4, depth: 1, heads: 2, positionShape: [3, 5] }),
        [1, 3, 5, 4],
        "lucidrains",
      ],
      [() => new NdAxialAttention({ filters: 6, heads: 2, channelAxis: 1 }), [1, 6, 3, 5], "lucidrains"],
      [() => new CrissCrossAttention(), [1, 3, 5, 16], "ccnet"],
    ];
    for (const [make, shape, family] of layers) {
      const [first, second] = [make(), make()];
      first.build(shape);
      second.apply(tf.zeros(shape));
      assert.deepEqual(families(first), [family, "axial-lab"]);
      await save(first, file("layer.safetensors"), { family });
      assert.equal((await load(second, file("layer.safetensors"))).family, family);
      assert.deepEqual(weightsOf(second), weightsOf(first));
    }
  });

  it("that do not fit are listed in one error and change nothing", async () => {
    await save(model(1, 5), file("five.safetensors"), { family: "csrhddlam" });
    const owner = model(2);
    const untouched = weightsOf(owner);
    await assert.rejects(load(owner, file("five.safetensors")), {
      name: "FileError",
      message:
        /must fit the model as csrhddlam, got 2 misshapen \(fc\.weight \[5, 32\] for \[3, 32\], fc\.bias \[5\] for \[3\]\)/,
    });
    assert.deepEqual(weightsOf(owner), untouched);
  });

  it("that do not fit are reported, and the rest loaded, where strict is false", async () => {
    const source = model(1);
    await save(source, file("source.safetensors"), { family: "csrhddlam" });
    const { tensors } = await readSafetensors(file("source.safetensors"));
    const changed = new Map(tensors);
    changed.delete("conv1.weight");
    changed.set("extra", { dtype: "F32", shape: [1], data: new Float32Array(1) });
    changed.set("fc.bias", { dtype: "F32", shape: [2], data: new Float32Array(2) });
    await writeSafetensors(file("changed.safetensors"), { tensors: changed, metadata: {} });
    const owner = model(2);
    assert.deepEqual(await load(owner, file("changed.safetensors"), { strict: false }), {
      family: "csrhddlam",
      place: "",
      otherPlaces: [],
      missing: ["conv1.weight"],
      unexpected: ["extra"],
      misshapen: [{ name: "fc.bias", expected: [3], got: [2] }],
      resized: [],
    });
    const read = (from: tf.LayersModel, name: string) => [
      ...from.weights
        .find((weight) => weight.originalName === name)!
        .read()
        .dataSync(),
    ];
    assert.deepEqual(read(owner, "classifier/kernel"), read(source, "classifier/kernel"));
    assert.notDeepEqual(read(owner, "stem.convolution/kernel"), read(source, "stem.convolution/kernel"));
  });

  it("of another model, an unknown family and a foreign file are errors that say so", async () => {
    await save(built(), file("cc.safetensors"));
    await assert.rejects(
      load(model(1), file("cc.safetensors")),
      /must share names with a family of this model \(csrhddlam, axial-lab\), got layer\//,
    );
    await assert.rejects(
      save(model(1), file("x"), { family: "timm" }),
      /family must be one that this model has, got timm; use csrhddlam or axial-lab/,
    );
    writeFileSync(file("text.pth"), "not a checkpoint");
    await assert.rejects(load(model(1), file("text.pth")), { name: "FileError" });
    await assert.rejects(load(model(1), file("absent.pth")), /the file must be readable, got .*absent\.pth/);
  });
});

function built(): tf.layers.Layer {
  const layer = new CrissCrossAttention();
  layer.build([1, 3, 5, 8]);
  return layer;
}
