import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type * as tf from "@tensorflow/tfjs";
import { create, resNetConfig, type ResNetConfig } from "../../src/models/index.js";
import { networkLinks, torchvisionBlock } from "../../src/weights/families.js";

/** Names and shapes as torchvision's `state_dict` has them, of a net with one block a stage. */
function foreign(config: ResNetConfig): Map<string, readonly number[]> {
  const small = { ...config, stages: config.stages.map((stage) => ({ ...stage, blocks: 1 })) };
  const model: tf.LayersModel = create(small, { classes: 3, size: 32 });
  const shapes = new Map(model.weights.map((weight) => [weight.originalName, weight.shape as number[]]));
  const links = networkLinks(torchvisionBlock, shapes);
  const covered = new Set(links.flatMap(({ parts }) => parts.map(({ weight }) => weight)));
  assert.deepEqual([...shapes.keys()].filter((name) => !covered.has(name)), []); // prettier-ignore
  model.dispose();
  return new Map(links.map(({ name, shape }) => [name, shape]));
}

describe("torchvision's names", () => {
  it("of basic blocks: conv1, bn1, conv2, bn2, downsample", () => {
    const names = foreign(resNetConfig("resnet-18"));
    assert.deepEqual(names.get("layer1.0.conv2.weight"), [64, 64, 3, 3]);
    assert.deepEqual(names.get("layer2.0.downsample.0.weight"), [128, 64, 1, 1]);
    assert.deepEqual(names.get("layer2.0.bn2.running_var"), [128]);
    assert.equal(names.has("layer1.0.conv3.weight"), false);
  });

  it("of grouped convolutions: the input channels of one group", () => {
    assert.deepEqual(foreign(resNetConfig("resnext-50-32x4d")).get("layer1.0.conv2.weight"), [128, 4, 3, 3]);
  });

  it("of bottlenecks with axial attention: those of MartinGer's networks", () => {
    const attention = [true, false, false, false] as const;
    const names = foreign(
      resNetConfig("resnet-50", { attention, operator: { kind: "axial", norms: { output: false } } }),
    );
    assert.deepEqual(names.get("layer1.0.height_block.kqv_conv.weight"), [128, 64, 1]);
    assert.deepEqual(names.get("layer2.0.conv2.weight"), [128, 128, 3, 3]);
  });
});
