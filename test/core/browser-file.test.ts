import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { browserFile } from "../../src/core/browser-file.js";

describe("a file bundled for browsers", () => {
  it("is a script that needs nothing beside it", () => {
    assert.doesNotMatch(browserFile("page.js"), /\b(import|require)\b\s*[("'{]/);
    assert.match(browserFile("widgets/attention-explorer.js"), /export\{\w+ as default\};$/);
  });

  it("that was not built is told in one line with the remedy", () =>
    assert.throws(() => browserFile("absent.js"), {
      name: "UnsupportedError",
      message:
        /^browserFile: what runs in the browser must be bundled, got no .*absent\.js \(ENOENT\); run npm run build$/,
    }));
});
