import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Cell } from "../../../../src/notebook/nbformat.js";
import { browserModule } from "../../../helpers/browser-module.js";

const { findIn } = browserModule<{
  findIn: (cells: readonly Cell[], text: string) => { cell: Cell; from: number; to: number }[];
}>("editor/notebook/find.ts");

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
