import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { after, describe, it } from "node:test";
import { bookPages } from "../../src/notebook/book.js";
import { closeBrowser, noChromium, openPage } from "../helpers/chromium.js";

const folder = mkdtempSync(join(tmpdir(), "axial-book-"));
after(async () => {
  await closeBrowser();
  rmSync(folder, { recursive: true });
});

const chapter = (path: string, source: string) => ({
  path,
  notebook: {
    nbformat: 4 as const,
    nbformat_minor: 5,
    metadata: {},
    cells: [{ cell_type: "markdown" as const, id: "a", metadata: {}, source }],
  },
});

describe("the search of a book", { skip: noChromium }, () => {
  it("opened from a disk finds sections as one types, and leads to them", async () => {
    const chapters = [
      chapter("a.ipynb", "# Convolution\n\nA window.\n\n## Cost\n\nGrows with the **window** of the kernel."),
      chapter("b.ipynb", "# Axial attention\n\nRows and columns.\n\n## Receptive field\n\nIt reaches every place."),
    ];
    for (const [path, html] of await bookPages(chapters)) writeFileSync(join(folder, path), html);
    const page = await openPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    await page.goto(pathToFileURL(join(folder, "a.html")).href);
    await page.fill("header.book input", "recept");
    await page.press("header.book input", "Enter");
    const results = page.locator("form.search .results a");
    await results.first().waitFor();
    assert.deepEqual(await results.allTextContents(), ["Receptive field – Axial attention"]);
    await page.fill("form.search input", "window");
    await page.waitForFunction(() => document.querySelector(".found")?.textContent === "2 sections");
    await page.fill("form.search input", "nothing of the kind");
    await page.waitForFunction(() => document.querySelector(".found")?.textContent === "0 sections");
    await page.fill("form.search input", "every place");
    await results.first().click();
    assert.match(page.url(), /b\.html#receptive-field$/);
    await page.click('nav.turn a[rel="prev"]');
    assert.match(page.url(), /a\.html$/);
    assert.deepEqual(errors, []);
    await page.context().close();
  });
});
