import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { CodeCell } from "../../../src/notebook/nbformat.js";
import { openDesk, type Desk, type NotebookPage } from "../../conformance/editing-page.js";
import { closeBrowser, noChromium } from "../../helpers/chromium.js";

// The whole of it is test/conformance/editor.ts; here is what tells that the page works at all.
describe("the editor's page", { skip: noChromium }, () => {
  let desk: Desk;
  let opened: NotebookPage;
  before(async () => {
    desk = await openDesk();
    desk.write("lesson.ipynb", ["6 * 7"]);
    opened = await desk.open("lesson.ipynb");
    await opened.untilIdle();
  });
  after(async () => {
    await closeBrowser();
    await desk?.close();
  });

  it("runs a cell, shows what it gives, and saves both by itself", async () => {
    await opened.type(0, "6 * 8");
    assert.equal(await opened.run(0), "48");
    await opened.page.waitForTimeout(300);
    await opened.untilSaved();
    const [cell] = desk.read("lesson.ipynb").cells as CodeCell[];
    assert.equal(cell.source, "6 * 8");
    assert.equal(cell.execution_count, 1);
    assert.deepEqual("data" in cell.outputs[0] && cell.outputs[0].data, { "text/plain": "48" });
  });

  it("lists the files of the folder, the notebook among them as running", async () => {
    await opened.page.getByRole("link", { name: "Files" }).click();
    const row = opened.page.getByRole("row", { name: /lesson\.ipynb/ });
    await row.getByText("running").waitFor();
    await row.getByRole("link", { name: "lesson.ipynb" }).click();
    await opened.cell(0).getByText("6 * 8").waitFor();
  });

  it("complains of nothing in the console", () => assert.deepEqual(opened.complaints, []));
});
