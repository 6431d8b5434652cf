import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { tried, written } from "./tried.js";

describe("docs/tried.md", () => {
  it("says what happens with every kind of file, as it is now", { skip: process.platform === "win32" }, async () => {
    const page = await tried();
    assert.doesNotMatch(page, /WRONG/);
    assert.equal(written(), page, "npm run tried writes it anew");
  });
});
