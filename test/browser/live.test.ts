import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { packageFolder } from "../../src/core/version.js";
import { imagenetStatistics } from "../../src/data/normalize.js";
import { saveWeb } from "../../src/export/index.js";
import { create, type ResNetConfig } from "../../src/models/index.js";
import type * as web from "../../src/web/index.js";
import { randomWeights } from "../export/random-weights.js";
import { docExamples } from "../docs/doc-examples.js";
import { closeBrowser, noChromium, openPage } from "../helpers/chromium.js";

const network: ResNetConfig = {
  name: "small",
  stem: { kind: "convolution", filters: 8 },
  norm: "torch",
  stages: [{ blocks: 2, stride: 1, width: 8, filters: 16, operator: { kind: "axial", heads: 2 } }],
};
const classes = ["ant", "bee", "cat", "dog", "eel"];
const size = 48;

const folder = mkdtempSync(join(tmpdir(), "axial-live-"));
const place = join(folder, "a page");
/** Colour by colour, [side, side, 3]. */
const pixels = Uint8Array.from({ length: size * size * 3 }, (_, i) => 127 + 120 * Math.sin(i * 0.7 + (i % 3)));
const photo = join(folder, "photo.png");

/** What ours says of those pixels. */
let expected: Float32Array;

async function makePage(): Promise<void> {
  await tf.setBackend("cpu");
  const model = create(network, { classes: classes.length, size, seed: 1 });
  randomWeights(model);
  await saveWeb(model, place, { network, size, classes, precision: "F32" });
  const { mean, std } = imagenetStatistics;
  const values = Float32Array.from(pixels, (value, i) => (value / 255 - mean[i % 3]) / std[i % 3]);
  expected = tf.tidy(() => {
    const logits = model.predict(tf.tensor4d(values, [1, size, size, 3])) as tf.Tensor;
    return tf.softmax(logits).dataSync<"float32">().slice();
  });
  model.dispose();
  await sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .png()
    .toFile(photo);
}

/** Serves the page and `axial-lab/web`, isolated or not. */
async function serve(isolated: boolean): Promise<{ server: Server; address: string }> {
  const headers: Record<string, string> = isolated
    ? { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" }
    : {};
  const server = createServer(({ url = "/" }, response) => {
    const path = new URL(url, "http://localhost").pathname;
    const file = path === "/web.mjs" ? join(packageFolder, "dist", "browser", "web.mjs") : join(place, path);
    const type = path.endsWith(".html") ? "text/html" : path.endsWith("js") ? "text/javascript" : "application/octet-stream"; // prettier-ignore
    response.writeHead(200, { ...headers, "content-type": type });
    response.end(
      path === "/empty.html"
        ? '<!doctype html><title>Own page</title><link rel="icon" href="data:,">'
        : readFileSync(file),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function watched(page: Page): string[] {
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  return errors;
}

/** Gives the page the photo and waits until it has looked at it. */
async function ask(page: Page): Promise<string> {
  await page.setInputFiles(".drop input", photo);
  await page.waitForSelector(".looking:not([hidden])");
  return (await page.textContent(".status"))!;
}

const most = (): number => expected.indexOf(expected.reduce((a, b) => Math.max(a, b)));

describe("the live net", { skip: noChromium }, () => {
  before(makePage);
  after(async () => {
    await closeBrowser();
    rmSync(folder, { recursive: true });
  });

  it("answers a photo on a page from a disk, on one thread, and shows where each head of a place looks", async () => {
    const page = await openPage();
    const errors = watched(page);
    await page.goto(pathToFileURL(join(place, "index.html")).href);
    const status = await ask(page);
    assert.ok(status.startsWith(`${classes[most()]}, by small in `), status);
    assert.match(status, /SIMD on 1 thread, for the page is not cross-origin isolated\.$/);
    const first = await page.textContent(".classes li:first-child");
    const share = 100 * expected[most()];
    assert.equal(first, `${classes[most()]}${share.toFixed(share < 10 ? 1 : 0)} %`);
    assert.equal(await page.locator(".heads figure").count(), 2);
    await page.selectOption(".controls select", "stage1.block2");
    const photoCanvas = page.locator("canvas.photo");
    const box = (await photoCanvas.boundingBox())!;
    await photoCanvas.click({ position: { x: box.width * 0.99, y: 1 } });
    assert.match((await page.textContent(".looking p"))!, /^Row 1, column 12 of stage1\.block2\./);
    await page.getByRole("slider", { name: "Row" }).press("ArrowRight");
    assert.match((await page.textContent(".looking p"))!, /^Row 2, column 12 /);
    assert.deepEqual(errors, []);
    await page.context().close();
  });

  it("gives a file that is no picture back in a line", async () => {
    const page = await openPage();
    const errors = watched(page);
    const words = join(folder, "words.jpg");
    writeFileSync(words, "words");
    await page.goto(pathToFileURL(join(place, "index.html")).href);
    await page.setInputFiles(".drop input", words);
    await page.waitForFunction(() => /must be/.test(document.querySelector(".status")!.textContent ?? ""));
    const status = await page.textContent(".status");
    assert.equal(
      status,
      "web.classify: a photo must be a picture that the browser reads, got words.jpg (image/jpeg); use a JPEG or PNG",
    );
    assert.deepEqual(errors, []);
    await page.context().close();
  });

  it("says the same on several threads, where the page is isolated, and sends nothing after it has loaded", async () => {
    const { server, address } = await serve(true);
    const page = await openPage();
    const errors = watched(page);
    await page.goto(`${address}/index.html`);
    await page.waitForFunction(() => /^Ready/.test(document.querySelector(".status")!.textContent ?? ""));
    const requests: string[] = [];
    page.on("request", (request) => /^http/.test(request.url()) && requests.push(request.url()));
    const status = await ask(page);
    assert.ok(status.startsWith(`${classes[most()]}, by small in `), status);
    const threads = await page.evaluate(() => Math.min(navigator.hardwareConcurrency, 8));
    assert.match(status, new RegExp(`SIMD on ${threads} thread`));
    assert.deepEqual([errors, requests], [[], []]);
    await page.context().close();
    server.close();
  });

  for (const isolated of [false, true])
    it(`is somebody's own by axial-lab/web, equal to ours within 1e-4; isolated: ${isolated}`, async () => {
      const { server, address } = await serve(isolated);
      const page = await openPage();
      const errors = watched(page);
      await page.goto(`${address}/empty.html`);
      const image = readFileSync(photo).toString("base64");
      const { ranked, report, left } = await page.evaluate(async (base64) => {
        const axial = (await import(`${location.origin}/web.mjs`)) as typeof web;
        const report = await axial.start({ threads: 2 });
        const net = await axial.loadNet("net.safetensors");
        const file = await (await fetch(`data:image/png;base64,${base64}`)).blob();
        const before = axial.tf.memory().numTensors;
        const { ranked } = await axial.classify(file, net);
        await axial.look(file, net);
        const left = axial.tf.memory().numTensors - before;
        net.dispose();
        await axial.stop();
        return { ranked, report, left };
      }, image);
      assert.equal(report.threads, isolated ? 2 : 1);
      for (const { name, probability } of ranked)
        assert.ok(Math.abs(probability - expected[classes.indexOf(name)]) < 1e-4, `${name}: ${probability}`);
      assert.equal(ranked.length, classes.length);
      assert.equal(left, 0);
      assert.deepEqual(errors, []);
      await page.context().close();
      server.close();
    });

  it("runs the examples of its docblocks", async () => {
    const { server, address } = await serve(false);
    const page = await openPage();
    await page.goto(`${address}/empty.html`);
    const examples = docExamples().filter(({ room }) => room === "web");
    assert.ok(examples.length >= 2);
    for (const { name, code } of examples) {
      const own = code.replace("model/net.safetensors", "net.safetensors");
      const run = async ([text, base64]: readonly [string, string]) => {
        const axial = (await import(`${location.origin}/web.mjs`)) as typeof web;
        const net = await axial.loadNet("net.safetensors");
        const file = await (await fetch(`data:image/png;base64,${base64}`)).blob();
        const names = { ...axial, file, net } as Record<string, unknown>;
        // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the text is the package's own documentation.
        const example = new Function(...Object.keys(names), `return (async () => { ${text} })()`) as (
          ...values: unknown[]
        ) => Promise<void>;
        await example(...Object.values(names));
        net.dispose();
      };
      await assert.doesNotReject(page.evaluate(run, [own, readFileSync(photo).toString("base64")] as const), name);
    }
    await page.context().close();
    server.close();
  });

  it("says what of TensorFlow.js it does without", async () => {
    const { server, address } = await serve(false);
    const page = await openPage();
    await page.goto(`${address}/empty.html`);
    const message = await page.evaluate(async () => {
      const { tf } = (await import(`${location.origin}/web.mjs`)) as typeof web;
      try {
        tf.layers.lstm({ units: 2 });
        return "";
      } catch (error) {
        return (error as Error).message;
      }
    });
    assert.equal(message, "axial-lab/web: TensorFlow.js must do without LSTM here; load @tensorflow/tfjs itself");
    await page.context().close();
    server.close();
  });

  it("turns a photo as its EXIF orientation says, converts wide colours, and takes its middle, as sharp does", async () => {
    const { server, address } = await serve(false);
    const [width, height, side] = [83, 59, 59];
    const raw = Uint8Array.from({ length: width * height * 3 }, (_, i) => 127 + 90 * Math.sin(i / 40 + 2 * (i % 3)) * Math.cos(i / 997)); // prettier-ignore
    const page = await openPage();
    await page.goto(`${address}/empty.html`);
    for (const [orientation, profile] of [[1], [3], [6], [8], [6, "p3"]] as const) {
      const upended = sharp(raw, { raw: { width, height, channels: 3 } }).withMetadata({ orientation });
      const jpeg = await (profile === undefined ? upended : upended.withIccProfile(profile))
        .jpeg({ quality: 95, chromaSubsampling: "4:4:4" })
        .toBuffer();
      const upright = await sharp(jpeg).rotate().raw().toBuffer({ resolveWithObject: true });
      const [left, top] = [(upright.info.width - side) / 2, (upright.info.height - side) / 2];
      const own = await page.evaluate(
        async ([base64, wanted]) => {
          const axial = (await import(`${location.origin}/web.mjs`)) as typeof web;
          const file = await (await fetch(`data:image/jpeg;base64,${base64}`)).blob();
          const { pixels } = await axial.preparePhoto(file, wanted);
          return [...pixels.data];
        },
        [jpeg.toString("base64"), side] as const,
      );
      let sum = 0;
      for (let y = 0; y < side; y++)
        for (let x = 0; x < side; x++)
          for (let c = 0; c < 3; c++) {
            const of = upright.data[((y + top) * upright.info.width + x + left) * 3 + c];
            sum += Math.abs(own[(y * side + x) * 4 + c] - of);
          }
      const mean = sum / (side * side * 3);
      assert.ok(mean < 1, `orientation ${orientation}, ${profile ?? "sRGB"}: ${mean} of 255 apart`);
    }
    await page.context().close();
    server.close();
  });
});
