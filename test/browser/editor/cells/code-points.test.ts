import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { browserModule } from "../../../helpers/browser-module.js";

const { toCodePoints, fromCodePoints } = browserModule<{
  toCodePoints: (text: string, offset: number) => number;
  fromCodePoints: (text: string, count: number) => number;
}>("editor/cells/code-points.ts");

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
