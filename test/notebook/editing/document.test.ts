import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EditedNotebook, newCell, type Told } from "../../../src/notebook/editing/document.js";
import { deleteCells, insertCells, setSource } from "../../../src/notebook/editing/operations.js";
import type { Cell, CodeCell, Notebook } from "../../../src/notebook/nbformat.js";
import { formatNotebook, parseNotebook } from "../../../src/notebook/nbformat.js";

const code = (id: string, source = id): CodeCell => ({
  cell_type: "code",
  id,
  source,
  metadata: {},
  execution_count: null,
  outputs: [],
});
const notebookOf = (...cells: Cell[]): Notebook => ({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells });
const sources = ({ cells }: EditedNotebook) => cells.map(({ source }) => source);

/** A notebook whose clock stands still until it is moved. */
function timed(...ids: string[]) {
  const clock = { now: 0 };
  return { clock, notebook: new EditedNotebook(notebookOf(...ids.map((id) => code(id))), () => clock.now) };
}

describe("a notebook while it is edited", () => {
  it("is the same notebook where nothing was edited, byte for byte", () => {
    const file = notebookOf(
      { ...code("a", "1\n2\n"), execution_count: 3, outputs: [{ output_type: "stream", name: "stdout", text: "1\n" }] },
      { cell_type: "markdown", id: "b", source: "*x*", metadata: { tags: ["t"] }, attachments: { "p.png": {} } },
      { cell_type: "raw", id: "c", source: "", metadata: {} },
    );
    const text = formatNotebook(file);
    assert.equal(formatNotebook(new EditedNotebook(parseNotebook(text, "n")).toNotebook()), text);
  });

  it("takes typing back as one edit until there is a pause, and then as two", () => {
    const { notebook, clock } = timed("a");
    const [cell] = notebook.cells;
    setSource(notebook, cell, "a1");
    clock.now += 400;
    setSource(notebook, cell, "a12");
    clock.now += 1500;
    setSource(notebook, cell, "a123");
    notebook.undo();
    assert.equal(cell.source, "a12");
    notebook.undo();
    assert.equal(cell.source, "a");
    assert.equal(notebook.undo(), false);
    notebook.redo();
    notebook.redo();
    assert.equal(cell.source, "a123");
    assert.equal(notebook.redo(), false);
  });

  it("keeps typing in two cells apart", () => {
    const { notebook } = timed("a", "b");
    setSource(notebook, notebook.cells[0], "a1");
    setSource(notebook, notebook.cells[1], "b1");
    notebook.undo();
    assert.deepEqual(sources(notebook), ["a1", "b"]);
  });

  it("goes back through typing, adding and deleting on one line, and forward again", () => {
    const { notebook, clock } = timed("a", "b");
    const states = [sources(notebook)];
    const step = (work: () => void) => {
      clock.now += 5000;
      work();
      states.push(sources(notebook));
    };
    step(() => setSource(notebook, notebook.cells[0], "a1"));
    step(() => insertCells(notebook, 1, [newCell("markdown", "m")]));
    step(() => deleteCells(notebook, 0, 1));
    step(() => setSource(notebook, notebook.cells[0], "m1"));
    for (let i = states.length - 2; i >= 0; i--) {
      notebook.undo();
      assert.deepEqual(sources(notebook), states[i]);
    }
    for (let i = 1; i < states.length; i++) {
      notebook.redo();
      assert.deepEqual(sources(notebook), states[i]);
    }
  });

  it("forgets what was undone when something else is done", () => {
    const { notebook } = timed("a");
    setSource(notebook, notebook.cells[0], "a1");
    notebook.undo();
    insertCells(notebook, 1, [newCell("code", "b")]);
    assert.equal(notebook.canRedo, false);
    assert.deepEqual(sources(notebook), ["a", "b"]);
  });

  it("brings a deleted cell back with what it put out meanwhile", () => {
    const { notebook } = timed("a", "b");
    const cell = notebook.cells[0] as CodeCell;
    deleteCells(notebook, 0, 1);
    cell.outputs.push({ output_type: "stream", name: "stdout", text: "late" });
    notebook.outputsChanged(cell);
    notebook.undo();
    assert.equal(notebook.cells[0], cell);
    assert.equal(cell.outputs.length, 1);
  });

  it("has a cell at least, and one undo brings all back", () => {
    const { notebook } = timed("a", "b", "c");
    deleteCells(notebook, 0, 3);
    assert.deepEqual(sources(notebook), [""]);
    notebook.undo();
    assert.deepEqual(sources(notebook), ["a", "b", "c"]);
    assert.equal(new EditedNotebook(notebookOf()).cells.length, 1);
  });

  it("tells every change, those of outputs too, and counts them", () => {
    const { notebook } = timed("a");
    const told: Told["kind"][] = [];
    const end = notebook.onChange(({ kind }) => told.push(kind));
    const before = notebook.revision;
    setSource(notebook, notebook.cells[0], "a");
    assert.equal(notebook.revision, before);
    setSource(notebook, notebook.cells[0], "a1");
    notebook.outputsChanged(notebook.cells[0] as CodeCell);
    insertCells(notebook, 0, [newCell("raw")]);
    end();
    notebook.undo();
    assert.deepEqual(told, ["source", "outputs", "cells"]);
    assert.equal(notebook.revision, before + 4);
  });

  it("gives the file nothing that only a running kernel can show", () => {
    const view = { "application/vnd.jupyter.widget-view+json": { model_id: "m" } };
    const cell = code("a");
    cell.outputs.push(
      { output_type: "display_data", data: { ...view, "text/plain": "A slider" }, metadata: {} },
      { output_type: "display_data", data: view, metadata: {} },
    );
    const notebook = new EditedNotebook(notebookOf(cell));
    const [{ outputs }] = notebook.toNotebook().cells as CodeCell[];
    assert.deepEqual(outputs, [{ output_type: "display_data", data: { "text/plain": "A slider" }, metadata: {} }]);
    assert.equal((notebook.cells[0] as CodeCell).outputs.length, 2);
  });

  it("gives new cells ids that nothing else has, as the format wants them", () => {
    const ids = Array.from({ length: 211 }, () => newCell("code").id);
    assert.equal(new Set(ids).size, ids.length);
    assert.ok(ids.every((id) => /^[\w-]{1,64}$/.test(id)));
  });
});
