import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { startEditor } from "../../src/editor/server.js";

describe("the address of the editor", () => {
  const folder = mkdtempSync(join(tmpdir(), "axial-editor-address-"));
  after(() => rmSync(folder, { recursive: true }));

  it("is the same whenever a folder is served, so that the browser finds what it kept", async () => {
    const first = await startEditor({ folder });
    await first.close();
    const again = await startEditor({ folder });
    await again.close();
    assert.equal(again.origin, first.origin);
  });

  it("is another where that is taken", async () => {
    const first = await startEditor({ folder });
    const second = await startEditor({ folder });
    await Promise.all([first.close(), second.close()]);
    assert.notEqual(second.origin, first.origin);
  });

  it("that was asked for and is taken is refused in one line", async () => {
    const first = await startEditor({ folder });
    const port = Number(new URL(first.origin).port);
    await assert.rejects(startEditor({ folder, port }), {
      name: "ConfigError",
      message: `notebook edit: the address must be free, got 127.0.0.1, port ${port} (EADDRINUSE); choose another with --port`,
    });
    await first.close();
  });
});
