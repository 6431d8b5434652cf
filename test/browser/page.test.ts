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
});
