import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { attentionDiagramSpec, axialBlockDiagramSpec } from "../../widgets/axial-diagrams.js";
import { themed } from "../../widgets/vega.js";
import { drawStrictly, textsOf } from "../helpers/figures.js";

const layer = { height: 7, width: 11, channels: 26, axis: "height", heads: 2, keyDepth: 6, valueDepth: 10 } as const;

describe("the diagram of a layer", () => {
  it("gives each part its shape, tables by the span", async () => {
    const texts = textsOf(await drawStrictly(themed(attentionDiagramSpec(layer))));
    for (const text of ["7 × 11 × 26", "7 × 11 × 6", "7 × 11 × 10", "13 × 3", "13 × 5", "height, 7 places, 2 heads"])
      assert.ok(texts.includes(text), `${text} in ${String(texts)}`);
    const narrow = textsOf(await drawStrictly(themed(attentionDiagramSpec({ ...layer, span: 5 }))));
    assert.ok(narrow.includes("9 × 3") && narrow.includes("height, 5 places, 2 heads"));
  });

  it("is refused for sizes that no layer has", () =>
    assert.throws(() => attentionDiagramSpec({ ...layer, heads: 0 }), {
      name: "ConfigError",
      message: "attentionDiagram: heads must be a positive integer, got 0; give the layer's own sizes",
    }));
});

describe("the diagram of a block", () => {
  it("strides at the end of the width pass, as the networks do, and projects the shortcut where it must", async () => {
    const block = { height: 7, width: 11, channels: 13, innerChannels: 10, outChannels: 26, heads: 2 };
    const strided = textsOf(await drawStrictly(themed(axialBlockDiagramSpec({ ...block, stride: 2 }))));
    for (const text of [
      "7 × 11 × 13",
      "7 × 11 × 10",
      "width-axis attention, 2 heads, 11 places, mean of 2 × 2",
      "4 × 6 × 10",
      "4 × 6 × 26",
      "1 × 1 convolution, stride 2",
    ])
      assert.ok(strided.includes(text), `${text} in ${String(strided)}`);
    const plain = textsOf(await drawStrictly(themed(axialBlockDiagramSpec({ ...block, outChannels: 13 }))));
    assert.ok(plain.includes("identity"));
  });
});
