/**
 * Every chapter runs from top to bottom, in short, and shows its figures; what lies in the repository is what a run gave.
 * The quick start runs under stock tslab too, whose users have no other lesson.
 */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, normalize } from "node:path";
import { after, describe, it } from "node:test";
import { ownKernel, type KernelCommand } from "../src/jupyter/client.js";
import { readNotebook, type CodeCell, type Notebook } from "../src/notebook/file.js";
import { notebookHtml } from "../src/notebook/page.js";
import { setParameters } from "../src/notebook/parameters.js";
import { runNotebook } from "../src/notebook/run.js";
import { packageFolder } from "../src/core/version.js";

const quickStart = "01-quick-start.ipynb";
const panoptic = "12-axial-deeplab.ipynb";
/** Kept without outputs: a reader's own run makes them. */
const unrun: readonly string[] = [quickStart];

/** Notebooks, and the parameters that make them short. A parameter that a notebook does not have is an error. */
const short: Record<string, Record<string, string>> = {
  [quickStart]: { epochCount: "1", imageCount: "32", imageSize: "16" },
  "02-from-convolution-to-self-attention.ipynb": { imageSize: "32", largestSide: "16" },
  "03-position.ipynb": { stepCount: "2", rowCount: "8" },
  "04-seeing-positional-encodings.ipynb": { epochCount: "2", imageCount: "64" },
  "05-axial-attention.ipynb": { largestSide: "128", largestGlobalSide: "32" },
  "06-axial-resnet.ipynb": { epochCount: "1", imageCount: "32" },
  "07-what-each-part-brings.ipynb": { epochCount: "1", imageCount: "32", seedCount: "2", imageSize: "16" },
  "08-larger-and-smaller.ipynb": { imageCount: "32", largest: "48" },
  "09-what-attention-looks-at.ipynb": { scoredImages: "40", crossEpochs: "1", crossImages: "32" },
  "10-the-family.ipynb": { deepest: "2", stepCount: "2" },
  "11-why-fewer-multiply-adds-were-slower.ipynb": { batch: "1", side: "28", bandwidthMegabytes: "8" },
  [panoptic]: { epochCount: "1", imageCount: "16" },
  "13-what-of-the-paper-is-here.ipynb": {},
};
/** A table of what is where: without figures. */
const inventory = "13-what-of-the-paper-is-here.ipynb";

/** A folder in which `axial-lab` is installed, as it is for a user: tslab finds types by folders alone. */
const folder = mkdtempSync(join(tmpdir(), "axial-notebooks-"));
mkdirSync(join(folder, "node_modules"));
symlinkSync(packageFolder, join(folder, "node_modules", "axial-lab"), "junction");
symlinkSync(
  join(packageFolder, "node_modules", "@tensorflow"),
  join(folder, "node_modules", "@tensorflow"),
  "junction",
);
symlinkSync(join(packageFolder, "notebooks", "results"), join(folder, "results"), "junction");
after(() => rmSync(folder, { recursive: true }));

const tslab: KernelCommand = {
  argv: [process.execPath, require.resolve("tslab/bin/tslab"), "kernel", "--config-path", "{connection_file}"],
  env: {},
};

const notebookOf = (name: string) => readNotebook(join(packageFolder, "notebooks", name));

const codeCells = (notebook: Notebook): CodeCell[] =>
  notebook.cells.flatMap((cell) => (cell.cell_type === "code" ? [cell] : []));

const bundles = (notebook: Notebook): Record<string, unknown>[] =>
  codeCells(notebook).flatMap(({ outputs }) =>
    outputs.flatMap((output) => (output.output_type === "display_data" && isFigure(output.data) ? [output.data] : [])),
  );
const isFigure = (bundle: object): boolean => Object.keys(bundle).some((type) => /vegalite|plotly|image/.test(type));

async function runShort(name: string, kernel: KernelCommand): Promise<Notebook> {
  const parameters = new Map(Object.entries(short[name]));
  const options = { folder, kernel };
  const { notebook, failure } = await runNotebook(setParameters(await notebookOf(name), parameters, name), options);
  assert.equal(failure, null, failure?.error.traceback.join("\n"));
  return notebook;
}

function assertPictures(notebook: Notebook, least: number): void {
  const figures = bundles(notebook);
  assert.ok(figures.length >= least, `${figures.length} figures`);
  for (const figure of figures) assert.ok(typeof figure["image/png"] === "string", String(figure["text/plain"]));
}

const chapters = readdirSync(join(packageFolder, "notebooks")).filter((name) => name.endsWith(".ipynb"));
/** Lines of a cell that are read at a glance, and of none more than this. */
const [usual, most] = [6, 9];

describe("notebooks", () => {
  it("are all listed here with the parameters that make them short", () => {
    assert.deepEqual(chapters, Object.keys(short));
  });

  for (const name of chapters)
    it(`${name} runs in short, and every figure has a picture`, async () => {
      assertPictures(await runShort(name, ownKernel()), name === inventory ? 0 : 1);
    });

  it(`${quickStart} runs under stock tslab, with figures of both libraries, and makes a page`, async () => {
    const executed = await runShort(quickStart, tslab);
    assertPictures(executed, 5);
    const types = new Set(bundles(executed).flatMap((figure) => Object.keys(figure)));
    for (const type of ["application/vnd.vegalite.v5+json", "application/vnd.plotly.v1+json"])
      assert.ok(types.has(type), type);
    assert.match(await notebookHtml(executed), /class="live" data-library="plotly"/);
  });
});

/** Made from logs alone, and so within seconds; the others of the folder are kept as their runs left them. */
describe("the notebook of Imagenette's recipe", () => {
  it("makes its tables and figures from whichever logs there are", async () => {
    const name = join("results", "imagenette-recipe.ipynb");
    const parameters = new Map([["results", "results"]]);
    const { notebook, failure } = await runNotebook(setParameters(await notebookOf(name), parameters, name), {
      folder,
      kernel: ownKernel(),
    });
    assert.equal(failure, null, failure?.error.traceback.join("\n"));
    const logs = join(folder, "results", "imagenette-128");
    const kept = existsSync(logs) ? readdirSync(logs, { recursive: true, encoding: "utf8" }) : [];
    const variants = kept.flatMap((path) => /([^/\\]+)\.seed-\d+\.jsonl$/.exec(path)?.[1] ?? []);
    const shown = JSON.stringify(codeCells(notebook).map(({ outputs }) => outputs));
    for (const variant of ["before: Ranger, commit a680516", ...variants]) assert.ok(shown.includes(variant), variant);
  });
});

describe("a chapter of the book", () => {
  for (const name of chapters)
    it(`${name} has a title, what it teaches in a sentence, and links that lead to files`, async () => {
      const { cells } = await notebookOf(name);
      assert.match(cells[0].source, /^# [^\n]+\n\n[A-Z][^\n]+\.$/);
      const links = cells.flatMap((cell) =>
        cell.cell_type === "markdown" ? [...cell.source.matchAll(/\]\(([^)#]+)[^)]*\)/g)].map((match) => match[1]) : [],
      );
      const files = links.filter((link) => !/^[a-z]+:/.test(link));
      assert.ok(files.length >= 4);
      for (const file of files) assert.ok(existsSync(normalize(join(packageFolder, "notebooks", file))), file);
    });

  for (const name of chapters)
    it(`${name} has three exercises, whose solutions are folded`, async () => {
      const { cells } = await notebookOf(name);
      const asked = cells.flatMap(({ source }) =>
        [...source.matchAll(/^\*\*(\d)\.\*\* /gm)].map(([, number]) => number),
      );
      assert.deepEqual(asked, ["1", "2", "3"]);
      const solutions = cells.filter(({ metadata }) => metadata.tags?.includes("solution"));
      assert.ok(solutions.length >= 3, `${solutions.length} solutions`);
      for (const { metadata } of solutions)
        assert.deepEqual(metadata.jupyter, { outputs_hidden: true, source_hidden: true });
    });

  for (const name of chapters)
    it(`${name} has short cells`, async () => {
      const lengths = codeCells(await notebookOf(name)).map(({ source }) => source.split("\n").length);
      assert.ok(lengths.sort((a, b) => a - b)[lengths.length >> 1] <= usual, `median of ${lengths.join(" ")}`);
      assert.ok(lengths.at(-1)! <= most, `longest of ${lengths.join(" ")}`);
    });

  for (const name of chapters.filter((name) => !unrun.includes(name)))
    it(`${name} lies here as a whole run left it, its pictures small`, async () => {
      const notebook = await notebookOf(name);
      const cells = codeCells(notebook);
      assert.deepEqual(
        cells.map((cell) => cell.execution_count),
        cells.map((_, i) => i + 1),
      );
      for (const { outputs, id } of cells)
        for (const output of outputs) assert.notEqual(output.output_type, "error", id);
      for (const figure of bundles(notebook)) {
        const bytes = Buffer.from(figure["image/png"] as string, "base64").length;
        assert.ok(bytes < 80_000, `${bytes} bytes: ${String(figure["text/plain"])}`);
      }
    });

  it("has all of its outputs or none", async () => {
    for (const name of unrun)
      for (const cell of codeCells(await notebookOf(name)))
        assert.deepEqual([cell.outputs, cell.execution_count], [[], null], `${name} ${cell.id}`);
  });
});
