/**
 * Loads exported layers models with plain TensorFlow.js in a headless Chromium, on WebGL, which the suite does without: not every
 * machine's Chromium has it, and SwiftShader, which stands in for a graphics card, is slow.
 *
 *     node dist/test/export/tfjs-webgl.js [WORD ...]
 *
 * WORDs choose small networks by name.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { chromium } from "playwright-core";
import * as engine from "../../src/engine/index.js";
import { saveTfjs } from "../../src/export/index.js";
import { create } from "../../src/models/index.js";
import { wirings } from "../models/shrunk.js";
import { randomWeights } from "./random-weights.js";

const side = 32;

/** Runs in the page, whose `tf` is plain TensorFlow.js. */
async function predict(values: number[]): Promise<{ backend: string; outputs: number[][] }> {
  const { tf: plain } = globalThis as unknown as { tf: typeof tf };
  await plain.setBackend("webgl");
  const model = await plain.loadLayersModel("model.json");
  const outputs = [model.predict(plain.tensor(values, [2, 32, 32, 3]))].flat();
  return { backend: plain.getBackend(), outputs: outputs.map((output) => [...output.dataSync()]) };
}

async function main(words: readonly string[]): Promise<void> {
  await engine.start({ threads: 1 });
  const folder = mkdtempSync(join(tmpdir(), "axial-lab-webgl-"));
  const library = readFileSync(require.resolve("@tensorflow/tfjs/dist/tf.min.js"));
  const server = createServer(({ url = "/" }, response) => {
    const html = url === "/" ? '<!doctype html><link rel="icon" href="data:,"><script src="tf.js"></script>' : null;
    response.setHeader("content-type", html === null ? "application/octet-stream" : "text/html");
    response.end(html ?? (url === "/tf.js" ? library : readFileSync(join(folder, url))));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  const args = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"];
  const browser = await chromium.launch({ executablePath, args });
  let failed = 0;
  for (const config of wirings()) {
    if (words.length > 0 && !words.some((word) => config.name.includes(word))) continue;
    const model = create(config, { classes: 3, size: side, seed: 1 });
    randomWeights(model);
    await saveTfjs(model, folder, { size: side });
    const x = tf.randomNormal([2, side, side, 3], 0, 1, "float32", 3);
    const expected = [model.predict(x)].flat().map((output) => output.dataSync<"float32">());
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const { backend, outputs } = await page.evaluate(predict, [...x.dataSync()]);
    await page.close();
    let [worst, scale] = [0, 1];
    outputs.forEach((values, output) =>
      values.forEach((value, i) => {
        worst = Math.max(worst, Number.isFinite(value) ? Math.abs(value - expected[output][i]) : Infinity);
        scale = Math.max(scale, Math.abs(expected[output][i]));
      }),
    );
    const right = backend === "webgl" && worst / scale < 1e-4;
    if (!right) failed++;
    console.log(`${config.name.padEnd(44)} ${backend} ${(worst / scale).toExponential(1)}${right ? "" : " FAILED"}`);
    model.dispose();
  }
  await browser.close();
  server.close();
  rmSync(folder, { recursive: true });
  await engine.stop();
  if (failed > 0) process.exitCode = 1;
}

void main(process.argv.slice(2));
