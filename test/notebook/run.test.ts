import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { formatNotebook, parseNotebook, type CodeCell } from "../../src/notebook/file.js";
import { runNotebook, type RunOptions } from "../../src/notebook/run.js";
import { packageFolder } from "../../src/core/version.js";

const folder = join(packageFolder, "test");
const notebook = (...sources: string[]) =>
  parseNotebook(
    JSON.stringify({
      nbformat: 4,
      nbformat_minor: 5,
      metadata: {},
      cells: sources.map((source, index) => ({
        cell_type: "code",
        id: `c${index}`,
        metadata: {},
        outputs: [],
        source,
      })),
    }),
    "test",
  );
async function run(sources: string[], options: Partial<RunOptions> = {}) {
  const result = await runNotebook(notebook(...sources), { folder, ...options });
  return { ...result, cells: result.notebook.cells as CodeCell[] };
}

describe("a notebook run without a front end", () => {
  it("keeps the outputs of every kind, in order", async () => {
    const { cells, failure } = await run([
      "import * as axial from 'axial-lab';\nnew axial.ShapeError('wrong').message",
      "import * as tslab from 'tslab';\nconsole.log('a'); tslab.display.html('<b>b</b>'); console.error('c'); [2, 3]",
    ]);
    assert.equal(failure, null);
    assert.deepEqual(cells[0].outputs, [
      { output_type: "execute_result", execution_count: 1, data: { "text/plain": "'wrong'" }, metadata: {} },
    ]);
    assert.deepEqual(cells[1].outputs, [
      { output_type: "stream", name: "stdout", text: "a\n" },
      { output_type: "display_data", data: { "text/html": "<b>b</b>" }, metadata: {} },
      { output_type: "stream", name: "stderr", text: "c\n" },
      { output_type: "execute_result", execution_count: 2, data: { "text/plain": "[ 2, 3 ]" }, metadata: {} },
    ]);
  });

  it("stops at a cell that fails, says which and where, and leaves the rest unrun", async () => {
    const {
      cells,
      failure,
      notebook: executed,
    } = await run(["1", "const x = 1;\nthrow new RangeError('too far');", "3"]);
    assert.equal(failure?.position, 2);
    assert.equal(failure.cell.id, "c1");
    assert.equal(failure.error.ename, "RangeError");
    assert.match(failure.error.traceback.join("\n"), /> 2 \| throw new RangeError/);
    assert.match(failure.error.traceback.join("\n"), /at cell 2:2:7/);
    assert.deepEqual(cells[2].outputs, []);
    assert.equal(formatNotebook(executed), formatNotebook(parseNotebook(formatNotebook(executed), "again")));
  });

  it("keeps what timers, child processes and connections print after the last cell", async () => {
    const { cells, unfinished } = await run([
      "let i = 0; const timer = setInterval(() => { console.log(++i); if (i === 3) clearInterval(timer); }, 40);",
      "import { spawn } from 'node:child_process'; spawn(process.execPath, ['-e', 'setTimeout(() => console.log(7), 200)'], { stdio: 'inherit' }); 0",
    ]);
    assert.deepEqual(unfinished, []);
    assert.deepEqual(cells[0].outputs, [{ output_type: "stream", name: "stdout", text: "1\n2\n3\n" }]);
    assert.deepEqual(cells[1].outputs.at(-1), { output_type: "stream", name: "stdout", text: "7\n" });
  });

  it("says what is still at work when its patience ends, and waits for no server", async () => {
    const { unfinished } = await run(["setInterval(() => {}, 50); 0"], { patience: 0.3 });
    assert.deepEqual(unfinished, ["timers"]);
    const server = await run(["require('node:http').createServer().listen(0); 0"], { patience: 30 });
    assert.deepEqual(server.unfinished, []);
  });

  it("runs JavaScript as JavaScript, and names the language as a front end does", async () => {
    const javascript = { ...notebook("loose = '5' * 2; loose"), metadata: { language_info: { name: "javascript" } } };
    const { failure, notebook: executed } = await runNotebook(javascript, { folder });
    assert.equal(failure, null);
    const { kernelspec, language_info: info } = executed.metadata as Record<string, Record<string, unknown>>;
    assert.deepEqual([kernelspec["language"], info["name"]], ["javascript", "javascript"]);
    assert.deepEqual(Object.keys(info).sort(), [
      ...["codemirror_mode", "file_extension", "mimetype", "name", "nbconvert_exporter", "pygments_lexer", "version"],
    ]);
  });

  it("ends when a kernel cannot obey its time limit", async () => {
    const { failure } = await run(["while (true) {}"], { timeout: 0.2 });
    assert.equal(failure?.error.ename, "TimeoutError");
    assert.match(failure.error.evalue, /limit of 0.2 s/);
  });
});
