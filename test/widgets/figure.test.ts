import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import sharp from "sharp";
import { createFigure, jupyterDisplay } from "../../widgets/figure.js";
import { vegaFigure } from "../../widgets/vega.js";

const points = () =>
  vegaFigure("Two points & a <title>", {
    width: 170,
    height: 130,
    data: { values: [{ x: 2 }, { x: 3 }] },
    mark: "point",
    encoding: { x: { field: "x", type: "quantitative" } },
  });

describe("a figure", () => {
  it("has a live, a vector, a pixel and a plain form in its bundle, and no HTML that would hide the live one", async () => {
    const bundle = await points().bundle();
    assert.deepEqual(Object.keys(bundle), [
      "application/vnd.vegalite.v5+json",
      "application/vnd.vegalite.v6+json",
      "image/svg+xml",
      "image/png",
      "text/plain",
    ]);
    assert.equal(bundle["text/plain"], "Two points & a <title>");
  });

  it("is what a kernel gets that asks for the display form of a value", async () => {
    assert.deepEqual(await points()[jupyterDisplay](), await points().bundle());
  });

  it("says how it is shown where nothing asks for its display form", () => {
    assert.equal(inspect(points()), "Figure: Two points & a <title> (await axial.widgets.show(figure) draws it)");
  });

  it("leaves the pictures out of the frames of a moving figure", async () => {
    assert.deepEqual(Object.keys(await points().bundle({ pictures: false })), [
      "application/vnd.vegalite.v5+json",
      "application/vnd.vegalite.v6+json",
      "text/plain",
    ]);
  });

  it("names its picture for those who do not see it", async () => {
    assert.match(await points().svg(), /^<svg [^>]*role="img" aria-label="Two points &amp; a &lt;title&gt;"/);
  });

  it("draws a PNG of twice its size in CSS pixels", async () => {
    const figure = points();
    const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(await figure.svg()) ?? [];
    const size = await sharp(await figure.png()).metadata();
    assert.deepEqual([size.width, size.height], [2 * Number(width), 2 * Number(height)]);
  });

  it("has an HTML form without script, link or text that needs a font", async () => {
    const html = await points().html();
    assert.match(
      html,
      /^<img style="max-width:100%" alt="Two points &amp; a &lt;title&gt;" src="data:image\/svg\+xml;base64,/,
    );
    const svg = Buffer.from(html.slice(html.indexOf("base64,") + 7, -2), "base64").toString();
    assert.ok(!svg.includes("<text"));
  });

  it("goes into a notebook as PNG only when its SVG is large", async () => {
    const large = `<svg xmlns="http://www.w3.org/2000/svg" width="11" height="7"><path d="${"M0 0".repeat(20_000)}"/></svg>`;
    const figure = createFigure("large", {}, () => Promise.resolve(large));
    assert.deepEqual(Object.keys(await figure.bundle()), ["image/png", "text/plain"]);
  });

  it("is drawn once, however often it is asked for", async () => {
    let drawings = 0;
    const figure = createFigure("counted", {}, () => {
      drawings++;
      return Promise.resolve('<svg xmlns="http://www.w3.org/2000/svg" width="5" height="3"></svg>');
    });
    await figure.bundle();
    await figure.svg();
    assert.equal(drawings, 1);
  });
});
