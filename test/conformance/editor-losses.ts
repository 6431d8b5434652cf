/**
 * What must lose nothing in `notebook edit`, in a real browser: connections that are cut, kernels that are killed, a server
 * that is away, two tabs, files that change on the disk. Not part of `npm test`, for it needs Chromium and some minutes:
 *
 *     node --test dist/test/conformance/editor-losses.js
 *
 * CHROMIUM names the program where it is not in the search path. Pictures of what was seen go to out/editor/.
 */
import assert from "node:assert/strict";
import { appendFileSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { packageFolder } from "../../src/core/version.js";
import { formatNotebook, type CodeCell } from "../../src/notebook/nbformat.js";
import { closeBrowser, noChromium } from "../helpers/chromium.js";
import { openDesk, type Desk, type NotebookPage } from "./editing-page.js";

const pictures = join(packageFolder, "out", "editor");
mkdirSync(pictures, { recursive: true });
const picture = ({ page }: NotebookPage, name: string) => page.screenshot({ path: join(pictures, `${name}.png`) });

let desk: Desk;
before(async () => {
  if (noChromium === false) desk = await openDesk();
});
after(async () => {
  await closeBrowser();
  await desk?.close();
});

describe("nothing is lost", { skip: noChromium }, () => {
  it("of a file that nobody edits: not a byte changes, and one edit changes its lines alone", async () => {
    const name = "01-quick-start.ipynb";
    copyFileSync(join(packageFolder, "notebooks", name), join(desk.folder, name));
    const before = desk.text(name);
    const opened = await desk.open(name);
    await opened.untilIdle();
    await opened.command("save");
    await opened.page.waitForTimeout(3500);
    await opened.page.reload();
    await opened.untilIdle();
    assert.equal(desk.text(name), before);
    await opened.page.locator(".code-cell .cm-content").first().click();
    await opened.page.keyboard.press("Control+End");
    await opened.page.keyboard.type(" // seen");
    await opened.page.waitForTimeout(300);
    await opened.untilSaved();
    const lines = before.split("\n");
    const changed = desk
      .text(name)
      .split("\n")
      .filter((line, i) => line !== lines[i]);
    assert.equal(changed.length, 1);
    assert.match(changed[0], /seen/);
    await opened.page.context().close();
  });

  it("of 100,000 lines, while the connection is cut again and again", async () => {
    desk.write("lines.ipynb", [
      "for (let i = 0; i < 100_000; i++) {\n  console.log(`line ${i}`);\n  if (i % 2000 === 0) await new Promise((next) => setTimeout(next, 40));\n}",
    ]);
    const opened = await desk.open("lines.ipynb");
    await opened.untilIdle();
    let open = 0;
    const cuts: (() => Promise<void>)[] = [];
    await opened.page.context().routeWebSocket(/channels/, (socket) => {
      open++;
      socket.connectToServer();
      cuts.push(() => socket.close());
    });
    await opened.page.reload();
    await opened.untilIdle();
    await opened.cell(0).locator(".cm-content").click();
    await opened.page.keyboard.press("Control+Enter");
    for (let i = 0; i < 4; i++) {
      await opened.page.waitForTimeout(400);
      await cuts.pop()!();
    }
    await opened.ended(0);
    await opened.untilSaved();
    const [{ outputs }] = desk.read("lines.ipynb").cells as CodeCell[];
    const text = outputs.map((output) => ("text" in output ? output.text : "")).join("");
    assert.equal(text, Array.from({ length: 100_000 }, (_, i) => `line ${i}\n`).join(""));
    assert.ok(open > 1, `${open} connections`);
    await opened.page.context().close();
  });

  it("of a cell that runs while the page is loaded anew", async () => {
    desk.write("reload.ipynb", [
      "for (let i = 0; i < 40; i++) {\n  console.log(`step ${i}`);\n  await new Promise((next) => setTimeout(next, 100));\n}",
    ]);
    const opened = await desk.open("reload.ipynb");
    await opened.untilIdle();
    await opened.cell(0).locator(".cm-content").click();
    await opened.page.keyboard.press("Control+Enter");
    await opened.cell(0).locator("pre.stream", { hasText: "step 9" }).waitFor();
    await opened.page.reload();
    await opened.page.locator("html[data-shown]").waitFor();
    await opened.cell(0).and(opened.page.locator("[data-state='running']")).waitFor();
    const text = await opened.ended(0);
    assert.equal(text, Array.from({ length: 40 }, (_, i) => `step ${i}`).join("\n"));
    await opened.page.context().close();
  });

  it("of what is typed while the server is away, also if the page is loaded anew then", async () => {
    desk.write("away.ipynb", ["1"]);
    const opened = await desk.open("away.ipynb");
    await opened.untilIdle();
    await desk.restartServer(async () => {
      await opened.type(0, "'typed while away'");
      await opened.notice("save").waitFor();
    });
    await opened.page.reload();
    await opened.cell(0).getByText("typed while away").waitFor();
    await opened.untilSaved();
    assert.equal(desk.read("away.ipynb").cells[0].source, "'typed while away'");
    await opened.page.context().close();
  });

  it("of the notebook when its kernel is killed: the page says so, and starts another", async () => {
    desk.write("killed.ipynb", ["const kept = 1;\nkept", "kept"]);
    const opened = await desk.open("killed.ipynb");
    await opened.untilIdle();
    await opened.run(0);
    const answer = await fetch(`${desk.editor.origin}/api/kernels`, {
      headers: { authorization: `token ${desk.editor.token}` },
    });
    const kernels = (await answer.json()) as { id: string; connections: number }[];
    const { id } = kernels.find(({ connections }) => connections > 0)!;
    await fetch(`${desk.editor.origin}/api/kernels/${id}`, {
      method: "DELETE",
      headers: { authorization: `token ${desk.editor.token}` },
    });
    await opened.notice("dead").waitFor();
    await picture(opened, "dead");
    assert.equal(await opened.outputs(0), "1");
    await opened.notice("dead").getByRole("button", { name: "Restart the kernel" }).click();
    await opened.untilIdle();
    assert.match(await opened.run(1), /Cannot find name 'kept'/);
    await opened.page.context().close();
  });
});

describe("a cell that kills its own process", { skip: noChromium }, () => {
  it("says so, and the next one runs in a new one", async () => {
    desk.write("kills.ipynb", ["const kept = 1;", "process.kill(process.pid, 'SIGKILL');", "1 + 1"]);
    const opened = await desk.open("kills.ipynb");
    await opened.untilIdle();
    await opened.run(0);
    assert.match(await opened.run(1), /SIGKILL/);
    assert.equal(await opened.run(2), "2");
    await opened.page.context().close();
  });
});

describe("a notebook in two tabs", { skip: noChromium }, () => {
  it("is edited in one and read in the other, which may take over with all that was typed", async () => {
    desk.write("tabs.ipynb", ["1"]);
    const first = await desk.open("tabs.ipynb");
    await first.untilIdle();
    const second = await desk.open("tabs.ipynb", { context: first.page.context() });
    await second.notice("tab").waitFor();
    await picture(second, "two-tabs");
    await first.type(0, "'of the first'");
    await second.notice("tab").getByRole("button", { name: "Edit here" }).click();
    await second.untilIdle();
    await second.cell(0).getByText("of the first").waitFor();
    await first.notice("tab").waitFor();
    await second.type(0, "'of the second'");
    await second.page.waitForTimeout(300);
    await second.untilSaved();
    assert.equal(desk.read("tabs.ipynb").cells[0].source, "'of the second'");
    await first.page.context().close();
  });
});

describe("a file that is changed on the disk", { skip: noChromium }, () => {
  let opened: NotebookPage;
  const path = (name: string) => join(desk.folder, name);
  /** Opens a notebook, changes it on both sides, and waits for the question. */
  const conflict = async (name: string) => {
    desk.write(name, ["'mine'", "'same'"]);
    opened = await desk.open(name);
    await opened.untilIdle();
    const theirs = desk.read(name);
    theirs.cells[0].source = "'theirs'";
    theirs.cells.push({ cell_type: "markdown", id: "new", source: "a new cell", metadata: {} });
    await opened.type(0, "'mine, changed'");
    writeFileSync(path(name), formatNotebook(theirs));
    await opened.notice("conflict").waitFor();
    assert.equal(desk.read(name).cells[0].source, "'theirs'");
  };
  const choose = (label: string) => opened.notice("conflict").getByRole("button", { name: label }).click();
  const sources = (name: string) => desk.read(name).cells.map(({ source }) => source);

  it("is asked about, and mine is kept", async () => {
    await conflict("mine.ipynb");
    await picture(opened, "conflict");
    await choose("Keep mine");
    await opened.untilSaved();
    assert.deepEqual(sources("mine.ipynb"), ["'mine, changed'", "'same'"]);
    await opened.page.context().close();
  });

  it("or theirs is taken, and undo brings mine back", async () => {
    await conflict("theirs.ipynb");
    await choose("Take theirs");
    await opened.page.locator(".prose", { hasText: "a new cell" }).waitFor();
    await opened.page.waitForTimeout(1500);
    assert.deepEqual(sources("theirs.ipynb"), ["'theirs'", "'same'", "a new cell"]);
    await opened.command("undo");
    await opened.cell(0).getByText("mine, changed").waitFor();
    await opened.page.context().close();
  });

  it("or both are looked at side by side, cell by cell", async () => {
    await conflict("both.ipynb");
    await choose("Side by side");
    const dialog = opened.page.getByRole("dialog", { name: "Mine and theirs" });
    await dialog.getByRole("group", { name: "Cell 1" }).getByLabel("Both").check();
    await picture(opened, "side-by-side");
    await dialog.getByRole("button", { name: "Save what is chosen" }).click();
    await opened.untilSaved();
    assert.deepEqual(sources("both.ipynb"), ["'mine, changed'", "'theirs'", "'same'", "a new cell"]);
    await opened.page.context().close();
  });

  it("is written again where it was deleted, and only if that is wanted", async () => {
    desk.write("gone.ipynb", ["'kept'"]);
    opened = await desk.open("gone.ipynb");
    await opened.untilIdle();
    rmSync(path("gone.ipynb"));
    await opened.notice("conflict").waitFor();
    await choose("Write it again");
    await opened.untilSaved();
    assert.deepEqual(sources("gone.ipynb"), ["'kept'"]);
    await opened.page.context().close();
  });

  it("is left alone where it cannot be read as a notebook", async () => {
    desk.write("broken.ipynb", ["'kept'"]);
    opened = await desk.open("broken.ipynb");
    await opened.untilIdle();
    appendFileSync(path("broken.ipynb"), "<<<<<<< theirs");
    const broken = desk.text("broken.ipynb");
    await opened.notice("conflict").waitFor();
    await choose("Take theirs");
    await opened.notice("conflict").getByText("cannot be read").waitFor();
    assert.equal(desk.text("broken.ipynb"), broken);
    await opened.page.context().close();
  });
});
