import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EditedNotebook } from "../../../src/notebook/editing/document.js";
import { findIn, placesOf, replaceAll, replaceAt, sourceOf } from "../../../src/notebook/editing/find.js";
import { setSource } from "../../../src/notebook/editing/operations.js";
import type { Cell } from "../../../src/notebook/nbformat.js";

const cell = (source: string): Cell => ({ cell_type: "markdown", id: source, source, metadata: {} });
const edited = (...sources: string[]): EditedNotebook =>
  new EditedNotebook({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells: sources.map(cell) });
const sources = (notebook: EditedNotebook) => notebook.cells.map(({ source }) => source);

describe("the places of a text", () => {
  it("are all, in order, none over another", () => {
    assert.deepEqual(placesOf("aaaa b aa", "aa"), [
      [0, 2],
      [2, 4],
      [7, 9],
    ]);
  });

  it("mind capitals where some are asked for", () => {
    assert.equal(placesOf("Net net", "net").length, 2);
    assert.deepEqual(placesOf("Net net", "Net"), [[0, 3]]);
  });

  it("are right where lower case is longer than the text", () => {
    assert.deepEqual(placesOf("İİx", "x"), [[2, 3]]);
  });

  it("are none of nothing", () => assert.deepEqual(placesOf("a", ""), []));
});

describe("finding in cells", () => {
  const cells = ["an **axial** net", "[axial](axial.md)", "# nothing"].map(cell);
  const seen = ["an axial net", "axial", null];
  const drawnText = (one: Cell) => seen[cells.indexOf(one)];

  it("looks at drawn cells as they are seen, and at the others' source", () => {
    assert.deepEqual(
      findIn(cells, "axial", drawnText).map(({ cell: one, from, drawn }) => [cells.indexOf(one), from, drawn]),
      [
        [0, 3, true],
        [1, 0, true],
      ],
    );
    assert.equal(findIn(cells, "axial net", drawnText).length, 1);
    assert.equal(findIn(cells, "axial net").length, 0);
  });

  it("finds in the source what only that has", () => {
    assert.deepEqual(findIn(cells, "axial.md", drawnText), [{ cell: cells[1], from: 8, to: 16, drawn: false }]);
    assert.deepEqual(findIn(cells, "**", drawnText).map(({ from }) => from), [3, 10]); // prettier-ignore
  });

  it("knows the place in the source, unless marks divide the text there or it is there more often", () => {
    const at = (text: string, index: number) => {
      const matches = findIn(cells, text, drawnText);
      return sourceOf(matches[index], matches, text);
    };
    assert.deepEqual(at("axial", 0), [5, 10]);
    assert.equal(at("axial", 1), null);
    assert.equal(at("axial net", 0), null);
    assert.deepEqual(at("nothing", 0), [2, 9]);
  });
});

describe("replacing", () => {
  it("writes the new text in one place, as an edit", () => {
    const notebook = edited("one two one");
    replaceAt(notebook, notebook.cells[0], [8, 11], "three");
    assert.deepEqual(sources(notebook), ["one two three"]);
    notebook.undo();
    assert.deepEqual(sources(notebook), ["one two one"]);
  });

  it("is an edit of its own also just after typing, and typing just after it", () => {
    const notebook = edited("one");
    const [first] = notebook.cells;
    setSource(notebook, first, "one two");
    replaceAt(notebook, first, [0, 3], "three");
    setSource(notebook, first, "three two four");
    for (const before of ["three two", "one two", "one"]) {
      notebook.undo();
      assert.deepEqual(sources(notebook), [before]);
    }
  });

  it("writes it everywhere at once, and one undo takes all back", () => {
    const notebook = edited("one two one", "none", "two", "One");
    assert.equal(replaceAll(notebook, "one", "$&"), 4);
    assert.deepEqual(sources(notebook), ["$& two $&", "n$&", "two", "$&"]);
    assert.equal(notebook.undo(), true);
    assert.deepEqual(sources(notebook), ["one two one", "none", "two", "One"]);
    assert.equal(notebook.undo(), false);
  });

  it("of what is nowhere is no edit", () => {
    const notebook = edited("one");
    assert.equal(replaceAll(notebook, "two", "three"), 0);
    assert.equal(notebook.undo(), false);
  });
});
