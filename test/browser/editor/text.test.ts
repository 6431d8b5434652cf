import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { browserModule } from "../../helpers/browser-module.js";
import type { Cell } from "../../../src/notebook/nbformat.js";

const { toCodePoints, fromCodePoints } = browserModule<{
  toCodePoints(text: string, offset: number): number;
  fromCodePoints(text: string, count: number): number;
}>("editor/cells/code-points.ts");
const { resolvedPath, pageAddress } = browserModule<{
  resolvedPath(notebook: string, address: string): string | null;
  pageAddress(path: string): string;
}>("editor/page/links.ts");
const { findIn } = browserModule<{
  findIn(cells: readonly Cell[], text: string): { cell: Cell; from: number; to: number }[];
}>("editor/notebook/find.ts");

describe("places in a text", () => {
  it("are counted by characters for the kernel, and back", () => {
    const text = "a😀é😀b";
    for (const [offset, count] of [
      [0, 0],
      [1, 1],
      [3, 2],
      [4, 3],
      [6, 4],
      [7, 5],
    ]) {
      assert.equal(toCodePoints(text, offset), count);
      assert.equal(fromCodePoints(text, count), offset);
    }
    assert.equal(fromCodePoints(text, 99), text.length);
  });
});

describe("addresses in a notebook", () => {
  const cases: [notebook: string, address: string, path: string | null][] = [
    ["a/b.ipynb", "c.png", "a/c.png"],
    ["a/b.ipynb", "./c d.png?x#y", "a/c d.png"],
    ["a/b.ipynb", "c%20d.png", "a/c d.png"],
    ["a/b.ipynb", "../c.ipynb", "c.ipynb"],
    ["a/b.ipynb", "../../c.png", null],
    ["a/b.ipynb", "/c.png", "c.png"],
    ["b.ipynb", "https://example.org/c.png", null],
    ["b.ipynb", "//example.org/c.png", null],
    ["b.ipynb", "data:,x", null],
    ["b.ipynb", "javascript:1", null],
    ["b.ipynb", "#part", null],
  ];
  for (const [notebook, address, path] of cases)
    it(`${address} in ${notebook} leads to ${path ?? "nothing in the folder"}`, () =>
      assert.equal(resolvedPath(notebook, address), path));

  it("of the page survive what a path may hold", () => {
    const path = "a b/c&d=é#?.ipynb";
    const address = new URL(pageAddress(path), "http://localhost/");
    assert.equal(address.searchParams.get("path"), path);
    assert.equal(pageAddress(""), "?");
  });
});

describe("finding in cells", () => {
  const cell = (source: string): Cell => ({ cell_type: "raw", id: source, source, metadata: {} });
  const found = (text: string, ...sources: string[]) =>
    findIn(sources.map(cell), text).map(({ cell: { source }, from, to }) => [source, from, to]);

  it("gives every place, in order, none over another", () =>
    assert.deepEqual(found("aa", "aaaa b aa", "x", "aa"), [
      ["aaaa b aa", 0, 2],
      ["aaaa b aa", 2, 4],
      ["aaaa b aa", 7, 9],
      ["aa", 0, 2],
    ]));

  it("minds capitals where some are asked for", () => {
    assert.deepEqual(found("net", "Net net").length, 2);
    assert.deepEqual(found("Net", "Net net"), [["Net net", 0, 3]]);
  });

  it("keeps places right where lower case is longer than the text", () =>
    assert.deepEqual(found("x", "İİx"), [["İİx", 2, 3]]));

  it("finds nothing for nothing", () => assert.deepEqual(found("", "a"), []));
});
