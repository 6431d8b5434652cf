import assert from "node:assert/strict";
import { describe, it } from "node:test";
import sharp from "sharp";
import { outlineText, svgToPng, vegaLiteToSvg } from "../../widgets/picture.js";
import { textOutline, textWidth } from "../../widgets/typeface.js";

describe("a static picture", () => {
  it("leaves as much room for text as the text takes", async () => {
    const widthWith = async (name: string) => {
      const svg = await vegaLiteToSvg({
        data: { values: [{ name }] },
        mark: "point",
        encoding: { color: { field: "name", title: null } },
        config: { legend: { labelFontSize: 13 } },
      });
      return Number(/width="(\d+)"/.exec(svg)?.[1]);
    };
    const [long, short] = ["Axial-ResNet-26-S", "iii"];
    const difference = (await widthWith(long)) - (await widthWith(short));
    assert.ok(Math.abs(difference - (textWidth(long, 13) - textWidth(short, 13))) <= 1, `got ${difference}`);
  });

  it("does not write into the specification that it draws", async () => {
    const spec = { data: { values: [{ x: 2 }] }, mark: "point", encoding: { x: { field: "x" } } };
    const before = structuredClone(spec);
    await vegaLiteToSvg(spec);
    assert.deepEqual(spec, before);
    assert.deepEqual(Object.getOwnPropertySymbols(spec.data.values[0]), []);
  });

  it("tells what Vega-Lite warns of", async () => {
    const warnings: string[] = [];
    await vegaLiteToSvg(
      { data: { values: [] }, mark: "bar", encoding: { nowhere: { field: "x" } } },
      { onWarning: (message) => warnings.push(message) },
    );
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], /nowhere/);
  });

  it("keeps the place, fill and anchor of text that becomes outlines", () => {
    const width = textWidth("Wide", 17, 600);
    assert.equal(
      outlineText(
        '<svg><text text-anchor="end" transform="translate(2,3)" font-size="17px" font-weight="bold" fill="#123">Wide</text></svg>',
      ),
      `<svg><path transform="translate(2,3)" fill="#123" d="${textOutline("Wide", -width, 0, 17, 600)}"/></svg>`,
    );
  });

  it("outlines every line of a text with several, and reads entities", () => {
    const lines = '<text font-size="10px"><tspan x="0" dy="0">a &amp; b</tspan><tspan x="0" dy="12">c</tspan></text>';
    assert.equal(outlineText(lines), `<path d="${textOutline("a & b", 0, 0, 10)}${textOutline("c", 0, 12, 10)}"/>`);
  });

  it("leaves out labels without text, which logarithmic axes have", () => {
    const text = '<text font-size="10px">c</text>';
    assert.equal(outlineText(`<g><text font-size="10px"/>${text}</g>`), `<g>${outlineText(text)}</g>`);
  });

  it("leaves text as text when the face lacks one of its characters", () => {
    const arrow = '<text font-size="10px">i → j</text>';
    assert.equal(outlineText(arrow), arrow);
  });

  it("shows text on a machine without fonts", async () => {
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20"><text x="5" y="15" font-size="16px">Il</text></svg>';
    const { channels } = await sharp(await svgToPng(svg, 1)).stats();
    assert.ok(channels[3].mean > 5, "no ink");
  });
});
