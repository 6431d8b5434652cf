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

  it("embeds pictures that HTML names, also with a query or a space in their name", () => {
    writeFileSync(join(root, "book", "c d.svg"), "<svg/>");
    writeFileSync(join(root, "book", "e.ipynb"), notebook('<img src="a.png?raw=1" width=40> <img src="c%20d.svg#x">'));
    const { stderr, status } = axialLab("notebook", "html", join("book", "e.ipynb"), "--out", "pages");
    assert.equal(status, 0, stderr);
    const page = readFileSync(join(root, "pages", "e.html"), "utf8");
    assert.match(page, /<img src="data:image\/png;base64,QUJD" width="40"> <img src="data:image\/svg\+xml;base64,/);
  });

  it("makes a book of a folder, and lists the links that lead nowhere", () => {
    mkdirSync(join(root, "course", "lab"), { recursive: true });
    writeFileSync(join(root, "course", "data.csv"), "a");
    writeFileSync(join(root, "course", "2.ipynb"), notebook("# Two\n\n[lab](lab/x.ipynb) [data](data.csv)"));
    writeFileSync(join(root, "course", "10.ipynb"), notebook("# Ten\n\n[gone](gone.ipynb) [part](2.ipynb#part)"));
    writeFileSync(join(root, "course", "lab", "x.ipynb"), notebook("# Lab\n\n[data](../data.csv)"));
    const { stdout, stderr, status } = axialLab("notebook", "html", "course", "--out", "site");
    assert.equal(status, 1, stderr);
    const pages = ["index.html", "2.html", "10.html", join("lab", "x.html")];
    assert.equal(stdout, pages.map((page) => `wrote ${join("site", page)}\n`).join(""));
    assert.equal(
      stderr,
      "broken link: 10.html: no such page, got gone.ipynb\nbroken link: 10.html: no such place on the page, got 2.html#part\n",
    );
    assert.match(readFileSync(join(root, "site", "2.html"), "utf8"), /<a href="..\/course\/data.csv">data<\/a>/);
    assert.match(readFileSync(join(root, "site", "lab", "x.html"), "utf8"), /<a href="..\/..\/course\/data.csv">/);
  });

  it("executes the notebooks of a book when told to, leaves their files as they are, and says which failed", () => {
    mkdirSync(join(root, "fresh"));
    const cell = (source: string) => ({
      cell_type: "code",
      id: "b",
      metadata: {},
      source,
      execution_count: null,
      outputs: [],
    });
    const file = (source: string) =>
      JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [cell(source)] });
    const paths = ["1", "2"].map((name) => join(root, "fresh", `${name}.ipynb`));
    const sources = ["`${6 * 7} is the answer`", "throw new RangeError(`too far`)"].map(file);
    paths.forEach((path, i) => writeFileSync(path, sources[i]));
    const { stdout, stderr, status } = axialLab("notebook", "html", "fresh", "--execute", "--out", "new");
    assert.equal(status, 1, stderr);
    assert.match(
      stderr,
      new RegExp(`^failed: ${join("fresh", "2.ipynb").replace(/[.\\]/g, "\\$&")}: RangeError: too far$`, "m"),
    );
    assert.ok(stdout.includes(`wrote ${join("new", "2.html")}`), stdout);
    assert.match(readFileSync(join(root, "new", "1.html"), "utf8"), /42 is the answer/);
    assert.deepEqual(
      paths.map((path) => readFileSync(path, "utf8")),
      sources,
    );
    const single = axialLab("notebook", "html", join("fresh", "1.ipynb"), "--execute");
    assert.deepEqual(
      [single.status, single.stderr],
      [
        2,
        `notebook html: --execute goes with a folder, got ${join("fresh", "1.ipynb")}; use notebook run --html for single notebooks\n`,
      ],
    );
  });

  it("makes a book of one folder that has notebooks", () => {
    mkdirSync(join(root, "empty"));
    for (const [args, message] of [
      [["empty"], "notebook html: a book needs notebooks, got none in empty; name another folder\n"],
      [
        ["empty", "a.ipynb"],
        "notebook html: a book is made of one folder, got empty, a.ipynb; name the folder or the notebooks\n",
      ],
    ] as const) {
      const { stderr, status } = axialLab("notebook", "html", ...args);
      assert.deepEqual([status, stderr], [2, message]);
    }
  });

  it("says in one line which notebook cannot be read", () => {
    const { stderr, status } = axialLab("notebook", "html", "absent.ipynb");
    assert.equal(status, 2);
    assert.equal(
      stderr,
      "notebook: the file must be readable, got absent.ipynb (ENOENT); check its name and its rights\n",
    );
  });
});
