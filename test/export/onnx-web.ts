/**
 * Opens exported networks in onnxruntime-web, in a headless Chromium, and compares with ours, which the suite does without:
 *
 *     npm install --prefix FOLDER onnxruntime-web@1.30.0
 *     node dist/test/export/onnx-web.js FOLDER/node_modules/onnxruntime-web [WORD ...]
 *
 * WORDs choose small networks by name. Random input and a photograph of the tests each, two sizes of batch and image.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import * as axial from "../../src/index.js";
import { packageFolder } from "../../src/core/version.js";
import { saveOnnx } from "../../src/export/index.js";
import { create } from "../../src/models/index.js";
import { closeBrowser, openPage } from "../helpers/chromium.js";
import { wirings } from "../models/shrunk.js";
import { randomWeights } from "./random-weights.js";

interface Given {
  readonly values: readonly number[];
  readonly shape: readonly number[];
}

/** What is used of onnxruntime-web, whose own types would have to be installed to be compiled. */
interface Runtime {
  readonly env: { readonly wasm: { numThreads: number } };
  readonly Tensor: new (type: "float32", data: Float32Array, shape: readonly number[]) => object;
  readonly InferenceSession: {
    create(
      path: string,
      options: object,
    ): Promise<{
      readonly outputNames: readonly string[];
      run(feeds: Record<string, object>): Promise<Record<string, { readonly data: Float32Array }>>;
      release(): Promise<void>;
    }>;
  };
}

/** Runs in the page: the outputs for each input, in their order. */
async function predict(inputs: readonly Given[]): Promise<number[][][]> {
  const { ort } = globalThis as unknown as { ort: Runtime };
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create("model.onnx", { executionProviders: ["wasm"] });
  const all: number[][][] = [];
  for (const { values, shape } of inputs) {
    const outputs = await session.run({ image: new ort.Tensor("float32", Float32Array.from(values), shape) });
    all.push(session.outputNames.map((name) => [...outputs[name].data]));
  }
  await session.release();
  return all;
}

const types: Readonly<Record<string, string>> = { ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" }; // prettier-ignore

/** The greatest difference, as a share of the greatest output where that is above 1. */
function distance(got: readonly number[][], expected: readonly Float32Array[]): number {
  let [worst, scale] = [0, 1];
  expected.forEach((values, output) =>
    values.forEach((value, i) => {
      scale = Math.max(scale, Math.abs(value));
      const apart = Math.abs(got[output][i] - value);
      worst = Number.isFinite(apart) ? Math.max(worst, apart) : Infinity;
    }),
  );
  return got.length === expected.length ? worst / scale : Infinity;
}

async function main(runtime: string, words: readonly string[]): Promise<void> {
  const { version } = JSON.parse(readFileSync(join(runtime, "package.json"), "utf8")) as { version: string };
  await axial.engine.start({ threads: 1 });
  const folder = mkdtempSync(join(tmpdir(), "axial-lab-onnx-web-"));
  const server = createServer(({ url = "/" }, response) => {
    const path = new URL(url, "http://localhost").pathname;
    response.setHeader(
      "content-type",
      types[extname(path)] ?? (path === "/" ? "text/html" : "application/octet-stream"),
    );
    const html = '<!doctype html><link rel="icon" href="data:,"><script src="ort.wasm.min.js"></script>';
    const file = path === "/model.onnx" ? join(folder, "model.onnx") : join(runtime, "dist", path);
    response.end(path === "/" ? html : readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const photo = await axial.data.readImage(join(packageFolder, "notebooks", "01-quick-start.png"), 64);
  let failed = 0;
  for (const config of wirings()) {
    if (words.length > 0 && !words.some((word) => config.name.includes(word))) continue;
    const model = create(config, { classes: 7, size: 64, seed: 1 });
    randomWeights(model);
    await saveOnnx(model, join(folder, "model.onnx"));
    const inputs = [
      tf.randomNormal([2, 64, 64, 3], 0, 1, "float32", 3),
      tf.randomNormal([1, 80, 48, 3], 0, 1, "float32", 5),
      tf.tensor(photo.values, [1, 64, 64, 3]),
    ];
    const expected = inputs.map((x) => [model.predict(x)].flat().map((output) => output.dataSync<"float32">()));
    const page = await openPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const given = inputs.map((x) => ({ values: [...x.dataSync()], shape: x.shape }));
    const got = await page.evaluate(predict, given);
    await page.context().close();
    const worst = got.reduce((most, outputs, i) => Math.max(most, distance(outputs, expected[i])), 0);
    if (!(worst < 1e-4)) failed++;
    console.log(`${config.name.padEnd(44)} ${worst.toExponential(1)}${worst < 1e-4 ? "" : " FAILED"}`);
    tf.dispose(inputs);
    model.dispose();
  }
  await closeBrowser();
  server.close();
  rmSync(folder, { recursive: true });
  await axial.engine.stop();
  console.log(`onnxruntime-web ${version}: ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}

void main(process.argv[2], process.argv.slice(3));
