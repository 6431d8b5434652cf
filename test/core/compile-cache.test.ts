import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import * as nodeModule from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";

const temporary = mkdtempSync(join(tmpdir(), "axial-compile-cache-"));
after(() => rmSync(temporary, { recursive: true, force: true }));

describe("compiled code that is kept", () => {
  it("lies in the temporary folder once the command has run, from Node 22.1 on", () => {
    const main = join(__dirname, "..", "..", "src", "cli", "main.js");
    const env = { ...process.env, TMPDIR: temporary, TEMP: temporary, TMP: temporary };
    const { stdout, status } = spawnSync(process.execPath, [main, "--version"], { env, encoding: "utf8" });
    assert.equal(status, 0);
    assert.match(stdout, /^\d+\.\d+\.\d+/);
    const kept = "enableCompileCache" in nodeModule ? ["node-compile-cache"] : [];
    assert.deepEqual(readdirSync(temporary), kept);
  });
});
