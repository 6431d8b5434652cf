import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { startTestKernel, type TestKernel } from "../test-kernel.js";

const isCounting = (text: string, count: number): boolean =>
  text.split("\n").length === count + 1 &&
  text.split("\n").every((line, index) => index === count || Number(line) === index);

describe("what cells print", () => {
  let kernel: TestKernel;
  before(async () => {
    kernel = await startTestKernel();
    await kernel.run(
      "import { execSync, spawn, spawnSync } from 'node:child_process'; import { once } from 'node:events'; import { writeSync } from 'node:fs'; import { Worker } from 'node:worker_threads';",
    );
  });
  after(() => kernel.stop());

  /** Text streams in order, neighbours of one stream joined. */
  async function printed(code: string): Promise<string[]> {
    const { messages, reply } = await kernel.run(code);
    assert.equal(reply["status"], "ok", String(reply["evalue"]));
    const parts: string[] = [];
    for (const { type, content } of messages) {
      if (type === "status" || type === "execute_input") continue;
      const name = type === "stream" ? String(content["name"]) : type;
      const text = type === "stream" ? String(content["text"]) : JSON.stringify(content["data"]);
      if (type === "stream" && parts.at(-1)?.startsWith(`${name} `)) parts[parts.length - 1] += text;
      else parts.push(`${name} ${text}`);
    }
    return parts;
  }

  it("arrives whole and in order: 100,000 lines", async () => {
    const { stdout, messages } = await kernel.run("for (let i = 0; i < 100_000; i++) console.log(i);");
    assert.equal(isCounting(stdout, 100_000), true);
    assert.equal(messages.at(-1)?.content["execution_state"], "idle");
  });

  it("arrives whole: 50 MB", async () => {
    const { stdout, messages } = await kernel.run(
      "for (let i = 0; i < 50; i++) process.stdout.write(String(i % 10).repeat(1e6)); process.stdout.write('end');",
    );
    assert.equal(stdout.length, 50e6 + 3);
    assert.equal(stdout.endsWith("9end"), true);
    assert.equal(messages.at(-1)?.content["execution_state"], "idle");
  });

  it("of console.trace is what was traced, and where", async () => {
    const { stderr } = await kernel.run("console.trace('checkpoint', 3)");
    assert.match(stderr, /^Trace: checkpoint 3\n    at cell \d+:1:9\n$/);
  });

  const stacks: [string, string, string][] = [
    ["an object with a name and a message", "{ name: 'Trace', message: 'm' }", "'Trace: m'"],
    ["an object without either", "{}", "'Error'"],
    ["an object of a class with its own text", "new (class { toString() { return 'own'; } })()", "'Error'"],
    ["an object that does not say its name", "{ get name() { throw 1; } }", "'Error'"],
    ["an object with a name alone", "{ name: 'Alone' }", "'Alone'"],
  ];
  for (const [what, made, head] of stacks) {
    it(`begins the stack of ${what} as in Node`, async () => {
      const { result } = await kernel.run(
        `const made: any = ${made}; Error.captureStackTrace(made); made.stack.split('\\n')[0]`,
      );
      assert.equal(result?.["text/plain"], head);
    });
  }

  it("arrives while the cell still computes", async () => {
    const mark = join(kernel.folder, "seen");
    // It ends when what it printed has been seen.
    const code = `console.log('now'); while (!(await import('node:fs')).existsSync(${JSON.stringify(mark)}));`;
    const { stdout, reply } = await kernel.run(code, {
      onOutput({ header }) {
        if (header.msg_type === "stream") writeFileSync(mark, "");
      },
    });
    assert.deepEqual([stdout, reply["status"]], ["now\n", "ok"]);
  });

  // Nothing says which of two pipes native code wrote on first: within each the order holds.
  it("keeps its place among what native code prints", async () => {
    const { stdout, stderr } = await kernel.run(
      "console.log('a'); writeSync(1, 'native\\n'); console.log('b'); writeSync(2, 'error\\n'); console.error('c');",
    );
    assert.deepEqual([stdout, stderr], ["a\nnative\nb\n", "error\nc\n"]);
  });

  it("keeps its place among what blocking child processes print", async () => {
    const { stdout } = await kernel.run(
      `for (let i = 0; i < 5000; i += 1000) {
         for (let j = i; j < i + 500; j++) console.log(j);
         spawnSync(process.execPath, ["-e", \`for (let k = \${i + 500}; k < \${i + 1000}; k++) console.log(k)\`], { stdio: "inherit" });
       }`,
    );
    assert.equal(isCounting(stdout, 5000), true);
  });

  it("keeps its place among what a child process prints that the cell awaits", async () =>
    assert.deepEqual(
      await printed(
        "console.log('a'); await once(spawn(process.execPath, ['-e', 'console.log(1); console.error(2)'], { stdio: 'inherit' }), 'exit'); console.log('b');",
      ),
      ["stdout a\n1\n", "stderr 2\n", "stdout b\n"],
    ));

  it("keeps the order of stdout, stderr and what is shown", async () =>
    assert.deepEqual(
      await printed(
        "import * as tslab from 'tslab'; for (let i = 0; i < 2; i++) { console.log(i); tslab.display.text(`shown ${i}`); console.error(i); }",
      ),
      [
        "stdout 0\n",
        'display_data {"text/plain":"shown 0"}',
        "stderr 0\n",
        "stdout 1\n",
        'display_data {"text/plain":"shown 1"}',
        "stderr 1\n",
      ],
    ));

  it("keeps the order of many lines that alternate between stdout and stderr", async () => {
    const { messages } = await kernel.run(
      "for (let i = 0; i < 2000; i += 2) { console.log(i); console.error(i + 1); }",
    );
    const text = messages
      .filter(({ type }) => type === "stream")
      .map(({ content }) => content["text"])
      .join("");
    assert.equal(isCounting(text, 2000), true);
  });

  it("keeps characters whole that are written in pieces", async () =>
    assert.deepEqual(
      await printed(
        "const bytes = Buffer.from('ä€😀'); for (const byte of bytes) process.stdout.write(Buffer.from([byte]));",
      ),
      ["stdout ä€😀"],
    ));

  it("may look like a mark of the kernel's own", async () =>
    assert.deepEqual(await printed("process.stdout.write('\\u001b_0;c5\\u001b\\\\'); console.log('.')"), [
      "stdout \u001b_0;c5\u001b\\.\n",
    ]));

  it("of a worker thread arrives", async () =>
    assert.deepEqual(
      await printed(
        "await once(new Worker('console.log(\"worker\")', { eval: true }), 'exit'); await new Promise((resolve) => setTimeout(resolve, 50));",
      ),
      ["stdout worker\n"],
    ));

  it("cannot be ended by a cell", async () => {
    await kernel.run("process.stdout.end('last\\n');");
    assert.deepEqual(await printed("console.log('still')"), ["stdout still\n"]);
  });

  /**
   * Runs a cell that goes on in the background until its promise `done` resolves, then another; gives what each
   * printed, by its own messages.
   */
  async function late(code: string): Promise<{ own: string; other: string }> {
    let own = "";
    let id = "";
    const stop = kernel.client.listen((channel, { header, parentHeader, content }) => {
      if (channel === "iopub" && header.msg_type === "stream" && parentHeader.msg_id === id)
        own += String(content["text"]);
    });
    await kernel.run(code, { onOutput: ({ parentHeader }) => void (id = parentHeader.msg_id ?? "") });
    const { stdout } = await kernel.run("console.log('other'); await done; console.log('other')");
    stop();
    return { own, other: stdout };
  }

  it("of a timer belongs to the cell that set it", async () =>
    assert.deepEqual(
      await late(
        "const done = new Promise<void>((resolve) => setTimeout(() => (console.log('late'), resolve()), 100));",
      ),
      {
        own: "late\n",
        other: "other\nother\n",
      },
    ));

  it("of a promise belongs to the cell that made it", async () =>
    assert.deepEqual(
      await late(
        "const done = (async () => { await new Promise((resolve) => setTimeout(resolve, 100)); console.log('late'); })();",
      ),
      { own: "late\n", other: "other\nother\n" },
    ));

  it("of a child process belongs to the cell that started it", async () =>
    assert.deepEqual(
      await late(
        "const done = once(spawn(process.execPath, ['-e', 'setTimeout(() => console.log(\"late\"), 100)'], { stdio: 'inherit' }), 'exit');",
      ),
      { own: "late\n", other: "other\nother\n" },
    ));
});
