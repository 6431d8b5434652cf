/**
 * `notebook edit` in a real browser, as people meet it: their first ten minutes. Not part of `npm test`, for it needs Chromium
 * and some minutes; what must lose nothing is in editor-losses.ts:
 *
 *     node --test dist/test/conformance/editor.js
 *
 * CHROMIUM names the program where it is not in the search path. Pictures of what was seen go to out/editor/.
 */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { packageFolder } from "../../src/core/version.js";
import { formatNotebook, type CodeCell } from "../../src/notebook/nbformat.js";
import { closeBrowser, noChromium } from "../helpers/chromium.js";
import { assertNotebook } from "../helpers/nbformat.js";
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

const slider = `import { widgets } from "axial-lab";
const counter = widgets.createWidget({
  title: "A counter",
  esm: \`export default { render({ model, el }) {
    const field = document.createElement("input");
    Object.assign(field, { type: "range", min: 0, max: 10, value: model.get("count"), ariaLabel: "count" });
    field.oninput = () => { model.set("count", Number(field.value)); model.save_changes(); };
    model.on("change:count", () => (field.value = model.get("count")));
    el.append(field);
  } }\`,
  state: { count: 3 },
});
counter`;

describe("the first ten minutes", { skip: noChromium }, () => {
  let opened: NotebookPage;
  before(async () => {
    desk.write("lesson.ipynb", [
      "const width: number = 6;",
      "const height = 7;\nwidth * height",
      "console.log('end');",
      "",
      slider,
    ]);
    opened = await desk.open("lesson.ipynb");
  });
  after(() => opened?.page.context().close());

  it("begin with the notebook in sight and a kernel that is ready", async () => {
    await opened.untilIdle();
    assert.equal(await opened.page.locator("main.notebook > .cell").count(), 5);
    await picture(opened, "opened");
  });

  it("complete what a cell above declares, before any cell ran", async () => {
    await opened.type(3, "wid");
    await opened.page.keyboard.press("Control+Space");
    await opened.page.locator(".cm-tooltip-autocomplete li", { hasText: "width" }).waitFor();
    await opened.page.keyboard.press("Escape");
    await opened.type(3, "");
  });

  it("run all cells, in order", async () => {
    await opened.command("run-all");
    assert.equal(await opened.ended(1), "42");
    assert.equal(await opened.ended(2), "end");
    await opened.ended(4);
  });

  it("show a type error under the line as one types, and then when the cell runs", async () => {
    await opened.type(1, "const tall: string = width;\ntall");
    await opened.cell(1).locator(".problem", { hasText: "'number' is not assignable to type 'string'" }).waitFor();
    assert.ok((await opened.cell(1).locator(".cm-lintRange-error").count()) > 0);
    await picture(opened, "type-error");
    assert.match(await opened.run(1), /TS2322/);
  });

  it("mend it: the error is gone, the result there", async () => {
    await opened.type(1, "const tall: number = width + 1;\ntall");
    await opened.cell(1).locator(".problem").waitFor({ state: "detached" });
    assert.equal(await opened.run(1), "7");
  });

  it("complete a name with the keyboard", async () => {
    await opened.type(3, "Math.hyp");
    await opened.page.keyboard.press("Tab");
    await opened.page.locator(".cm-tooltip-autocomplete li", { hasText: "hypot" }).waitFor();
    await picture(opened, "completion");
    // CodeMirror takes no key in the first moment, so that nobody chooses by accident.
    await opened.page.waitForTimeout(200);
    await opened.page.keyboard.press("Enter");
    await opened.page.keyboard.type("(3, 4)");
    assert.equal(await opened.run(3), "5");
  });

  it("say what a name is, under the pointer and by key", async () => {
    await opened.page.mouse.move(0, 400);
    await opened.cell(3).locator(".cm-line span", { hasText: "hypot" }).first().hover();
    const shown = opened.page.locator("pre.inspection", { hasText: "hypot(...values: number[]): number" });
    await shown.waitFor();
    await opened.page.mouse.move(0, 0);
    await shown.waitFor({ state: "detached" });
    await opened.cell(3).locator(".cm-content").click();
    await opened.page.keyboard.press("Home");
    await opened.page.keyboard.press("ArrowRight");
    await opened.page.keyboard.press("Shift+Tab");
    await opened.page.locator("pre.inspection", { hasText: "Math" }).waitFor();
    await opened.page.keyboard.press("Escape");
    await opened.page.locator("pre.inspection").waitFor({ state: "detached" });
  });

  it("move a widget's slider, and the kernel knows; and back", async () => {
    const field = opened.cell(4).getByRole("slider", { name: "count" });
    await field.focus();
    await opened.page.keyboard.press("ArrowRight");
    await opened.type(3, "counter.state.count");
    assert.equal(await opened.run(3), "4");
    await opened.type(3, "counter.set({ count: 9 });");
    await opened.run(3);
    await opened.page.waitForFunction(() => document.querySelector<HTMLInputElement>(".widget input")?.value === "9");
  });

  it("see how far a cell is, in a bar that changes in its place", async () => {
    await opened.type(
      3,
      'import { notebook } from "axial-lab";\nconst bar = notebook.progress(7);\nfor (let i = 1; i <= 7; i++) bar.update(i, `step ${i}`);',
    );
    assert.match(await opened.run(3), /step 7/);
    assert.equal(await opened.cell(3).locator(".output").count(), 1);
  });

  it("answer a question of a cell", async () => {
    await opened.type(3, "const name = await prompt('Your name?');\n`Hello ${name}`");
    await opened.cell(3).locator(".cm-content").click();
    await opened.page.keyboard.press("Control+Enter");
    const field = opened.cell(3).getByRole("textbox", { name: "Your name?" });
    await field.fill("Ada");
    await field.press("Enter");
    assert.match(await opened.ended(3), /Hello Ada/);
  });

  it("interrupt a cell that would never end, and keep what was made before", async () => {
    await opened.type(3, "console.log('begun');\nwhile (true) {}");
    await opened.cell(3).locator(".cm-content").click();
    await opened.page.keyboard.press("Control+Enter");
    await opened.cell(3).locator("pre.stream", { hasText: "begun" }).waitFor();
    await opened.command("interrupt");
    assert.match(await opened.ended(3), /begun[^]*[Ii]nterrupt/);
    await opened.type(3, "tall");
    assert.equal(await opened.run(3), "7");
  });

  it("are saved by themselves, as the notebook format wants them", async () => {
    await opened.untilSaved();
    assertNotebook(desk.text("lesson.ipynb"));
    assert.equal(desk.read("lesson.ipynb").cells[3].source, "tall");
    assert.doesNotMatch(desk.text("lesson.ipynb"), /widget-view/);
  });

  it("are there after the page is loaded anew: cells, outputs, and the widget alive", async () => {
    await opened.page.reload();
    await opened.untilIdle();
    assert.equal(await opened.outputs(3), "7");
    const field = opened.cell(4).getByRole("slider", { name: "count" });
    assert.equal(await field.inputValue(), "9");
    await field.focus();
    await opened.page.keyboard.press("ArrowLeft");
    await opened.type(3, "counter.state.count");
    assert.equal(await opened.run(3), "8");
  });

  it("restart the kernel, after a question, and run all again", async () => {
    await opened.type(3, "[width, tall]");
    await opened.command("restart-run-all");
    await opened.page.getByRole("button", { name: "Restart", exact: true }).click();
    await opened.cell(3).getByText("[ 6, 7 ]").waitFor();
    await opened.ended(4);
    assert.equal(await opened.outputs(1), "7");
  });

  it("undo across cells: a deleted cell is back with what it showed", async () => {
    await opened.page.keyboard.press("Escape");
    for (let i = 0; i < 2; i++) await opened.page.keyboard.press("ArrowUp");
    await opened.page.keyboard.press("d");
    await opened.page.keyboard.press("d");
    assert.equal(await opened.page.locator("main.notebook > .cell").count(), 4);
    await opened.page.keyboard.press("z");
    assert.equal(await opened.page.locator("main.notebook > .cell").count(), 5);
    assert.equal(await opened.outputs(1), "7");
  });

  it("leave no complaint in the console", () => assert.deepEqual(opened.complaints, []));
});

describe("keys in command mode", { skip: noChromium }, () => {
  let opened: NotebookPage;
  before(async () => {
    desk.write("keys.ipynb", ["'one'", "'two'", "'three'"]);
    opened = await desk.open("keys.ipynb");
    await opened.untilIdle();
  });
  after(() => opened?.page.context().close());
  const sources = () => opened.page.locator("main.notebook > .cell .cm-content").allInnerTexts();
  const press = async (...keys: string[]) => {
    for (const key of keys) await opened.page.keyboard.press(key);
  };

  it("add, cut, paste, move, split and merge cells", async () => {
    await press("b");
    assert.deepEqual(await sources(), ["'one'", "\n", "'two'", "'three'"]);
    await press("d", "d", "j", "x", "k", "Shift+V");
    assert.deepEqual(await sources(), ["'three'", "'one'", "'two'"]);
    await press("Control+Shift+ArrowDown");
    assert.deepEqual(await sources(), ["'one'", "'three'", "'two'"]);
    await press("Shift+ArrowDown", "Shift+M");
    assert.deepEqual(await sources(), ["'one'", "'three'\n'two'"]);
    await press("Enter", "Control+Home", "End", "Control+Shift+-", "Escape");
    assert.deepEqual(await sources(), ["'one'", "'three'", "'two'"]);
  });

  it("make Markdown of a cell, draw it, and edit it again", async () => {
    await press("m", "Enter", "Control+a");
    await opened.page.keyboard.insertText("# Title\n\nwith $x^2$");
    await press("Shift+Enter");
    await opened.page.locator(".prose h1", { hasText: "Title" }).waitFor();
    assert.equal(await opened.page.locator(".prose .katex").count(), 1);
  });

  it("go by Tab from a cell to what is behind it, never into an editor", async () => {
    await press("Escape", "Tab");
    const inEditor = await opened.page.evaluate(() => document.activeElement?.closest(".cm-editor") !== null);
    assert.equal(inEditor, false);
    await opened.page.locator("main.notebook > .cell").first().focus();
  });

  it("are all on the help sheet, which Escape closes", async () => {
    await press("Escape", "h");
    const sheet = opened.page.getByRole("dialog", { name: "Keys" });
    await sheet.getByText("Delete cells").waitFor();
    await picture(opened, "help");
    await press("Escape");
    await sheet.waitFor({ state: "detached" });
  });

  it("find text in all cells", async () => {
    await press("Control+f");
    await opened.page.keyboard.type("one");
    await opened.page.getByText("1 of 1").waitFor();
    await press("Escape");
    await opened.page.locator(".cell.active", { hasText: "one" }).waitFor();
  });

  it("find text in drawn Markdown as it is seen, and mark it there", async () => {
    await press("Escape", "b", "m", "Enter");
    await opened.page.keyboard.insertText("Where **axial** attention looks");
    await press("Shift+Enter", "Control+f");
    await opened.page.keyboard.type("axial attention");
    await opened.page.getByText("1 of 1").waitFor();
    const marked = () => opened.page.evaluate(() => [...(CSS.highlights.get("found") ?? [])].map(String));
    assert.deepEqual(await marked(), ["axial attention"]);
    await opened.page.locator(".cell.active .prose:visible", { hasText: "axial attention looks" }).waitFor();
    await picture(opened, "found");
    await press("Escape");
    assert.deepEqual(await marked(), []);
  });

  it("replace text, one place or all, drawn or not, and undo brings it back", async () => {
    const search = opened.page.getByRole("search");
    await press("Control+f");
    await search.getByLabel("Find in all cells").fill("t");
    const all = Number(/of (\d+)/.exec(await search.getByRole("status").innerText())![1]);
    await search.getByLabel("Find in all cells").fill("looks");
    await search.getByLabel("Replace by").fill("sees");
    await press("Enter");
    await opened.page.locator(".prose:visible", { hasText: "axial attention sees" }).waitFor();
    await search.getByLabel("Find in all cells").fill("t");
    await search.getByLabel("Replace by").fill("tt");
    await search.getByRole("button", { name: "Replace all" }).click();
    await search.getByText(`${all} replaced`).waitFor();
    await opened.page.locator(".prose:visible", { hasText: "axial attttenttion sees" }).waitFor();
    await press("Escape", "z", "z");
    await opened.page.locator(".prose:visible", { hasText: "axial attention looks" }).waitFor();
  });
});

describe("figures", { skip: noChromium }, () => {
  it("are drawn live, named by their words, and again in the colours that the reader chooses", async () => {
    desk.write("figures.ipynb", [
      `import { widgets } from "axial-lab";
const data = { values: [{ x: 2 }, { x: 3 }, { x: 5 }] };
const encoding = { x: { field: "x", type: "quantitative" } };
await widgets.show(widgets.vegaFigure("Three points", { data, mark: "point", encoding }));
await widgets.show(widgets.plotlyFigure("Squares", {
  data: [{ type: "scatter", mode: "lines", x: [1, 2, 3], y: [1, 4, 9] }],
  layout: { height: 300, xaxes: { x: {} }, yaxes: { y: {} } },
}));`,
    ]);
    const opened = await desk.open("figures.ipynb", { colorScheme: "light" });
    await opened.untilIdle();
    await opened.run(0);
    const points = opened.page.getByRole("group", { name: "Three points" });
    await points.locator("svg.marks").waitFor();
    await opened.page.getByRole("group", { name: "Squares" }).locator(".js-line").waitFor();
    const label = points.locator(".role-axis-label text").first();
    const before = await label.getAttribute("fill");
    await opened.page.click("button.theme");
    await points.locator(`.role-axis-label text:not([fill="${before}"])`).first().waitFor();
    await picture(opened, "figures-dark");
    assert.deepEqual(opened.complaints, []);
    await opened.page.context().close();
  });
});

describe("a notebook that somebody else wrote", { skip: noChromium }, () => {
  let opened: NotebookPage;
  before(async () => {
    desk.write("foreign.ipynb", ["const answer = 42;\nanswer"]);
    const notebook = desk.read("foreign.ipynb");
    const acting = [
      "<img src=x onerror='window.ran = 1'>",
      "<script>window.ran = 2</script>",
      "<meta http-equiv='refresh' content='0; url=about:blank'>",
      "<a href='javascript:window.ran = 3'>here</a>",
      "<b>only looks</b>",
    ].join("\n");
    const [code] = notebook.cells as CodeCell[];
    code.metadata = { tags: ["solution"] };
    code.outputs = [{ output_type: "display_data", data: { "text/html": acting }, metadata: {} }];
    notebook.cells.push({ cell_type: "markdown", id: "m", source: acting, metadata: {} });
    writeFileSync(join(desk.folder, "foreign.ipynb"), formatNotebook(notebook));
    opened = await desk.open("foreign.ipynb");
    await opened.untilIdle();
  });
  after(() => opened?.page.context().close());

  it("runs nothing by being opened, and leads nowhere", async () => {
    assert.equal(await opened.page.getByText("only looks").count(), 2);
    for (const link of await opened.page.getByRole("link", { name: "here" }).all()) await link.click();
    await opened.page.waitForTimeout(500);
    assert.equal(await opened.page.evaluate(() => (window as { ran?: number }).ran), undefined);
    assert.match(opened.page.url(), /foreign\.ipynb/);
  });

  it("has its solutions folded until one wants to see them, and the file does not change by looking", async () => {
    const before = desk.text("foreign.ipynb");
    assert.equal(await opened.cell(0).locator(".cm-content").isVisible(), false);
    await opened.cell(0).getByRole("button", { name: "Show the solution" }).click();
    assert.equal(await opened.cell(0).locator(".cm-content").isVisible(), true);
    await opened.page.waitForTimeout(1500);
    assert.equal(desk.text("foreign.ipynb"), before);
  });
});
