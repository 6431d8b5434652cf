/**
 * Every chapter runs from top to bottom, in short, and shows its figures. The quick start runs under stock tslab too, whose users
 * have no other lesson.
 */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { ownKernel, type KernelCommand } from "../../src/jupyter/client.js";
import type { Notebook } from "../../src/notebook/file.js";
import { notebookHtml } from "../../src/notebook/page.js";
import { setParameters } from "../../src/notebook/parameters.js";
import { runNotebook } from "../../src/notebook/run.js";
import { packageFolder } from "../../src/core/version.js";
import { chapters, codeCells, figuresOf, notebookOf, quickStart } from "../helpers/chapters.js";

const panoptic = "12-axial-deeplab.ipynb";

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

async function runShort(name: string, kernel: KernelCommand): Promise<Notebook> {
  const parameters = new Map(Object.entries(short[name]));
  const options = { folder, kernel };
  const { notebook, failure } = await runNotebook(setParameters(await notebookOf(name), parameters, name), options);
  assert.equal(failure, null, failure?.error.traceback.join("\n"));
  return notebook;
}

function assertPictures(notebook: Notebook, least: number): void {
  const figures = figuresOf(notebook);
  assert.ok(figures.length >= least, `${figures.length} figures`);
  for (const figure of figures) assert.ok(typeof figure["image/png"] === "string", String(figure["text/plain"]));
}

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
    const types = new Set(figuresOf(executed).flatMap((figure) => Object.keys(figure)));
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
