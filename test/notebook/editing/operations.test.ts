import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EditedNotebook } from "../../../src/notebook/editing/document.js";
import * as cells from "../../../src/notebook/editing/operations.js";
import type { Cell, CodeCell, TextCell } from "../../../src/notebook/nbformat.js";

const code = (id: string, source = id): CodeCell => ({
  cell_type: "code",
  id,
  source,
  metadata: {},
  execution_count: 7,
  outputs: [{ output_type: "stream", name: "stdout", text: id }],
});
const text = (id: string, source = id): TextCell => ({ cell_type: "markdown", id, source, metadata: {} });
const edited = (...all: Cell[]): EditedNotebook =>
  new EditedNotebook({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells: all });
const ids = (notebook: EditedNotebook) => notebook.cells.map(({ id }) => id).join("");

describe("moving cells", () => {
  const moves: [from: number, to: number, by: -1 | 1, after: string][] = [
    [1, 2, -1, "bacde"],
    [1, 2, 1, "acbde"],
    [1, 4, -1, "bcdae"],
    [1, 4, 1, "aebcd"],
    [0, 1, -1, "abcde"],
    [3, 5, 1, "abcde"],
  ];
  for (const [from, to, by, after] of moves)
    it(`from ${from} to ${to} by ${by} gives ${after}, and one undo puts them back`, () => {
      const notebook = edited(...[..."abcde"].map((id) => code(id)));
      const before = [...notebook.cells];
      const moved = cells.moveCells(notebook, from, to, by);
      assert.equal(ids(notebook), after);
      assert.equal(moved, after !== "abcde");
      if (moved) notebook.undo();
      assert.deepEqual(notebook.cells, before);
    });
});

describe("splitting a cell", () => {
  const splits: [source: string, offset: number, before: string, after: string][] = [
    ["one\ntwo", 4, "one", "two"],
    ["one\ntwo", 3, "one", "two"],
    ["one two", 4, "one ", "two"],
    ["one\r\ntwo", 5, "one", "two"],
    ["one", 0, "", "one"],
    ["one", 3, "one", ""],
    ["a\n\n\nb", 2, "a", "\nb"],
  ];
  for (const [source, offset, before, after] of splits)
    it(`${JSON.stringify(source)} at ${offset} gives ${JSON.stringify([before, after])}`, () => {
      const notebook = edited(code("a", source));
      cells.splitCell(notebook, 0, offset);
      assert.deepEqual(
        notebook.cells.map((cell) => cell.source),
        [before, after],
      );
      notebook.undo();
      assert.equal(notebook.cells[0].source, source);
    });

  it("leaves outputs with the second part, and gives each part an id of its own", () => {
    const notebook = edited(code("a", "1\n2"));
    cells.splitCell(notebook, 0, 2);
    const [first, second] = notebook.cells as CodeCell[];
    assert.deepEqual([first.outputs.length, second.outputs.length], [0, 1]);
    assert.equal(second.id, "a");
    assert.notEqual(first.id, "a");
  });

  it("leaves attachments with both parts: either may show them", () => {
    const attachments = { "p.png": { "image/png": "" } };
    const notebook = edited({ ...text("a", "1\n2"), attachments });
    cells.splitCell(notebook, 0, 2);
    assert.deepEqual(
      notebook.cells.map((cell) => (cell as TextCell).attachments),
      [attachments, attachments],
    );
  });
});

describe("merging cells", () => {
  it("joins their lines in a cell of the first one's kind and id", () => {
    const notebook = edited(code("a", "1"), text("b", "two"), code("c", "3"));
    cells.mergeCells(notebook, 0, 2);
    assert.deepEqual(
      notebook.cells.map(({ id, source, cell_type: type }) => [id, source, type]),
      [
        ["a", "1\ntwo", "code"],
        ["c", "3", "code"],
      ],
    );
    assert.deepEqual((notebook.cells[0] as CodeCell).outputs, []);
    notebook.undo();
    assert.deepEqual(ids(notebook), "abc");
    assert.equal((notebook.cells[0] as CodeCell).outputs.length, 1);
  });

  it("keeps the attachments of all of them", () => {
    const notebook = edited({ ...text("a"), attachments: { p: {} } }, { ...text("b"), attachments: { q: {} } });
    cells.mergeCells(notebook, 0, 2);
    assert.deepEqual((notebook.cells[0] as TextCell).attachments, { p: {}, q: {} });
  });

  it("of one cell is no edit", () => {
    const notebook = edited(code("a"), code("b"));
    cells.mergeCells(notebook, 1, 2);
    assert.equal(notebook.canUndo, false);
  });
});

describe("changing what a cell is", () => {
  it("keeps id, source and metadata, and gives outputs back when undone", () => {
    const notebook = edited({ ...code("a"), metadata: { tags: ["t"] } }, text("b"));
    cells.changeType(notebook, 0, 2, "markdown");
    assert.deepEqual(notebook.cells[0], { cell_type: "markdown", id: "a", source: "a", metadata: { tags: ["t"] } });
    notebook.undo();
    assert.equal((notebook.cells[0] as CodeCell).outputs.length, 1);
  });

  it("keeps attachments between Markdown and raw text, which both may have them", () => {
    const notebook = edited({ ...text("a"), attachments: { p: {} } });
    cells.changeType(notebook, 0, 1, "raw");
    assert.deepEqual((notebook.cells[0] as TextCell).attachments, { p: {} });
  });

  it("to what it is already is no edit", () => {
    const notebook = edited(text("a"));
    cells.changeType(notebook, 0, 1, "markdown");
    assert.equal(notebook.canUndo, false);
  });
});

describe("copies of cells", () => {
  it("have ids of their own and share nothing with what they were made of", () => {
    const cell = code("a");
    const [copy] = cells.copies([cell]) as CodeCell[];
    assert.notEqual(copy.id, "a");
    assert.deepEqual({ ...copy, id: "a" }, cell);
    copy.outputs.pop();
    assert.equal(cell.outputs.length, 1);
  });
});

describe("folding code away", () => {
  it("sets JupyterLab's key and takes it away without a trace", () => {
    const notebook = edited({ ...code("a"), metadata: { jupyter: { outputs_hidden: true }, tags: ["t"] } }, code("b"));
    const [a, b] = notebook.cells;
    for (const cell of [a, b]) cells.setFolded(notebook, cell, true);
    assert.deepEqual(a.metadata, { tags: ["t"], jupyter: { outputs_hidden: true, source_hidden: true } });
    assert.deepEqual(b.metadata, { jupyter: { source_hidden: true } });
    assert.ok(cells.isFolded(a));
    for (const cell of [a, b]) cells.setFolded(notebook, cell, false);
    assert.deepEqual(a.metadata, { tags: ["t"], jupyter: { outputs_hidden: true } });
    assert.deepEqual(b.metadata, {});
    notebook.undo();
    assert.ok(cells.isFolded(b));
  });
});

describe("clearing outputs", () => {
  it("empties code cells, tells of those that had any, and is no part of the history", () => {
    const empty: CodeCell = { ...code("b"), outputs: [], execution_count: null };
    const notebook = edited(code("a"), empty, text("c"));
    const told: string[] = [];
    notebook.onChange((change) => "cell" in change && told.push(change.cell.id));
    cells.clearOutputs(notebook);
    assert.deepEqual((notebook.cells[0] as CodeCell).outputs, []);
    assert.equal((notebook.cells[0] as CodeCell).execution_count, null);
    assert.deepEqual(told, ["a"]);
    assert.equal(notebook.canUndo, false);
  });
});
