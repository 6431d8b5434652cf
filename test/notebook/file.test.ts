import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatNotebook, parseNotebook } from "../../src/notebook/file.js";
import { setParameters } from "../../src/notebook/parameters.js";

const file = (cells: object[], minor = 5) =>
  JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: minor });
const code = (source: string | string[], tags?: string[]) => ({
  cell_type: "code",
  execution_count: null,
  metadata: tags ? { tags } : {},
  outputs: [],
  source,
});

describe("a notebook file", () => {
  it("gives the same bytes each time it is read and written", () => {
    const once = formatNotebook(
      parseNotebook(file([code(["a\n", "b"]), { cell_type: "markdown", source: "" }], 4), "n"),
    );
    assert.equal(formatNotebook(parseNotebook(once, "n")), once);
    assert.match(once, /"source": \[\n {4}"a\\n",\n {4}"b"\n {3}\]/);
  });

  it("keeps lines of texts, SVG and JavaScript alone, as Jupyter does", () => {
    const data = {
      "text/latex": "a\nb",
      "image/svg+xml": "<svg>\n</svg>",
      "application/javascript": "1;\n2;",
      "image/png": "iVBO\nRw0K",
      "application/json": { text: "a\nb" },
      "application/x-own": "a\nb",
    };
    const shown = { ...code("1"), outputs: [{ output_type: "display_data", data, metadata: {} }] };
    const attached = { cell_type: "markdown", source: "", metadata: { trusted: true }, attachments: { a: data } };
    const written = JSON.parse(formatNotebook(parseNotebook(file([shown, attached]), "n"))) as {
      cells: [{ outputs: [{ data: object }] }, { attachments: { a: object }; metadata: object }];
    };
    const expected = {
      ...data,
      "text/latex": ["a\n", "b"],
      "image/svg+xml": ["<svg>\n", "</svg>"],
      "application/javascript": ["1;\n", "2;"],
    };
    assert.deepEqual(written.cells[0].outputs[0].data, expected);
    assert.deepEqual(written.cells[1].attachments.a, expected);
    assert.deepEqual(written.cells[1].metadata, {});
  });

  it("may begin with a byte order mark", () =>
    assert.equal(parseNotebook(`\ufeff${file([code("1")])}`, "n").cells[0].source, "1"));

  it("keeps errors as other programs write them", () => {
    const error = (own: object) => ({ output_type: "error", ...own });
    const outputs = [error({ ename: "E", evalue: ["a\n", "b"], traceback: "one text" }), error({})];
    const [cell] = parseNotebook(file([{ ...code("1"), outputs }]), "n").cells;
    assert.deepEqual(cell.cell_type === "code" && cell.outputs, [
      error({ ename: "E", evalue: "a\nb", traceback: ["one text"] }),
      error({ ename: "Error", evalue: "", traceback: [] }),
    ]);
  });

  it("gives cells without ids or with double ones ids that stay", () => {
    const { cells } = parseNotebook(file([code("1"), { ...code("2"), id: "x" }, { ...code("3"), id: "x" }]), "n");
    assert.deepEqual(
      cells.map(({ id }) => id),
      ["cell-1", "x", "x-3"],
    );
  });

  const refusals: [string, string, RegExp][] = [
    ["is not JSON", "{", /must be JSON, got n\.ipynb/],
    ["has no cells", "{}", /must hold cells, got n\.ipynb/],
    ["is of another format", JSON.stringify({ cells: [], nbformat: 3 }), /nbformat must be 4, got 3/],
    ["has a strange cell", file([{ cell_type: "heading" }]), /got "heading"; cell 1 of n\.ipynb/],
    [
      "has a strange output",
      file([{ ...code("1"), outputs: [{ output_type: "x" }] }]),
      /output_type must be one of nbformat 4, got "x"/,
    ],
  ];
  for (const [what, text, reason] of refusals) {
    it(`is refused where it ${what}`, () => assert.throws(() => parseNotebook(text, "n.ipynb"), reason));
  }
});

describe("parameters", () => {
  const notebook = () =>
    parseNotebook(file([code("let n = 3, name: 'a' | 'b' = 'a', fast = true;", ["parameters"]), code("n")]), "n.ipynb");
  const set = (values: Record<string, string>) => setParameters(notebook(), new Map(Object.entries(values)), "n.ipynb");

  it("are declared again in a cell behind theirs, with the kind of their defaults", () => {
    const { cells } = set({ n: "5", name: "b", fast: "false" });
    assert.equal(cells[1].source, "// Parameters\nlet n = 5;\nlet name: 'a' | 'b' = \"b\";\nlet fast = false;");
    assert.deepEqual(cells[1].metadata.tags, ["injected-parameters"]);
    assert.equal(cells.length, 3);
  });

  it("replace those that were set before", () => {
    const again = setParameters(set({ n: "5" }), new Map([["n", "7"]]), "n.ipynb");
    assert.deepEqual(again.cells.map(({ source }) => source).slice(1), ["// Parameters\nlet n = 7;", "n"]);
  });

  it("stay as they were set before where none is given", () => {
    const before = set({ n: "5" });
    assert.deepEqual(setParameters(before, new Map(), "n.ipynb"), before);
  });

  it("refuse an unknown name and say which there are", () =>
    assert.throws(() => set({ m: "1" }), /got m; it has n, name, fast/));
  it("refuse a value of another kind", () => assert.throws(() => set({ n: "many" }), /n must be a number, got "many"/));
  it("refuse a notebook without a parameters cell", () =>
    assert.throws(
      () => setParameters(parseNotebook(file([code("1")]), "n.ipynb"), new Map([["n", "1"]]), "n.ipynb"),
      /no such cell in n\.ipynb/,
    ));
});
