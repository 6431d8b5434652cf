import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { browserModule } from "../../../helpers/browser-module.js";

const { resolvedPath, pageAddress } = browserModule<{
  resolvedPath: (notebook: string, address: string) => string | null;
  pageAddress: (path: string) => string;
}>("editor/page/links.ts");

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
