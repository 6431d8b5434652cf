import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Message } from "../../../src/jupyter/wire.js";
import { startTestKernel, type TestKernel } from "../test-kernel.js";

describe("the kernel's messages", () => {
  let kernel: TestKernel;
  before(async () => void (kernel = await startTestKernel()));
  after(() => kernel.stop());

  const ask = async (type: string, content: Record<string, unknown> = {}, channel: "shell" | "control" = "shell") =>
    (await kernel.client.request(channel, type, content)).content;
  const run = (...args: Parameters<TestKernel["run"]>) => kernel.run(...args);

  it("say what the kernel is", async () => {
    const info = await ask("kernel_info_request");
    const language = info["language_info"] as Record<string, unknown>;
    assert.equal(info["status"], "ok");
    assert.match(String(info["protocol_version"]), /^5\.\d+$/);
    assert.equal(info["implementation"], "axial-lab");
    assert.equal(language["name"], "typescript");
    assert.equal(language["file_extension"], ".ts");
    assert.equal(language["version"], "5.9.3");
    assert.equal(info["debugger"], false);
  });

  it("answer on the control channel as on the shell channel", async () =>
    assert.equal((await ask("kernel_info_request", {}, "control"))["status"], "ok"));

  it("of a run are busy, execute_input, its outputs, idle, all under the request", async () => {
    const all: Message[] = [];
    const { reply } = await run("console.log(1); 2", { onOutput: (message) => void all.push(message) });
    assert.deepEqual(
      all.map(({ header, content }) => [header.msg_type, content["execution_state"]]),
      [
        ["status", "busy"],
        ["execute_input", undefined],
        ["stream", undefined],
        ["execute_result", undefined],
        ["status", "idle"],
      ],
    );
    assert.equal(new Set(all.map(({ parentHeader }) => parentHeader.msg_id)).size, 1);
    assert.equal(new Set(all.map(({ header }) => header.session)).size, 1);
    assert.equal(new Set(all.map(({ header }) => header.msg_id)).size, all.length);
    assert.deepEqual(reply, {
      status: "ok",
      execution_count: all[1].content["execution_count"],
      payload: [],
      user_expressions: {},
    });
  });

  it("repeat the code and number the runs", async () => {
    const first = await run("1");
    const second = await run("  2 // two");
    const input = second.messages.find(({ type }) => type === "execute_input")!.content;
    assert.equal(input["code"], "  2 // two");
    assert.equal(second.reply["execution_count"], Number(first.reply["execution_count"]) + 1);
    assert.equal(input["execution_count"], second.reply["execution_count"]);
  });

  it("hold a result with the number of its run", async () => {
    const { messages, reply } = await run("[1, 2]");
    const result = messages.find(({ type }) => type === "execute_result")!.content;
    assert.deepEqual(result, {
      execution_count: reply["execution_count"],
      data: { "text/plain": "[ 1, 2 ]" },
      metadata: {},
    });
  });

  it("hold no result where the value is undefined", async () => assert.deepEqual((await run("void 0")).outputs, []));
  it("hold no result where the cell ends in a declaration", async () =>
    assert.deepEqual((await run("const q = 1;")).outputs, []));
  it("of an empty cell hold nothing", async () => {
    const { reply, outputs } = await run("");
    assert.equal(reply["status"], "ok");
    assert.deepEqual(outputs, []);
  });

  it("hold an error with name, value and a traceback that shows the cell's own line", async () => {
    const { reply, messages, outputs } = await run("const fine = 1;\n\nthrow new RangeError('too far');");
    assert.deepEqual(outputs, ["error"]);
    const error = messages.find(({ type }) => type === "error")!.content;
    assert.equal(error["ename"], "RangeError");
    assert.equal(error["evalue"], "too far");
    const traceback = (error["traceback"] as string[]).join("\n");
    assert.match(traceback, /> 3 \| throw new RangeError\('too far'\);/);
    assert.match(traceback, /at cell \d+:3:7$/);
    assert.doesNotMatch(traceback, /node:internal|executor/);
    assert.equal(reply["status"], "error");
    assert.deepEqual(
      [reply["ename"], reply["evalue"], reply["traceback"]],
      ["RangeError", "too far", error["traceback"]],
    );
    assert.equal(typeof reply["execution_count"], "number");
  });

  it("follow an error through the cells that it passed", async () => {
    await run("function inner(): void {\n  throw new Error('deep');\n}");
    const { reply } = await run("function outer() { inner(); }\nouter();");
    assert.match(
      (reply["traceback"] as string[]).at(-1)!,
      /at inner \(cell \d+:2:9\)\n.*at outer \(cell \d+:1:20\)\n.*at cell \d+:2:1/,
    );
  });

  it("show the cause of an error, and the parts of one that has several", async () => {
    const { reply } = await run("throw new Error('a', { cause: new Error('b') })");
    assert.match((reply["traceback"] as string[]).join("\n"), /Caused by:\n.*Error.*: b/);
    const several = await run("await Promise.any([Promise.reject(new Error('c'))])");
    assert.match((several.reply["traceback"] as string[]).join("\n"), /Error.*: c/);
  });

  it("hold an error where something else than an error is thrown", async () => {
    const { reply } = await run("throw 'a text'");
    assert.deepEqual([reply["ename"], reply["evalue"]], ["Error", "a text"]);
  });

  it("of a silent run are statuses only, and it counts for nothing", async () => {
    const before = await run("1");
    const { reply, messages } = await run("console.log('x'); 3", { silent: true });
    assert.deepEqual(
      messages.map(({ type }) => type),
      ["status", "status"],
    );
    assert.equal(reply["status"], "ok");
    assert.equal(reply["execution_count"], before.reply["execution_count"]);
  });

  it("of a run that is not stored have the number of the run before", async () => {
    const before = await run("1");
    const { reply, outputs } = await run("2", { storeHistory: false });
    assert.equal(reply["execution_count"], before.reply["execution_count"]);
    assert.deepEqual(outputs, ["execute_result"]);
  });

  it("hold the values of user expressions, and the errors of those that fail", async () => {
    await run("const shared = 17;");
    const { reply } = await run("0", {
      userExpressions: {
        value: "shared + 2",
        wrong: "missingName",
        syntax: "1 +",
        bundle: "({ [Symbol.for('Jupyter.display')]: () => ({ 'text/html': 'x' }) })",
      },
    });
    const values = reply["user_expressions"] as Record<string, Record<string, unknown>>;
    assert.deepEqual(values["value"], { status: "ok", data: { "text/plain": "19" }, metadata: {} });
    assert.equal(values["wrong"]["status"], "error");
    assert.equal(values["wrong"]["ename"], "ReferenceError");
    assert.equal(values["syntax"]["status"], "error");
    assert.equal((values["bundle"]["data"] as Record<string, unknown>)["text/html"], "x");
  });

  it("abort what waits behind an error", async () => {
    const results = await Promise.all([run("throw new Error('first')"), run("1"), run("2")]);
    assert.deepEqual(
      results.map(({ reply }) => reply["status"]),
      ["error", "aborted", "aborted"],
    );
    assert.deepEqual(results[1].outputs, []);
    assert.equal((await run("3")).reply["status"], "ok");
  });

  it("abort nothing behind an error that is not to stop what follows", async () => {
    const results = await Promise.all([run("throw new Error('first')", { stopOnError: false }), run("1")]);
    assert.deepEqual(
      results.map(({ reply }) => reply["status"]),
      ["error", "ok"],
    );
  });

  it("refuse a run without code", async () => {
    const reply = await ask("execute_request", { code: 5 });
    assert.deepEqual([reply["status"], reply["ename"]], ["error", "InvalidRequest"]);
  });

  it("answer other requests while a cell runs", async () => {
    const running = run("await new Promise((resolve) => setTimeout(resolve, 300)); 'done'");
    const [info, complete] = await Promise.all([
      ask("kernel_info_request"),
      ask("complete_request", { code: "Mat", cursor_pos: 3 }),
    ]);
    assert.equal(info["status"], "ok");
    assert.ok((complete["matches"] as string[]).includes("Math"));
    assert.equal((await running).result?.["text/plain"], "'done'");
  });

  it("answer an unknown request with an error", async () => {
    const reply = await kernel.client.request("shell", "dance_request", {});
    assert.equal(reply.header.msg_type, "dance_reply");
    assert.deepEqual([reply.content["status"], reply.content["ename"]], ["error", "UnknownRequest"]);
  });

  it("say that debugging is not supported, as the debug adapter protocol says it", async () => {
    const reply = await ask("debug_request", { type: "request", seq: 3, command: "initialize" }, "control");
    assert.equal(reply["success"], false);
    assert.deepEqual([reply["request_seq"], reply["command"], reply["type"]], [3, "initialize", "response"]);
  });

  it("of a help request hold the page", async () => {
    const { reply } = await run("parseInt?");
    const [page] = reply["payload"] as Record<string, Record<string, string>>[];
    assert.equal(page["source"], "page");
    assert.match(page["data"]["text/plain"], /function parseInt\(string: string/);
  });

  it("of a help request for nothing known hold an error", async () =>
    assert.equal((await run("noSuchThing??")).reply["ename"], "ReferenceError"));

  it("hold what a cell shows, updates and clears, with its metadata and id", async () => {
    const { messages } = await run(
      [
        "const host = (globalThis as any)[Symbol.for('axial-lab.kernel-host')];",
        "host.display({ 'text/plain': 'a', 'image/png': new Uint8Array([1, 2]) }, { displayId: 'd', metadata: { width: 3 } });",
        "host.display({ 'text/plain': 'b' }, { displayId: 'd', update: true });",
        "host.clearOutput({ wait: true });",
      ].join("\n"),
    );
    const shown = messages.filter(({ type }) => /display|clear/.test(type));
    assert.deepEqual(shown, [
      {
        type: "display_data",
        content: {
          data: { "text/plain": "a", "image/png": "AQI=" },
          metadata: { width: 3 },
          transient: { display_id: "d" },
        },
      },
      {
        type: "update_display_data",
        content: { data: { "text/plain": "b" }, metadata: {}, transient: { display_id: "d" } },
      },
      { type: "clear_output", content: { wait: true } },
    ]);
  });

  it("let tslab's display functions write", async () => {
    const { messages } = await run(
      "import * as tslab from 'tslab';\nconst one = tslab.newDisplay(); one.html('<b>'); one.text('t'); tslab.display.png(new Uint8Array([7]));",
    );
    const shown = messages.filter(({ type }) => type.includes("display"));
    assert.deepEqual(
      shown.map(({ type, content }) => [type, content["data"]]),
      [
        ["display_data", { "text/html": "<b>" }],
        ["update_display_data", { "text/plain": "t" }],
        ["display_data", { "image/png": "Bw==" }],
      ],
    );
  });
});

describe("input", () => {
  let kernel: TestKernel;
  before(async () => void (kernel = await startTestKernel()));
  after(() => kernel.stop());

  it("comes to a cell that waits for it", async () => {
    const asked: unknown[] = [];
    const { result } = await kernel.run("[prompt('Name?'), prompt('Secret', { password: true })]", {
      onInput(prompt, password) {
        asked.push([prompt, password]);
        return password ? "s" : "Ada";
      },
    });
    assert.deepEqual(asked, [
      ["Name?", false],
      ["Secret", true],
    ]);
    assert.equal(result?.["text/plain"], "[ 'Ada', 's' ]");
  });

  it("comes to process.stdin, with the question that was printed", async () => {
    const { result } = await kernel.run(
      [
        "import { createInterface } from 'node:readline/promises';",
        "const lines = createInterface({ input: process.stdin, output: process.stdout });",
        "const answer = await lines.question('How many? ');",
        "lines.close();",
        "answer",
      ].join("\n"),
      { onInput: (prompt) => `${prompt}7` },
    );
    assert.equal(result?.["text/plain"], "'How many? 7'");
  });

  it("is refused where the front end does not allow it", async () => {
    const { reply } = await kernel.run("prompt('Name?')");
    assert.equal(reply["ename"], "InputNotAllowed");
  });

  it("can be interrupted", async () => {
    const { reply } = await kernel.run("prompt('Name?')", {
      onInput() {
        kernel.interrupt();
        return null;
      },
    });
    assert.equal(reply["ename"], "Interrupted");
  });
});
