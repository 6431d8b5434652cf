import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { packageFolder } from "../../src/core/version.js";
import { assertNotebook } from "../helpers/nbformat.js";

const root = mkdtempSync(join(tmpdir(), "axial-run-"));
mkdirSync(join(root, "node_modules"));
symlinkSync(packageFolder, join(root, "node_modules", "axial-lab"), "junction");
after(() => rmSync(root, { recursive: true }));

const cli = join(__dirname, "..", "..", "src", "cli", "main.js");
const axialLab = (...args: string[]) =>
  spawnSync(process.execPath, [cli, "notebook", "run", ...args], { cwd: root, encoding: "utf8" });

type Source = string | { source: string; tags: string[] } | { markdown: string };

/** Writes a notebook of these cells below the root. */
function write(name: string, cells: Source[], metadata: object = {}): void {
  const file = {
    nbformat: 4,
    nbformat_minor: 5,
    metadata,
    cells: cells.map((cell, i) => {
      const base = { id: `c${i + 1}`, metadata: {} };
      if (typeof cell === "object" && "markdown" in cell)
        return { ...base, cell_type: "markdown", source: cell.markdown };
      const { source, tags } = typeof cell === "string" ? { source: cell, tags: undefined } : cell;
      const own = { cell_type: "code", outputs: [], execution_count: null, source };
      return { ...base, ...own, metadata: tags ? { tags } : {} };
    }),
  };
  writeFileSync(join(root, name), JSON.stringify(file));
}

interface WrittenCell {
  source: string[];
  outputs?: { output_type: string; text?: string[]; traceback?: string[]; data?: Record<string, string[]> }[];
}
const cellsOf = (path: string): WrittenCell[] =>
  (JSON.parse(readFileSync(join(root, path), "utf8")) as { cells: WrittenCell[] }).cells;

describe("axial-lab notebook run", () => {
  it("sets parameters, and says of each cell how long it took", () => {
    const declared = { source: "const size: number = 3;\nlet label = 'a';", tags: ["parameters"] };
    write("one.ipynb", [declared, { markdown: "# Between" }, "console.log(size, label)"]);
    const { stdout, stderr, status } = axialLab("one.ipynb", "--set", "size=11", "--set", "label=7", "--out", "done");
    assert.deepEqual([status, stderr], [0, ""]);
    assert.deepEqual(
      stdout
        .replace(/ +[\d.]+ s/g, " _ s")
        .trimEnd()
        .split("\n"),
      [
        "[1/3] _ s  const size: number = 3;",
        "[2/3] _ s  // Parameters",
        "[3/3] _ s  console.log(size, label)",
        `wrote ${join("done", "one.ipynb")}`,
      ],
    );
    const [, injected, , printed] = cellsOf(join("done", "one.ipynb"));
    assert.equal(injected.source.join(""), '// Parameters\nconst size: number = 11;\nlet label = "7";');
    assert.deepEqual(printed.outputs?.[0].text, ["11 7\n"]);
  });

  it("writes what the notebook format allows, the same bytes each time, whatever the cells show", () => {
    write("noise.ipynb", [
      "console.log(1); console.error(2); [3, 5]",
      "import * as axial from 'axial-lab';\nawait axial.widgets.show(axial.widgets.vegaFigure('a figure', { mark: 'point', data: { values: [] } }));",
      "axial.widgets.createWidget({ title: 'a widget', esm: 'export default {}', state: { a: 1 } })",
      "import { display } from 'tslab';\ndisplay.html('<b>x</b>'); display.png(Uint8Array.of(1));",
      "setTimeout(() => console.log('late'), 20); await new Promise((resolve) => setTimeout(resolve, 100));",
      { source: "throw new RangeError('allowed')", tags: ["raises-exception"] },
    ]);
    const texts = ["first", "second"].map((out) => {
      const { status, stdout } = axialLab("noise.ipynb", "--out", out);
      assert.equal(status, 0);
      assert.match(stdout, /\(raised, as it may\) {2}throw new RangeError/);
      return readFileSync(join(root, out, "noise.ipynb"), "utf8");
    });
    assertNotebook(texts[0]);
    assert.equal(texts[0], texts[1]);
    assert.doesNotMatch(texts[0], /widget-view|display_id|[0-9a-f]{8}-[0-9a-f]{4}-/);
  });

  it("shows a failing cell with its traceback, keeps the outputs before it, and runs the other notebooks", () => {
    write("fails.ipynb", [
      { markdown: "# A" },
      "console.log('before')",
      "const f = () => { throw new TypeError('no'); };\nf();",
      "'never'",
    ]);
    write("fine.ipynb", ["'fine'"]);
    const { stdout, stderr, status } = axialLab("fails.ipynb", "fine.ipynb", "--jobs", "2", "--out", "mixed");
    assert.equal(status, 1);
    assert.match(stdout, /fails\.ipynb \[2\/3\] +[\d.]+ s {2}FAILED {2}const f/);
    assert.match(stderr, /fails\.ipynb, cell 3 \(run as cell 2, id c3\) failed:\nTypeError: no\n> 1 \| const f = /);
    assert.match(stderr, /1 of 2 notebooks failed\n$/);
    const [, before, , never] = cellsOf(join("mixed", "fails.ipynb"));
    assert.deepEqual([before.outputs?.[0].text, never.outputs], [["before\n"], []]);
    assert.deepEqual(cellsOf(join("mixed", "fine.ipynb"))[0].outputs?.[0].data, { "text/plain": ["'fine'"] });
  });

  it("stops a cell at its time limit, says where it was, and reports in the order of the command line", () => {
    write("slow.ipynb", ["let i = 0;\nwhile (true) i++;"]);
    write("quick.ipynb", ["1"]);
    const args = ["slow.ipynb", "quick.ipynb", "--jobs", "2", "--timeout", "1", "--json", "--out", "json"];
    const { stdout, stderr, status } = axialLab(...args);
    assert.deepEqual([status, stderr], [1, ""]);
    const [slow, quick] = JSON.parse(stdout) as Record<string, unknown>[];
    const { traceback, ...failure } = slow.failure as { traceback: string[] };
    const evalue = "the cell ran past its limit of 1 s and was stopped";
    assert.deepEqual(failure, { position: 1, id: "c1", ename: "TimeoutError", evalue });
    assert.match(traceback.join("\n"), /^TimeoutError: the cell ran past .*\n.*> 2 \| while/s);
    const written = [join("json", "quick.ipynb")];
    assert.deepEqual(quick, { notebook: "quick.ipynb", ok: true, written, failure: null, unfinished: [], error: null });
  });

  const stop = { skip: process.platform === "win32" ? "Windows has no signals to send" : false };
  it("keeps the outputs so far when Ctrl+C stops it", stop, async () => {
    write("endless.ipynb", [
      "'kept'",
      "console.log('running'); require('fs').writeFileSync('at-work', ''); await new Promise(() => undefined);",
      "'never'",
    ]);
    const child = spawn(process.execPath, [cli, "notebook", "run", "endless.ipynb", "--out", "stopped"], { cwd: root });
    child.stdout.resume();
    const ended = new Promise((resolve) => child.on("exit", resolve));
    while (!existsSync(join(root, "at-work"))) await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill("SIGINT");
    assert.equal(await ended, 130);
    const [kept, running, never] = cellsOf(join("stopped", "endless.ipynb"));
    assert.deepEqual(kept.outputs?.[0].data, { "text/plain": ["'kept'"] });
    assert.deepEqual(
      running.outputs?.map(({ output_type }) => output_type),
      ["stream", "error"],
    );
    assert.deepEqual(never.outputs, []);
  });

  describe("refuses before it runs anything", () => {
    write("good.ipynb", [{ source: "let n = 2;", tags: ["parameters"] }]);
    write("python.ipynb", ["import numpy as np"], {
      kernelspec: { name: "python3", display_name: "P", language: "python" },
    });
    writeFileSync(join(root, "broken.ipynb"), "{");
    const refusals: [string, string[], RegExp][] = [
      ["a notebook that is absent", ["good.ipynb", "absent.ipynb"], /must be readable, got absent\.ipynb \(ENOENT\)/],
      ["a file that is no notebook", ["good.ipynb", "broken.ipynb"], /must be JSON, got broken\.ipynb/],
      [
        "another language",
        ["good.ipynb", "python.ipynb"],
        /must be TypeScript or JavaScript, got python in python\.ipynb; name its kernel/,
      ],
      ["two notebooks of one name", ["good.ipynb", join("x", "good.ipynb")], /got good\.ipynb twice/],
      ["a setting without a name", ["good.ipynb", "--set", "=1"], /must read name=value/],
      [
        "a file in place of the folder",
        ["good.ipynb", "--out", "broken.ipynb"],
        /must be a folder .*got broken\.ipynb \(EEXIST\)/,
      ],
      ["an unknown kernel", ["good.ipynb", "--kernel", "none"], /no kernel of that name is installed, got none/],
    ];
    for (const [what, args, message] of refusals)
      it(what, () => {
        const out = args.includes("--out") ? [] : ["--out", "refused"];
        const { stdout, stderr, status } = axialLab(...args, ...out);
        assert.deepEqual([status, stdout], [2, ""]);
        assert.match(stderr, message);
        assert.doesNotMatch(stderr, /^ {4}at /m);
        assert.equal(readdirSync(root).includes("refused"), false);
      });
  });
});
