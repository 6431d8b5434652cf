import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compareCells } from "../../../src/notebook/editing/compare.js";
import type { Cell } from "../../../src/notebook/nbformat.js";

const cell = (id: string, source = id): Cell => ({ cell_type: "markdown", id, source, metadata: {} });
const cellsOf = (text: string): Cell[] => [...text].map((id) => cell(id));
const shown = (mine: readonly Cell[], theirs: readonly Cell[]) =>
  compareCells(mine, theirs)
    .map(({ mine: a, theirs: b, same }) => `${a?.id ?? "-"}${same ? "=" : "|"}${b?.id ?? "-"}`)
    .join(" ");

describe("two forms of a notebook", () => {
  const cases: [mine: string, theirs: string, pairs: string][] = [
    ["abc", "abc", "a=a b=b c=c"],
    ["abc", "axbc", "a=a -|x b=b c=c"],
    ["abcd", "ad", "a=a b|- c|- d=d"],
    ["", "ab", "-|a -|b"],
    ["ab", "", "a|- b|-"],
  ];
  for (const [mine, theirs, pairs] of cases)
    it(`${JSON.stringify(mine)} and ${JSON.stringify(theirs)} pair as ${pairs}`, () =>
      assert.equal(shown(cellsOf(mine), cellsOf(theirs)), pairs));

  it("pair a cell whose source, outputs or metadata differ, as another", () => {
    assert.equal(shown([cell("a", "1")], [cell("a", "2")]), "a|a");
    assert.equal(shown([cell("a")], [{ ...cell("a"), metadata: { tags: [] } }]), "a|a");
  });

  it("pair cells by what they say where ids are given anew at each save", () =>
    assert.equal(shown([cell("a", "same")], [cell("z", "same")]), "a|z"));

  it("hold every cell of both, in the order of each", () => {
    const [mine, theirs] = [cellsOf("abcdefg"), cellsOf("cxaegyb")];
    const pairs = compareCells(mine, theirs);
    assert.deepEqual(
      pairs.flatMap((pair) => pair.mine ?? []),
      mine,
    );
    assert.deepEqual(
      pairs.flatMap((pair) => pair.theirs ?? []),
      theirs,
    );
  });
});
