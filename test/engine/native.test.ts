import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync, closeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { ConfigError, UnsupportedError } from "../../src/core/errors.js";
import { generated } from "../../src/data/index.js";
import * as engine from "../../src/engine/index.js";
import { abi, loadNative } from "../../src/engine/native/binding.js";
import { chooseKernels, type EngineChoice } from "../../src/engine/native/choice.js";
import { wasmContext } from "../../src/engine/wasm/install.js";
import { signatures, type KernelArguments } from "../../src/engine/wasm/signatures.js";
import type { ResNetConfig } from "../../src/models/index.js";
import { train } from "../../src/training/index.js";

const absent = engine.findLibrary() === null ? "the native kernels are not built (axial-lab engine build)" : false;
const memory = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });

const folder = mkdtempSync(join(tmpdir(), "axial-native-"));
after(() => rmSync(folder, { recursive: true, force: true }));

describe("the native library", () => {
  /** Why it does not load: the rule, the loader's reason and the remedy, all in one line. */
  const fails = (file: string, reason: RegExp, revision = abi): Promise<void> =>
    assert.rejects(loadNative(file, memory, revision), (error) => {
      assert.ok(error instanceof UnsupportedError);
      const [before, rest] = error.message.split(", got ");
      assert.equal(before, `native kernels: ${file} must load on ${process.platform} ${process.arch}`);
      assert.match(rest, reason);
      assert.match(rest, /^[^\n]*; run npx axial-lab engine build$/);
      return true;
    });

  it("that is not there, is none, or is another library is an error with the loader's own reason in one line", async () => {
    const text = join(folder, "text.so");
    writeFileSync(text, "no library");
    await fails(join(folder, "missing.so"), /./);
    await fails(text, /./);
    if (process.platform === "linux") await fails("libm.so.6", /axial_abi/);
  });

  it("that does not load leaves the WebAssembly kernels, with the reason, unless it was asked for", async () => {
    const file = join(folder, "broken.so");
    writeFileSync(file, "no library");
    const { native, failure } = await chooseKernels("auto", memory, file);
    assert.equal(native, null);
    assert.match(failure!, /^native kernels: .*broken\.so must load on [^\n]+$/);
    await assert.rejects(chooseKernels("native", memory, file), UnsupportedError);
    assert.deepEqual(await chooseKernels("wasm", memory, file), { native: null, failure: null });
    assert.deepEqual(await chooseKernels("auto", memory, null), { native: null, failure: null });
    await assert.rejects(chooseKernels("native", memory, null), /there must be a library for this platform, got none/);
  });

  it("of another revision, or another processor, does not load", { skip: absent }, async () => {
    const file = engine.findLibrary()!;
    await fails(file, new RegExp(`^a library of revision ${abi}, and this is revision ${abi + 1};`), abi + 1);
    if (process.platform !== "linux") return;
    const other = join(folder, "other.so");
    copyFileSync(file, other);
    const descriptor = openSync(other, "r+");
    writeSync(descriptor, Buffer.from([0xf3]), 0, 1, 18); // e_machine of an ELF file: RISC-V
    closeSync(descriptor);
    await fails(other, /./);
  });
});

describe("native kernels", { skip: absent }, () => {
  after(() => engine.stop());

  it("are what runs by themselves, and by name", async () => {
    for (const choice of ["auto", "native"] as const) {
      const report = await engine.start({ engine: choice, threads: 3 });
      assert.deepEqual([report.backend, report.engine, report.kernels], ["wasm", "native", true]);
      assert.match(report.reason, /^native kernels with .+ on 3 threads, WebAssembly with/);
      assert.deepEqual([...tf.matMul(tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [5]])).dataSync()], [13]);
    }
  });

  it("go on where they were when the memory has grown", async () => {
    await engine.start({ engine: "native", threads: 2 });
    const product = (): Float32Array => {
      const a = tf.tensor2d(
        Float32Array.from({ length: 503 * 509 }, (_, index) => (index % 7) - 3),
        [503, 509],
      );
      const c = tf.matMul(a, a, true);
      const values = c.dataSync<"float32">();
      tf.dispose([a, c]);
      return values;
    };
    const before = product();
    const size = engine.memory().heap!.heapBytes;
    const large = tf.zeros([4099, 4099]);
    assert.ok(engine.memory().heap!.heapBytes > size);
    const c = tf.matMul(large, tf.ones([4099, 3]));
    assert.ok(c.dataSync().every((value) => value === 0));
    assert.deepEqual(product(), before);
  });

  it("say what is wrong with a geometry, and go on", async () => {
    await engine.start({ engine: "native", threads: 2 });
    const { pool } = wasmContext()!;
    const values = [2 ** 32 - 64, 0, 0, 1, 512, 512, 512, 1, 1, 1, 1];
    const args = Object.fromEntries(
      Object.keys(signatures.matrixProduct).map((name, slot) => [name, values[slot] ?? 0]),
    ) as KernelArguments<"matrixProduct">;
    assert.throws(
      () => pool.run("matrixProduct", args),
      /^Error: internal: kernel matrixProduct failed in share \d of 2: heap: a kernel must stay within \d+ bytes, got 262144/,
    );
    assert.deepEqual([...tf.matMul(tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [5]])).dataSync()], [13]);
  });

  const model: ResNetConfig = {
    name: "small",
    stem: { kind: "convolution", filters: 4 },
    norm: "torch",
    stages: [
      { blocks: 1, stride: 1, width: 4, filters: 8, operator: { kind: "axial", heads: 2 } },
      { blocks: 1, stride: 2, width: 4, filters: 8, operator: { kind: "convolution" } },
    ],
  };
  const data = () => generated({ classes: 3, trainCount: 37, validationCount: 11 });
  const settings = { model, batchSize: 7, size: 24 };
  type Trained = Awaited<ReturnType<typeof train>>;
  const losses = ({ events }: Trained): number[] =>
    events.flatMap((done) => (done.event === "step" ? [done.loss] : []));

  it("train to the same bits again, at each number of threads", async () => {
    const run = async (threads: number) => {
      await engine.start({ engine: "native", threads });
      const trained = await train({ ...settings, data: data(), epochs: 1 });
      const values = trained.model.getWeights().map((weight) => weight.dataSync<"float32">());
      trained.model.dispose();
      await engine.stop();
      return values;
    };
    for (const threads of [1, 3]) assert.deepEqual(await run(threads), await run(threads));
  });

  it("go on from a checkpoint of the WebAssembly ones, and these from one of theirs", async () => {
    const run = async (choice: EngineChoice, options: { out?: string; resume?: string; epochs: number }) => {
      await engine.start({ engine: choice, threads: 2 });
      const trained = await train({ ...settings, data: data(), ...options });
      trained.model.dispose();
      await engine.stop();
      return losses(trained);
    };
    /** An epoch on each, the second resumed: the schedule is then another than that of two epochs. */
    const both = async (first: EngineChoice, second: EngineChoice) => {
      const out = join(folder, `${first}-${second}`);
      const before = await run(first, { out, epochs: 1 });
      return [...before, ...(await run(second, { resume: out, epochs: 2 })).slice(-before.length)];
    };
    const expected = await both("wasm", "wasm");
    for (const [first, second] of [
      ["native", "wasm"],
      ["wasm", "native"],
    ] as const) {
      const steps = await both(first, second);
      assert.equal(steps.length, expected.length);
      steps.forEach((loss, i) => assert.ok(Math.abs(loss - expected[i]) < 1e-3 * expected[i], `${first}, step ${i}`));
    }
  });

  it("cannot be asked for on a backend that has none, or by another name", () => {
    assert.throws(() => void engine.start({ engine: "rust" as "native" }), ConfigError);
    assert.throws(
      () => void engine.start({ engine: "native", backend: "cpu" }),
      /^ConfigError: engine.start: engine native must run on backend wasm, got cpu; leave one of them out$/,
    );
  });
});
