import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import type { Notebook, Output } from "../../src/notebook/file.js";
import { notebookHtml } from "../../src/notebook/page.js";
import { plotlyFigure, vegaFigure } from "../../widgets/index.js";
import { dark, light } from "../../widgets/theme.js";
import { closeBrowser, noChromium, openPage } from "../helpers/chromium.js";

after(closeBrowser);

const pageOf = async (...outputs: Output[]): Promise<string> => {
  const cell = { cell_type: "code", id: "c", execution_count: 1, metadata: {}, source: "figure", outputs } as const;
  return notebookHtml({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [cell] } satisfies Notebook);
};
const shown = (data: Record<string, unknown>): Output => ({ output_type: "display_data", data, metadata: {} });

const points = vegaFigure("Three points", {
  data: { values: [{ x: 2 }, { x: 3 }, { x: 5 }] },
  mark: "point",
  encoding: { x: { field: "x", type: "quantitative" } },
});
const squares = plotlyFigure("Squares", {
  data: [{ type: "scatter", mode: "lines", x: [1, 2, 3], y: [1, 4, 9] }],
  layout: { height: 300, xaxes: { x: {} }, yaxes: { y: {} } },
});

describe("the page in a browser", { skip: noChromium }, () => {
  it("draws figures over their still pictures, and again when the reader chooses dark", async () => {
    const page = await openPage({ colorScheme: "light" });
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    await page.setContent(await pageOf(shown(await points.bundle()), shown(await squares.bundle())));
    await page.waitForSelector("html[data-drawn]");
    assert.equal(await page.locator(".canvas svg.marks .mark-symbol path").count(), 3);
    assert.equal(await page.locator(".canvas .js-line").count(), 1);
    const label = page.locator(".canvas svg.marks .role-axis-label text").first();
    assert.equal(await label.getAttribute("fill"), light.softInk);
    await page.click("button.theme");
    await page.locator(`.canvas svg.marks .role-axis-label text[fill="${dark.softInk}"]`).first().waitFor();
    assert.deepEqual(errors, []);
    await page.context().close();
  });

  it("names a live figure as its picture was named, and puts no image's bytes into a label", async () => {
    const page = await openPage();
    const images = {
      data: { values: [{ uri: "data:image/png;base64,iVBORw0KGgo=" }] },
      mark: "image",
      encoding: { url: { field: "uri" } },
    };
    await page.setContent(
      await pageOf(
        shown(await squares.bundle()),
        shown({ "application/vnd.vegalite.v5+json": images, "text/plain": "One image" }),
      ),
    );
    await page.waitForSelector("html[data-drawn]");
    const names = await page.locator(".canvas").evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")));
    assert.deepEqual(names, ["Squares", "One image"]);
    assert.equal(await page.locator("[aria-label*='base64']").count(), 0);
    assert.equal(await page.locator("[role='graphics-symbol']:not([aria-label]):not([aria-hidden])").count(), 0);
    await page.context().close();
  });

  it("keeps a figure's height when it is drawn in other colours and the page becomes narrow", async () => {
    const page = await openPage({ colorScheme: "light", viewport: { width: 1000, height: 800 } });
    const open = { data: [{ type: "scatter", x: [2, 3], y: [5, 7] }], layout: {} };
    await page.setContent(await pageOf(shown({ "application/vnd.plotly.v1+json": open, "text/plain": "Two points" })));
    await page.waitForSelector("html[data-drawn]");
    const height = () => page.locator(".canvas").evaluate((canvas: HTMLElement) => canvas.offsetHeight);
    const before = await height();
    assert.ok(before > 100, `${before} px`);
    await page.click("button.theme");
    await page.setViewportSize({ width: 400, height: 800 });
    // Plotly follows a change of the width a little later.
    await page.waitForTimeout(500);
    assert.equal(await height(), before);
    await page.context().close();
  });

  it("keeps the picture of a Plotly type that its Plotly does not draw", async () => {
    const page = await openPage();
    const pie = { data: [{ type: "sunburst", labels: ["a"], parents: [""], values: [1] }], layout: {} };
    const bundle = { "application/vnd.plotly.v1+json": pie, "image/png": "iVBORw0KGgo=", "text/plain": "A sunburst" };
    await page.setContent(await pageOf(shown(bundle)));
    await page.waitForSelector("html[data-drawn]");
    assert.equal(await page.locator(".canvas").count(), 0);
    assert.equal(await page.locator(".still img").isVisible(), true);
    await page.context().close();
  });

  it("marks code and formulas that go on beyond the edge of a narrow screen, until they end", async () => {
    const page = await openPage({ viewport: { width: 400, height: 800 } });
    const long = Array.from({ length: 40 }, (_, i) => `x_{${i}}`).join(" + ");
    await page.setContent(
      await notebookHtml({
        nbformat: 4,
        nbformat_minor: 5,
        metadata: {},
        cells: [
          { cell_type: "markdown", id: "a", metadata: {}, source: `$$${long}$$\n\n$$x$$` },
          { cell_type: "code", id: "b", execution_count: 1, metadata: {}, source: `const y = ${long};`, outputs: [] },
        ],
      }),
    );
    await page.waitForSelector("html[data-drawn]");
    const classes = (selector: string) =>
      page
        .locator(selector)
        .evaluateAll((all: Element[]) =>
          all.map(({ classList }) => [...classList].filter((name) => /^more/.test(name)).join(" ")),
        );
    assert.deepEqual(await classes(".katex-display"), ["more-right", ""]);
    assert.deepEqual(await classes("pre.code"), ["more-right"]);
    await page.locator("pre.code").evaluate((element) => (element.scrollLeft = 60));
    await page.waitForSelector("pre.code.more-left.more-right");
    await page.locator("pre.code").evaluate((element) => (element.scrollLeft = element.scrollWidth));
    await page.waitForSelector("pre.code.more-left:not(.more-right)");
    await page.context().close();
  });
});
