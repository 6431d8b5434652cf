/** Every notebook runs from top to bottom, in short, under our kernel, the first under stock tslab too, and shows its figures. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { ownKernel, type KernelCommand } from "../src/jupyter/client.js";
import { readNotebook, type Notebook } from "../src/notebook/file.js";
import { notebookHtml } from "../src/notebook/page.js";
import { setParameters } from "../src/notebook/parameters.js";
import { runNotebook } from "../src/notebook/run.js";
import { packageFolder } from "../src/core/version.js";

const quickStart = "01-quick-start.ipynb";

/** Notebooks, and the parameters that make them short. A parameter that a notebook does not have is an error. */
const short: Record<string, Record<string, string>> = {
  [quickStart]: { epochCount: "1", imageCount: "32", imageSize: "16" },
  "12-axial-deeplab.ipynb": { epochCount: "1", imageCount: "16" },
};

/** A folder in which `axial-lab` is installed, as it is for a user: tslab finds types by folders alone. */
const folder = mkdtempSync(join(tmpdir(), "axial-notebooks-"));
mkdirSync(join(folder, "node_modules"));
symlinkSync(packageFolder, join(folder, "node_modules", "axial-lab"), "junction");
symlinkSync(
  join(packageFolder, "node_modules", "@tensorflow"),
  join(folder, "node_modules", "@tensorflow"),
  "junction",
);
after(() => rmSync(folder, { recursive: true }));

const tslab: KernelCommand = {
  argv: [process.execPath, require.resolve("tslab/bin/tslab"), "kernel", "--config-path", "{connection_file}"],
  env: {},
};

const bundles = (notebook: Notebook): Record<string, unknown>[] =>
  notebook.cells.flatMap((cell) =>
    cell.cell_type === "code"
      ? cell.outputs.flatMap((output) => (output.output_type === "display_data" ? [output.data] : []))
      : [],
  );

describe("notebooks", () => {
  const names = readdirSync(join(packageFolder, "notebooks")).filter((name) => name.endsWith(".ipynb"));

  it("are all listed here with the parameters that make them short", () => {
    assert.deepEqual(names, Object.keys(short));
  });

  for (const name of names)
    for (const [kernelName, kernel] of Object.entries({
      "our kernel": ownKernel(),
      ...(name === quickStart && { "stock tslab": tslab }),
    }))
      it(`${name} runs under ${kernelName}, and every figure has a picture`, async () => {
        const notebook = await readNotebook(join(packageFolder, "notebooks", name));
        const parameters = new Map(Object.entries(short[name]));
        const { notebook: executed, failure } = await runNotebook(setParameters(notebook, parameters, name), {
          folder,
          kernel,
        });
        assert.equal(failure, null, failure?.error.traceback.join("\n"));
        const figures = bundles(executed);
        assert.ok(figures.length >= 5, `${figures.length} figures`);
        for (const figure of figures) assert.ok(typeof figure["image/png"] === "string", String(figure["text/plain"]));
        if (name !== quickStart) return;
        const types = new Set(figures.flatMap((figure) => Object.keys(figure)));
        for (const type of ["application/vnd.vegalite.v5+json", "application/vnd.plotly.v1+json"])
          assert.ok(types.has(type), type);
        assert.match(await notebookHtml(executed), /class="live" data-library="plotly"/);
      });

  it("keep no outputs in the repository", async () => {
    for (const name of names) {
      const notebook = await readNotebook(join(packageFolder, "notebooks", name));
      for (const cell of notebook.cells)
        if (cell.cell_type === "code")
          assert.deepEqual([cell.outputs, cell.execution_count], [[], null], `${name} ${cell.id}`);
    }
  });
});
