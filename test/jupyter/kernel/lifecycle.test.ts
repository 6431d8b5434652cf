import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { connectClient } from "../../../src/jupyter/client.js";
import { startTestKernel, type TestKernel } from "../test-kernel.js";

describe("the process that runs the cells", () => {
  let kernel: TestKernel;
  before(async () => void (kernel = await startTestKernel()));
  after(() => kernel.stop());

  it("survives process.exit, and the cell ends there", async () => {
    await kernel.run("let reached = 0; const kept = 5;");
    const { reply } = await kernel.run("try { process.exit(3); } catch { reached = 1; }");
    assert.equal(reply["ename"], "ProcessExit");
    assert.match(String(reply["evalue"]), /process\.exit\(3\)/);
    assert.equal((await kernel.run("kept")).result?.["text/plain"], "5");
  });

  it("makes a rejection that nobody handles the cell's error", async () => {
    const { reply, outputs } = await kernel.run("void Promise.reject(new RangeError('unhandled')); 1");
    assert.deepEqual([reply["ename"], reply["evalue"]], ["RangeError", "unhandled"]);
    assert.deepEqual(outputs, ["error"]);
  });

  it("makes an error in a timer the error of the cell that waits", async () => {
    const { reply } = await kernel.run(
      "setTimeout(() => { throw new Error('in a timer'); }, 10); await new Promise(() => {});",
    );
    assert.equal(reply["evalue"], "in a timer");
    assert.match((reply["traceback"] as string[]).join("\n"), /cell \d+:1:26/);
  });

  it("reports an error that comes after its cell has ended under that cell", async () => {
    let id = "";
    const late = new Promise<Record<string, unknown>>((resolve) => {
      const stop = kernel.client.listen((channel, { header, parentHeader, content }) => {
        if (channel !== "iopub" || header.msg_type !== "error" || parentHeader.msg_id !== id) return;
        stop();
        resolve(content);
      });
    });
    const { reply } = await kernel.run("setTimeout(() => { throw new Error('late'); }, 50);", {
      onOutput: ({ parentHeader }) => void (id = parentHeader.msg_id ?? ""),
    });
    assert.equal(reply["status"], "ok");
    assert.equal((await late)["evalue"], "late");
    assert.equal((await kernel.run("kept")).result?.["text/plain"], "5");
  });

  const handlers: [string, string][] = [
    ["throws it again", "process.on('uncaughtException', (error) => { throw error; });"],
    ["throws it again, once", "process.once('uncaughtException', (error) => { throw error; });"],
    ["throws rejections", "process.on('unhandledRejection', (reason) => { throw reason; });"],
    ["watches and throws", "process.on('uncaughtExceptionMonitor', (error) => { throw error; });"],
    ["ends the process", "process.on('uncaughtException', () => process.exit(1));"],
    [
      "takes all others down",
      "process.removeAllListeners('uncaughtException').removeAllListeners('unhandledRejection');",
    ],
    ["replaces all and throws", "process.setUncaughtExceptionCaptureCallback((error) => { throw error; });"],
  ];
  for (const [what, hook] of handlers) {
    it(`survives a stray error where a library's handler ${what}`, async () => {
      await kernel.run(hook);
      const late = "await new Promise((resolve) => setTimeout(resolve, 100));";
      const { reply, messages } = await kernel.run(`setTimeout(() => { throw new Error('stray'); }, 10); ${late}`);
      assert.equal(reply["evalue"], "stray");
      const rejected = await kernel.run(`setTimeout(() => void Promise.reject(new Error('rejected')), 10); ${late}`);
      assert.equal(rejected.reply["evalue"], "rejected");
      const errors = [...messages, ...rejected.messages].filter(({ type }) => type === "error");
      // That the handler has called `process.exit` is told too.
      const stray = errors.map(({ content }) => content["evalue"]).filter((text) => !/exit/.test(String(text)));
      assert.deepEqual(stray, ["stray", "rejected"]);
      const { result } = await kernel.run(
        "for (const event of ['uncaughtException', 'unhandledRejection', 'uncaughtExceptionMonitor']) process.removeAllListeners(event); process.setUncaughtExceptionCaptureCallback(null); kept",
      );
      assert.equal(result?.["text/plain"], "5");
    });
  }

  it("lets a handler of the notebook's own see a stray error, and one that throws another add that", async () => {
    await kernel.run("const noted: string[] = [];");
    await kernel.run("process.once('uncaughtException', ({ message }) => { noted.push(message); throw 'another'; });");
    const errors: unknown[] = [];
    const stop = kernel.client.listen((channel, { header, content }) => {
      if (channel === "iopub" && header.msg_type === "error") errors.push(content["evalue"]);
    });
    await kernel.run("setTimeout(() => { throw new Error('first'); }, 1); await new Promise(() => {});");
    await kernel.run("0");
    stop();
    assert.deepEqual(errors.sort(), ["another", "first"]);
    assert.equal((await kernel.run("noted")).result?.["text/plain"], "[ 'first' ]");
  });

  it("is started again when it dies, which the cell says", async () => {
    const { reply, stdout, outputs } = await kernel.run(
      "console.log('last words'); process.kill(process.pid, 'SIGKILL'); await new Promise(() => {});",
    );
    assert.equal(stdout, "last words\n");
    assert.deepEqual(outputs, ["stream", "error"]);
    assert.equal(reply["ename"], "KernelDied");
    assert.match(String(reply["evalue"]), /it was started again, and the notebook's variables are gone/);
    assert.match((await kernel.run("kept")).reply["evalue"] as string, /Cannot find name 'kept'/);
    assert.equal((await kernel.run("1 + 1")).result?.["text/plain"], "2");
  });

  it("is started again after a crash of native code", async () => {
    const { reply } = await kernel.run("process.abort()");
    assert.equal(reply["ename"], "KernelDied");
    assert.equal((await kernel.run("1 + 1")).result?.["text/plain"], "2");
  });

  it("is started again when it dies between cells", async () => {
    const died = new Promise<void>((resolve) => {
      const stop = kernel.client.listen((channel, { content }) => {
        if (channel !== "iopub" || content["ename"] !== "KernelDied") return;
        stop();
        resolve();
      });
    });
    await kernel.run("setTimeout(() => process.abort(), 20);");
    await died;
    assert.equal((await kernel.run("2 + 2")).result?.["text/plain"], "4");
  });

  it("is ended when an interrupt does not help and is repeated", async () => {
    if (process.platform === "win32") return;
    // A pipe that nobody writes to: a native call that does not return.
    const blocked = kernel.run(
      "import { execSync } from 'node:child_process'; import { readSync, openSync } from 'node:fs'; execSync('mkfifo pipe'); console.log('at work'); readSync(openSync('pipe', 'r+'), Buffer.alloc(1));",
      {
        onOutput({ header }) {
          if (header.msg_type !== "stream") return;
          kernel.interrupt();
          setTimeout(() => kernel.interrupt(), 3200);
        },
      },
    );
    assert.match(String((await blocked).reply["evalue"]), /did not obey an interrupt and was ended/);
  });
});

/** Runs a cell that does not end; it is at work once it has printed. */
function endless(kernel: TestKernel) {
  let begin: () => void;
  const isAtWork = new Promise<void>((resolve) => (begin = resolve));
  const running = kernel.run("console.log('at work'); while (true);", {
    onOutput({ header }) {
      if (header.msg_type === "stream") begin();
    },
  });
  return { running, isAtWork };
}

describe("a kernel", () => {
  it("shuts down while a cell is in an endless loop, with a reply for both", async () => {
    const kernel = await startTestKernel();
    const { running, isAtWork } = endless(kernel);
    await isAtWork;
    const pending = kernel.client.request("control", "shutdown_request", { restart: true });
    const reply = await pending;
    assert.deepEqual([reply.header.msg_type, reply.content], ["shutdown_reply", { status: "ok", restart: true }]);
    assert.equal((await running).reply["ename"], "KernelShutdown");
    assert.equal(await kernel.ended, "exited with code 0");
    await kernel.stop();
  });

  it("welcomes a subscriber, with the topic that it subscribed to", async () => {
    const kernel = await startTestKernel();
    const client = await connectClient(kernel.connection);
    const welcome = await new Promise<Record<string, unknown>>((resolve) => {
      client.listen((channel, { header, content, parentHeader }) => {
        if (channel === "iopub" && header.msg_type === "iopub_welcome") resolve({ content, parentHeader });
      });
    });
    assert.deepEqual(welcome, { content: { subscription: "" }, parentHeader: {} });
    client.close();
    await kernel.stop();
  });

  it("ends when the process that started it is gone, and so does what runs the cells", async () => {
    if (process.platform === "win32") return;
    const kernel = await startTestKernel();
    const { result } = await kernel.run("process.pid");
    await endless(kernel).isAtWork;
    kernel.process.kill("SIGKILL");
    await kernel.ended;
    const pid = Number(result?.["text/plain"]);
    const isAlive = () => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    for (const deadline = Date.now() + 30_000; isAlive() && Date.now() < deadline;) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.equal(isAlive(), false);
    await kernel.stop();
  });
});
