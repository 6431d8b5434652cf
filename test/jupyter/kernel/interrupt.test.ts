import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { startTestKernel, type TestKernel } from "../test-kernel.js";

describe("an interrupt", () => {
  let kernel: TestKernel;
  before(async () => {
    kernel = await startTestKernel();
    await kernel.run("let steps = 0; const kept = { made: 'before' };");
  });
  after(() => kernel.stop());

  /** Runs a cell that says when it is at work, interrupts it then, and gives its reply. */
  async function interrupted(code: string): Promise<Record<string, unknown>> {
    let isAtWork = false;
    const { reply } = await kernel.run(`console.log('at work');\n${code}`, {
      onOutput({ header }) {
        if (header.msg_type !== "stream" || isAtWork) return;
        isAtWork = true;
        setTimeout(() => kernel.interrupt(), 50);
      },
    });
    return reply;
  }
  const stateSurvives = async () => assert.equal((await kernel.run("kept.made")).result?.["text/plain"], "'before'");

  const loops: [string, string][] = [
    ["a synchronous loop", "while (true) steps++;"],
    ["a loop that catches everything", "while (true) { try { steps++; } catch {} finally { steps++; } }"],
    ["a loop after an await", "await 1;\nwhile (true) steps++;"],
    [
      "a loop after an await of a file",
      "await (await import('node:fs/promises')).readFile('/').catch(() => 0);\nwhile (true) steps++;",
    ],
    ["a loop in a timer", "setInterval(() => { while (true) steps++; }, 5);\nawait new Promise(() => {});"],
    ["a timer that is not due", "await new Promise((resolve) => setTimeout(resolve, 1e8));"],
    ["a promise that nobody resolves", "await new Promise(() => {});"],
    [
      "a loop of promises",
      "await new Promise(() => { const again = (): any => Promise.resolve().then(again); again(); });",
    ],
    [
      "a loop of ticks",
      "await new Promise(() => { process.nextTick(function again() { process.nextTick(again); }); });",
    ],
    ["a loop that awaits timers", "while (true) { steps++; await new Promise((resolve) => setTimeout(resolve, 1)); }"],
    ["a regular expression without end", "/(a+)+b/.test('a'.repeat(50));"],
    ["a thread that waits for memory", "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);"],
    ["a loop that prints", "while (true) console.log(steps++);"],
    [
      "WebAssembly",
      // (module (func (export "f") (loop br 0)))
      "const bytes = new Uint8Array([0,97,115,109,1,0,0,0,1,4,1,96,0,0,3,2,1,0,7,5,1,1,102,0,0,10,9,1,7,0,3,64,12,0,11,11]);\n(new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.f as () => void)();",
    ],
  ];
  if (process.platform !== "win32") {
    loops.push([
      "a child process that it is blocked by",
      "(await import('node:child_process')).execSync('sleep 100');",
    ]);
  }
  for (const [what, code] of loops) {
    it(`stops ${what}, and the variables stay`, { timeout: 30_000 }, async () => {
      const reply = await interrupted(code);
      assert.equal(reply["ename"], "Interrupted", String(reply["evalue"]));
      await stateSurvives();
    });
  }

  if (process.platform !== "win32") {
    const blocking: [string, string][] = [
      ["execSync", "(await import('node:child_process')).execSync('sleep 100');"],
      ["spawnSync", "(await import('node:child_process')).spawnSync('sleep', ['100'], { stdio: 'inherit' });"],
      ["execSync that complains", "(await import('node:child_process')).execSync('echo no >&2; sleep 100');"],
    ];
    for (const [what, code] of blocking) {
      it(`stops ${what} after a loop was stopped, and the variables stay`, { timeout: 60_000 }, async () => {
        for (const each of ["while (true) steps++;", code, "await new Promise(() => {});", code, code]) {
          const reply = await interrupted(each);
          assert.equal(reply["ename"], "Interrupted", String(reply["evalue"]));
        }
        await stateSurvives();
      });
    }
  }

  it("stops what an interrupted cell goes on with when what it awaited comes", { timeout: 30_000 }, async () => {
    await kernel.run("let release = () => {}; const gate = new Promise<void>((resolve) => void (release = resolve));");
    assert.equal((await interrupted("await gate;\nwhile (true) steps++;"))["ename"], "Interrupted");
    const { result } = await kernel.run("release(); await new Promise((resolve) => setTimeout(resolve, 10)); 'on'");
    assert.equal(result?.["text/plain"], "'on'");
    await stateSurvives();
  });

  it("says where the cell was", async () => {
    const reply = await interrupted("function spin(): never {\n  while (true) steps++;\n}\nspin();");
    assert.match((reply["traceback"] as string[]).join("\n"), /at spin \(cell \d+:3:\d+\)\n.*at cell \d+:5:1/);
  });

  it("stops the timers that the cell has set", async () => {
    await interrupted("setInterval(() => steps++, 1);\nawait new Promise(() => {});");
    const { result } = await kernel.run(
      "const before = steps; await new Promise((resolve) => setTimeout(resolve, 50)); steps - before",
    );
    assert.equal(result?.["text/plain"], "0");
  });

  it("rejects the timers that the cell awaits, so that it can clean up", async () => {
    await kernel.run("import { setTimeout as sleep } from 'node:timers/promises'; let cleaned = false;");
    assert.equal((await interrupted("try { await sleep(1e8); } finally { cleaned = true; }"))["ename"], "Interrupted");
    assert.equal((await kernel.run("cleaned")).result?.["text/plain"], "true");
  });

  it("stops what runs on when no cell does", async () => {
    await kernel.run("setInterval(() => steps++, 1);");
    await kernel.client.request("control", "interrupt_request", {});
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { result } = await kernel.run(
      "const then = steps; await new Promise((resolve) => setTimeout(resolve, 50)); steps - then",
    );
    assert.equal(result?.["text/plain"], "0");
  });

  it("is answered, and aborts what waits behind", async () => {
    const running = kernel.run("await new Promise(() => {});");
    const waiting = kernel.run("1");
    await new Promise((resolve) => setTimeout(resolve, 100));
    const reply = await kernel.client.request("control", "interrupt_request", {});
    assert.deepEqual([reply.header.msg_type, reply.content["status"]], ["interrupt_reply", "ok"]);
    assert.equal((await running).reply["ename"], "Interrupted");
    assert.equal((await waiting).reply["status"], "aborted");
  });

  it("lets the output of later cells through", async () =>
    assert.equal((await kernel.run("console.log('again'); console.error('e')")).stdout, "again\n"));

  it("keeps late output with its own cell afterwards", async () => {
    const { stdout } = await kernel.run(
      "setTimeout(() => console.log('own'), 10); await new Promise((resolve) => setTimeout(resolve, 50));",
    );
    assert.equal(stdout, "own\n");
  });

  it("stops training between kernels, and the weights stay whole", async () => {
    await kernel.run(
      "import * as tf from '@tensorflow/tfjs'; await tf.setBackend('cpu'); const weights = tf.variable(tf.ones([64, 64])); const step = () => tf.tidy(() => { weights.assign(weights.matMul(weights).div(64)); steps++; });",
    );
    const loops = [
      "while (true) step();",
      "while (true) { step(); await null; await new Promise((resolve) => setImmediate(resolve)); }",
    ];
    for (const loop of loops) {
      const { result: before } = await kernel.run("tf.memory().numTensors");
      const reply = await interrupted(loop);
      assert.equal(reply["ename"], "Interrupted", String(reply["evalue"]));
      const { result } = await kernel.run(
        "const done = steps; await new Promise((resolve) => setTimeout(resolve, 50)); [steps === done, Array.from(weights.dataSync()).every((weight) => weight === 1), tf.memory().numTensors]",
      );
      assert.equal(result?.["text/plain"], `[ true, true, ${String(before?.["text/plain"])} ]`);
    }
  });

  it(
    "stops training on threaded WebAssembly between kernels, and the engine computes on",
    { timeout: 60_000 },
    async () => {
      await kernel.run(
        "import { engine } from 'axial-lab'; await engine.start({ backend: 'wasm' }); const w = tf.variable(tf.fill([64, 64], 0.01)); const input = tf.ones([32, 64]); const optimizer = tf.train.sgd(1e-3); const train = () => { optimizer.minimize(() => tf.matMul(input, w).square().mean()); steps++; };",
      );
      for (const loop of ["while (true) train();", "while (true) { train(); await w.data(); }"]) {
        const reply = await interrupted(loop);
        assert.equal(reply["ename"], "Interrupted", String(reply["evalue"]));
        const { result } = await kernel.run(
          "train(); [tf.getBackend(), tf.ones([4, 64]).matMul(input.transpose()).dataSync().every((sum) => sum === 64), w.dataSync().every(Number.isFinite)]",
        );
        assert.equal(result?.["text/plain"], "[ 'wasm', true, true ]");
      }
    },
  );

  it("of a cell that is still being compiled ends it before it runs", async () => {
    const running = kernel.run("console.log('ran'); await new Promise(() => {});");
    kernel.interrupt();
    const { reply } = await running;
    assert.equal(reply["ename"], "Interrupted");
  });
});

describe("while a cell computes", () => {
  let kernel: TestKernel;
  before(async () => void (kernel = await startTestKernel()));
  after(() => kernel.stop());

  it("the heart beats and control answers", async () => {
    const mark = join(kernel.folder, "answered");
    const running = kernel.run(
      `console.log('at work'); const { existsSync } = require('node:fs'); while (!existsSync(${JSON.stringify(mark)}));`,
    );
    await new Promise<void>((resolve) => {
      const stop = kernel.client.listen((_, { header }) => {
        if (header.msg_type !== "stream") return;
        stop();
        resolve();
      });
    });
    assert.equal(await kernel.heartbeat("ping"), "ping");
    const { content } = await kernel.client.request("control", "kernel_info_request", {});
    assert.equal(content["status"], "ok");
    // The cell cannot end before.
    writeFileSync(mark, "");
    assert.equal((await running).reply["status"], "ok");
  });
});
