import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as engine from "../../src/engine/index.js";
import { ConfigError, UnsupportedError } from "../../src/core/errors.js";

const source = join(__dirname, "../../src");

/** Runs a script in a process of its own; it must end by itself. */
function runScript(body: string): string {
  const script = `const { engine } = require(${JSON.stringify(join(source, "index.js"))});
    const tf = require("@tensorflow/tfjs");
    const threads = () => process.getActiveResourcesInfo().filter((name) => name === "Worker").length;
    (async () => { ${body} })();`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ["-e", script], { encoding: "utf8", timeout: 60_000 });
  assert.equal(status, 0, stderr);
  assert.equal(stderr, "");
  return stdout;
}

describe("engine", () => {
  after(() => engine.stop());

  it("starts threaded WebAssembly with fused kernels, and computes", async () => {
    const report = await engine.start({ engine: "wasm", threads: 3 });
    assert.equal(report.backend, "wasm");
    assert.equal(report.threads, 3);
    assert.ok(report.simd && report.kernels);
    assert.deepEqual([report.engine, report.instructionSet], ["wasm", null]);
    assert.match(report.reason, /WebAssembly with (relaxed )?SIMD on 3 threads/);
    assert.equal(tf.getBackend(), "wasm");
    assert.deepEqual([...tf.matMul(tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [5]])).dataSync()], [13]);
  });

  it("gives the same engine for the same options, and a new one for others", async () => {
    const first = await engine.start({ threads: 3 });
    assert.equal(await engine.start({ threads: 3 }), first);
    const second = await engine.start({ threads: 2 });
    assert.equal(second.threads, 2);
    assert.equal(engine.report(), second);
  });

  it("runs plain JavaScript when told to", async () => {
    const report = await engine.start({ backend: "cpu" });
    assert.deepEqual([report.backend, report.threads, report.kernels], ["cpu", 1, false]);
    assert.deepEqual([...tf.relu([-1, 2]).dataSync()], [0, 2]);
    assert.equal(engine.memory().heap, null);
  });

  it("reports the heap, its high water, and running out of it", async () => {
    await engine.start({ threads: 2 });
    const before = engine.memory();
    const tensor = tf.zeros([1009, 1013]);
    const during = engine.memory();
    assert.equal(during.tensors, before.tensors + 1);
    assert.ok(during.heap!.liveBytes >= before.heap!.liveBytes + 1009 * 1013 * 4);
    tensor.dispose();
    const later = engine.memory();
    assert.equal(later.heap!.liveBytes, before.heap!.liveBytes);
    assert.ok(later.heap!.peakBytes >= during.heap!.liveBytes);
    assert.throws(
      () => (tf.backend() as BackendWasm).write(null, [30_000, 40_000], "float32"),
      (error) =>
        error instanceof UnsupportedError &&
        /^engine: tensors must fit in 4096.0 MiB .* and 4577.6 MiB asked for; use a smaller/.test(error.message),
    );
  });

  it("tells the high water of a piece of work from that of all", async () => {
    await engine.start({ threads: 2 });
    const { peakBytes, liveBytes } = engine.memory().heap!;
    const during = engine.peakHeapDuring(() => tf.zeros([101, 103]).dispose())!;
    assert.ok(during >= liveBytes + 101 * 103 * 4 && during < liveBytes + 2 * 101 * 103 * 4);
    assert.throws(() => engine.peakHeapDuring(() => assert.fail()));
    assert.equal(engine.memory().heap!.peakBytes, Math.max(peakBytes, during));
  });

  it("keeps to the memory that it is given", async () => {
    await engine.start({ threads: 2, heapMebibytes: 64 });
    assert.equal(engine.memory().heap!.heapLimitBytes, 64 * 2 ** 20);
    assert.throws(
      () => tf.tidy(() => Array.from({ length: 70 }, () => tf.zeros([512, 512]))),
      /^UnsupportedError: engine: tensors must fit in 64.0 MiB of WebAssembly memory, got \d+\.\d MiB in use and 1.0 MiB/,
    );
    await engine.start({ threads: 2 });
  });

  it("refuses options that make no sense", () => {
    const message = (options: unknown): string => {
      try {
        void engine.start(options as engine.EngineOptions);
      } catch (error) {
        assert.ok(error instanceof ConfigError);
        return error.message;
      }
      return "";
    };
    assert.equal(
      message({ backend: "webgl" }),
      "engine.start: backend must be a name of one, got webgl; use auto, wasm, cpu, node, node-gpu",
    );
    assert.equal(
      message({ threads: 0 }),
      "engine.start: threads must be a whole number from 1 to 64, got 0; leave it out for one a core",
    );
    assert.equal(
      message({ heapMebibytes: 5000 }),
      "engine.start: heapMebibytes must be a whole number from 32 to 4096, got 5000; leave it out for all",
    );
    assert.equal(
      message({ threads: 2.5 }),
      "engine.start: threads must be a whole number from 1 to 64, got 2.5; leave it out for one a core",
    );
  });

  it(
    "says how to get a native backend that is named and not installed",
    { skip: engine.whyAbsent("node") === null },
    async () => {
      await assert.rejects(
        engine.start({ backend: "node" }),
        (error) =>
          error instanceof UnsupportedError &&
          error.message.includes("@tensorflow/tfjs-node is not installed; npm install @tensorflow/tfjs-node@4.22.0"),
      );
    },
  );

  it("lets the process end although it was never stopped", () => {
    assert.equal(
      runScript("await engine.start({threads: 4}); console.log(tf.relu([-2, 3]).sum().dataSync()[0])"),
      "3\n",
    );
  });

  it("starts and stops several times in one process without leaving workers, handlers or globals", () => {
    const output = runScript(`
      for (const threads of [3, 2, 4]) {
        await engine.start({ threads });
        tf.matMul(tf.ones([256, 256]), tf.ones([256, 256])).dataSync();
        await engine.stop();
      }
      const handlers = ["uncaughtException", "unhandledRejection"].map((name) => process.listenerCount(name));
      console.log(JSON.stringify([threads(), handlers, typeof globalThis.Worker, engine.report()]));`);
    assert.deepEqual(JSON.parse(output), [0, [0, 0], "undefined", null]);
  });

  it("starts from two callers at once as one engine", async () => {
    const [first, second] = await Promise.all([engine.start({ threads: 2 }), engine.start({ threads: 2 })]);
    assert.equal(first, second);
  });

  it("says in one line that a tensor of a stopped engine is gone, and lets it be disposed of", async () => {
    await engine.start({ threads: 2 });
    const tensors = [tf.tensor1d([2, 3]), tf.tensor1d([5, 7])];
    await engine.stop();
    const message = /engine: a tensor must be used while the engine runs .*; read its values before engine\.stop\(\)/;
    assert.throws(() => tensors[0].add(1), message);
    assert.throws(() => tensors[0].dataSync(), message);
    await engine.start({ threads: 3 });
    assert.throws(() => tf.tidy(() => tensors[1].mul(tf.scalar(2)).dataSync()), message);
    assert.deepEqual([...tf.add([1, 2], 3).dataSync()], [4, 5]);
    tf.dispose(tensors);
  });

  it("stops with TensorFlow.js's own reset, after which either goes on", () => {
    const output = runScript(`
      console.warn = () => {}; // TensorFlow.js advertises another package when its JavaScript backend is used
      await engine.start({ threads: 3 });
      tf.ones([3]).sum().dataSync();
      tf.engine().reset();
      const none = engine.report();
      const plain = tf.add([1, 2], 3).dataSync();
      while (threads() > 0) await new Promise((done) => setTimeout(done, 20)); // or the process is ended for its time
      const again = await engine.start({ threads: 3 });
      console.log(JSON.stringify([none, [...plain], tf.getBackend(), again.threads, [...tf.relu([-1, 2]).dataSync()]]));
      tf.engine().reset();
      await engine.stop();`);
    assert.deepEqual(JSON.parse(output), [null, [4, 5], "wasm", 3, [0, 2]]);
  });
});
