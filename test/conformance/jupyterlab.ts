/**
 * What a reader sees of our kernel in JupyterLab 4, in a real browser. Not part of `npm test`, for it needs Python and
 * Chromium:
 *
 *     python3 -m venv lab && lab/bin/pip install jupyterlab anywidget
 *     PATH="$PWD/lab/bin:$PATH" node --test dist/test/conformance/jupyterlab.js
 *
 * JUPYTER_LAB and CHROMIUM name the programs where they are not in the search path. Pictures of what was seen go to
 * out/jupyterlab/.
 */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { formatNotebook, readNotebook } from "../../src/notebook/file.js";
import { setParameters } from "../../src/notebook/parameters.js";
import { packageFolder } from "../../src/core/version.js";
import { assertNotebook } from "../helpers/nbformat.js";
import { startLab, type Lab, type LabPage } from "./lab.js";

const pictures = join(packageFolder, "out", "jupyterlab");
mkdirSync(pictures, { recursive: true });
const picture = async ({ page }: LabPage, name: string) => {
  await page.screenshot({ path: join(pictures, `${name}.png`) });
};

let lab: Lab;
before(async () => void (lab = await startLab()));
after(() => lab?.stop());

describe("the quick start in JupyterLab", () => {
  let opened: LabPage;
  before(async () => {
    const name = "01-quick-start.ipynb";
    const notebook = await readNotebook(join(packageFolder, "notebooks", name));
    const parameters = new Map(Object.entries({ epochCount: "1", imageCount: "32", imageSize: "16" }));
    writeFileSync(join(lab.folder, name), formatNotebook(setParameters(notebook, parameters, name)));
    opened = await lab.open(name);
  });
  after(() => opened?.page.close());

  it("runs from top to bottom without an error", async () => {
    await opened.runAll();
    const count = (await opened.prompts()).length;
    await opened.ended(count - 1);
    await picture(opened, "quick-start");
    assert.deepEqual(
      await opened.prompts(),
      Array.from({ length: count }, (_, i) => `[${i + 1}]:`),
    );
    assert.deepEqual(await opened.page.locator('[data-mime-type="application/vnd.jupyter.error"]').allInnerTexts(), []);
  });

  it("draws its figures live, with JupyterLab's own Vega-Lite", async () => {
    const figures = opened.page.locator(".vega-embed canvas, .vega-embed svg");
    assert.ok((await figures.count()) >= 3, `${await figures.count()} figures`);
    await figures.first().scrollIntoViewIfNeeded();
    await picture(opened, "quick-start-figure");
  });

  it("lets the reader explore the trained network's attention", async () => {
    const explorer = opened.page.locator(".axial-explorer");
    await explorer.locator("canvas.map").scrollIntoViewIfNeeded();
    await explorer.locator("canvas.map").focus();
    await opened.page.keyboard.press("ArrowLeft");
    await opened.page.keyboard.press("ArrowLeft");
    await explorer.getByRole("button", { name: "2", exact: true }).click();
    await explorer.locator('button[aria-pressed="true"]', { hasText: "2" }).waitFor();
    await picture(opened, "quick-start-explorer");
  });

  it("is saved as the notebook format wants it", async () => {
    await opened.command("docmanager:save");
    assertNotebook(readFileSync(join(lab.folder, "01-quick-start.ipynb"), "utf8"));
  });
});

describe("a notebook in JupyterLab", () => {
  let opened: LabPage;
  before(async () => {
    lab.write("work.ipynb", ["const kept = 41;\nkept + 1"]);
    opened = await lab.open("work.ipynb");
    await opened.runAll();
    await opened.ended(0);
  });
  after(() => opened?.page.close());

  it("names the kernel and its language", async () => {
    const toolbar = opened.page.locator(".jp-KernelName");
    assert.equal(await toolbar.innerText(), "TypeScript (axial-lab)");
    assert.equal(await opened.ended(0), "42");
  });

  it("shows an error with a traceback that points into the cell", async () => {
    const text = await opened.run(
      "function reach(n: number) {\n  throw new RangeError(`too far: ${n}`);\n}\nreach(kept);",
    );
    assert.match(text, /RangeError: too far: 41/);
    assert.match(text, /> 2 \| {3}throw new RangeError/);
    assert.match(text, /at reach \(cell 2:2:9\)\n\s*at cell 2:4:1/);
    await picture(opened, "error");
  });

  it("shows a type error instead of running the cell", async () => {
    assert.match(
      await opened.run("const wrong: string = kept;"),
      /TS2322: Type 'number' is not assignable to type 'string'/,
    );
  });

  it("shows arrays of objects as tables", async () => {
    await opened.run("[{ name: 'a', size: 3 }, { name: 'b', size: 5 }]");
    const cells = await opened.page.locator(".jp-RenderedHTMLCommon table td").allInnerTexts();
    assert.deepEqual(
      cells.filter((text) => ["a", "b", "3", "5"].includes(text)),
      ["a", "3", "b", "5"],
    );
  });

  it("completes the names of a package, with the keyboard", async () => {
    const { page } = opened;
    await opened.run("import * as axial from 'axial-lab';");
    await opened.command("notebook:insert-cell-below");
    await page.locator(".jp-CodeCell .cm-content").last().click();
    await page.keyboard.type("axial.widgets.attention");
    await page.keyboard.press("Tab");
    const names = page.locator(".jp-Completer-item .jp-Completer-match");
    await names.first().waitFor();
    await picture(opened, "completion");
    const offered = await page.locator(".jp-Completer-item").allInnerTexts();
    for (const name of ["attentionExplorer", "attentionMap", "attentionRows"])
      assert.ok(
        offered.some((text) => text.includes(name)),
        offered.join(),
      );
    await page.keyboard.press("Enter");
    await page.locator(".jp-CodeCell .cm-content", { hasText: /axial\.widgets\.attention[A-Z]/ }).waitFor();
  });

  it("says what a name is, with the keyboard", async () => {
    const { page } = opened;
    await opened.command("notebook:insert-cell-below");
    await page.locator(".jp-CodeCell .cm-content").last().click();
    await page.keyboard.type("kept");
    await page.keyboard.press("Shift+Tab");
    await page.locator(".jp-Tooltip", { hasText: "const kept: 41" }).waitFor();
    await picture(opened, "inspection");
    await page.keyboard.press("Escape");
  });

  it("asks for input and gets it", async () => {
    const cell = await opened.start("const answer = prompt('Your name? ');\nanswer.toUpperCase()");
    const field = opened.page.locator(".jp-Stdin-input");
    await field.fill("ada");
    await field.press("Enter");
    assert.match(await opened.ended(cell), /ADA/);
  });

  it("interrupts an endless loop and keeps the state", async () => {
    const cell = await opened.start("console.log('spinning');\nwhile (true) {}");
    await opened.page.locator(".jp-OutputArea-output", { hasText: "spinning" }).waitFor();
    await opened.command("notebook:interrupt-kernel");
    const text = await opened.ended(cell);
    assert.match(text, /Interrupted: the cell was interrupted/);
    assert.match(text, /> 2 \| while \(true\)/);
    await picture(opened, "interrupt");
    assert.equal(await opened.run("kept"), "41");
  });

  it("interrupts a loop after an await", async () => {
    const cell = await opened.start("await Promise.resolve();\nconsole.log('turning');\nfor (;;) {}");
    await opened.page.locator(".jp-OutputArea-output", { hasText: "turning" }).waitFor();
    await opened.command("notebook:interrupt-kernel");
    assert.match(await opened.ended(cell), /Interrupted: the cell was interrupted/);
    assert.equal(await opened.run("kept"), "41");
  });

  it("restarts with nothing left of the state", async () => {
    const restarted = opened.command("notebook:restart-kernel");
    await opened.page.locator(".jp-Dialog button", { hasText: "Restart" }).click();
    await restarted;
    await opened.untilIdle();
    assert.match(await opened.run("kept"), /Cannot find name 'kept'/);
    await picture(opened, "restart");
    assert.equal(await opened.run("1 + 1"), "2");
  });
});

describe("the attention explorer in JupyterLab", () => {
  const cells = [
    `import * as axial from 'axial-lab';
const layer = (axis: 'height' | 'width', lines: number, keys: number): axial.LayerAttention => ({
  layer: \`stage1.block1.\${axis}\`, axis, axes: [axis === 'height' ? 'column' : 'row', 'head', 'query', 'key'],
  shape: [lines, 4, keys, keys],
  weights: Float32Array.from({ length: lines * 4 * keys * keys }, (_, i) => {
    const [key, query, head] = [i % keys, Math.floor(i / keys) % keys, Math.floor(i / keys / keys) % 4];
    return Math.exp(-(((key - query) / (head + 1)) ** 2)) / (1.77 * (head + 1));
  }),
});
const image = {
  values: Uint8Array.from({ length: 70 * 110 * 3 }, (_, i) => 128 + 90 * Math.sin(i / 331) + 30 * Math.sin(i / 7)),
  shape: [70, 110, 3] as const,
};
const explorer = axial.widgets.attentionExplorer({ image, attention: [layer('height', 11, 7), layer('width', 7, 11)] });`,
    "explorer",
  ];
  let opened: LabPage;
  before(async () => {
    lab.write("explorer.ipynb", cells);
    opened = await lab.open("explorer.ipynb");
    await opened.runAll();
    await opened.ended(1);
    await opened.page.locator(".axial-explorer canvas.map").waitFor({ timeout: 60_000 });
  });
  after(() => opened?.page.close());
  const told = () => opened.page.locator(".axial-explorer .told").innerText();
  const state = () => opened.run("const { query, head } = explorer.state; [...query, head].join()");
  const drawn = () =>
    opened.page.locator(".axial-explorer canvas.map").evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());

  it("draws the place in the middle of the map", async () => {
    assert.match(await told(), /^row 3, column 5 of stage1\.block1/);
    await picture(opened, "explorer");
  });

  it("tells the kernel of a click, and draws what the kernel answers", async () => {
    const beforeClick = await drawn();
    const map = opened.page.locator(".axial-explorer canvas.map");
    const box = (await map.boundingBox()) ?? assert.fail("no map");
    await map.click({ position: { x: (box.width * 2.5) / 11, y: (box.height * 5.5) / 7 } });
    assert.equal(await state(), "'5,2,-1'");
    assert.notEqual(await drawn(), beforeClick);
  });

  it("moves by the keyboard and takes a head by its button", async () => {
    const map = opened.page.locator(".axial-explorer canvas.map");
    await map.focus();
    await opened.page.keyboard.press("ArrowUp");
    await opened.page.locator(".axial-explorer button", { hasText: "3" }).click();
    await opened.page.locator('.axial-explorer button[aria-pressed="true"]', { hasText: "3" }).waitFor();
    assert.equal(await state(), "'4,2,2'");
    await picture(opened, "explorer-head");
  });

  it("follows what the code sets", async () => {
    await opened.run("explorer.set({ query: [0, 10] });");
    await opened.page.locator(".axial-explorer .told", { hasText: "row 0, column 10" }).waitFor();
  });

  it("is there again, as it was, after the page is loaded anew", async () => {
    await opened.command("docmanager:save");
    await opened.page.reload();
    await opened.untilIdle();
    await opened.page.locator(".axial-explorer canvas.map").waitFor({ timeout: 60_000 });
    assert.match(await told(), /^row 0, column 10/);
    assert.equal(await opened.page.locator('.axial-explorer button[aria-pressed="true"]').innerText(), "3");
    await opened.page.locator(".axial-explorer canvas.map").focus();
    await opened.page.keyboard.press("ArrowDown");
    await opened.page.locator(".axial-explorer .told", { hasText: "row 1, column 10" }).waitFor();
    assert.equal(await state(), "'1,10,2'");
    await picture(opened, "explorer-reloaded");
  });
});
