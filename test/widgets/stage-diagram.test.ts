import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configuration } from "../../src/models/index.js";
import { stageDiagram, stageDiagramSpec } from "../../widgets/stage-diagram.js";
import { themed } from "../../widgets/vega.js";
import { drawStrictly, textsOf } from "../helpers/figures.js";

describe("a stage diagram", () => {
  it("names the stages of a network with their blocks, maps and channels", async () => {
    const svg = await drawStrictly(themed(stageDiagramSpec(configuration("axial-resnet-26-s"), { size: 128 })));
    const texts = textsOf(svg);
    // Axial-ResNet-26-S: [1, 2, 4, 1] blocks; after the stem 32 x 32, halved by each stage but the first.
    for (const text of [
      "axial-resnet-26-s",
      "images of 128 × 128 pixels",
      "stage 3 × 4",
      "8 × 8",
      "stage 4 × 1",
      "4 × 4",
      "convolution",
      "axial",
    ])
      assert.ok(texts.includes(text), `${text} in ${texts.join(", ")}`);
    assert.equal(
      svg.match(
        /aria-roledescription="rect mark"|aria-roledescription="bar"|role="graphics-symbol" aria-roledescription="rect/g,
      )?.length ?? 0,
      9,
    );
  });

  it("rounds odd maps up, as the models do", () => {
    const spec = stageDiagramSpec(configuration("resnet-26"), { size: 65 }) as {
      layer: { data: { values: { side: number }[] } }[];
    };
    // 65 -> 33 -> 17 after the stem.
    assert.deepEqual([...new Set(spec.layer[1].data.values.map((box) => box.side))], [17, 9, 5, 3]);
  });

  it("refuses a size that is none", () => {
    assert.throws(() => stageDiagramSpec(configuration("resnet-26"), { size: 0 }), {
      name: "ConfigError",
      message: "stageDiagram: size must be a positive integer, got 0; give the side of the images in pixels",
    });
  });

  it("takes the name of a model in place of its configuration", () => {
    assert.equal(stageDiagram("resnet-26").title, stageDiagram(configuration("resnet-26")).title);
    assert.throws(() => stageDiagram("resnet-27"), /no model of this name, got resnet-27; did you mean resnet-26\?/);
  });
});
