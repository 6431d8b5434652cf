import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";

const root = mkdtempSync(join(tmpdir(), "axial-html-"));
after(() => rmSync(root, { recursive: true }));

const cli = join(__dirname, "..", "..", "src", "cli", "main.js");
const axialLab = (...args: string[]) => spawnSync(process.execPath, [cli, ...args], { cwd: root, encoding: "utf8" });

const notebook = (source: string): string =>
  JSON.stringify({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {},
    cells: [{ cell_type: "markdown", id: "a", metadata: {}, source }],
  });

describe("axial-lab notebook html", () => {
  it("writes a page with the pictures that lie beside the notebook, and with no other file", () => {
    mkdirSync(join(root, "book"));
    writeFileSync(join(root, "secret.png"), "secret");
    writeFileSync(join(root, "book", "a.png"), "ABC");
    writeFileSync(join(root, "book", "b.ipynb"), notebook("# Page\n\n![near](a.png) ![outside](../secret.png)"));
    const { stdout, stderr, status } = axialLab("notebook", "html", join("book", "b.ipynb"), "--out", "pages");
    assert.equal(status, 0, stderr);
    assert.equal(stdout, `wrote ${join("pages", "b.html")}\n`);
    const page = readFileSync(join(root, "pages", "b.html"), "utf8");
    assert.match(page, /<img src="data:image\/png;base64,QUJD" alt="near">/);
    assert.match(page, /<a href="..\/secret.png">outside<\/a>/);
    assert.match(page, /<footer>Made by axial-lab [\d.]+ from b.ipynb.<\/footer>/);
  });

  it("says in one line which notebook cannot be read", () => {
    const { stderr, status } = axialLab("notebook", "html", "absent.ipynb");
    assert.equal(status, 2);
    assert.equal(stderr, "notebook: the file must be readable, got absent.ipynb (ENOENT)\n");
  });
});
