import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { inflateRawSync } from "node:zlib";
import * as tf from "@tensorflow/tfjs";
import { packageFolder } from "../../src/core/version.js";
import { create } from "../../src/models/index.js";
import { decodeNet } from "../../src/web/net-file.js";
import { save } from "../../src/weights/index.js";

const folder = mkdtempSync(join(tmpdir(), "axial-export-"));
const file = join(folder, "weights.safetensors");
const run = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(packageFolder, "dist/src/cli/main.js"), "export", ...args], { encoding: "utf8" }); // prettier-ignore
  return { status, stdout, error: stderr.trim() };
};
const named = ["--model", "axial-resnet-26-s", "--classes", "3", "--size", "32"];

describe("axial-lab export", () => {
  before(async () => {
    await tf.setBackend("cpu");
    const model = create("axial-resnet-26-s", { classes: 3, size: 32, seed: 1 });
    await save(model, file);
    model.dispose();
  });
  after(() => rmSync(folder, { recursive: true }));

  it("writes a folder for TensorFlow.js, for images of the size that is asked for", () => {
    const out = join(folder, "plain");
    const { status, stdout, error } = run(file, out, ...named, "--to", "tfjs", "--images", "48");
    assert.equal(status, 0, error);
    assert.match(stdout, /^wrote .*plain \(\d+\.\d MB\)\n$/);
    const { modelTopology } = JSON.parse(readFileSync(join(out, "model.json"), "utf8")) as {
      modelTopology: { config: { layers: { config: { batch_input_shape?: unknown } }[] } };
    };
    assert.deepEqual(modelTopology.config.layers[0].config.batch_input_shape, [null, 48, 48, 3]);
  });

  it("writes a page beside the weights, named after the model, that holds them", () => {
    const { status, error } = run(file, ...named, "--to", "web");
    assert.equal(status, 0, error);
    const out = join(folder, "axial-resnet-26-s-web");
    assert.deepEqual(readdirSync(out).sort(), ["index.html", "live.js", "net.js", "net.safetensors"]);
    const net = decodeNet(readFileSync(join(out, "net.safetensors")), "net");
    assert.deepEqual([net.classes, net.size, net.crop], [["0", "1", "2"], 32, 1]);
    const [, packaged] = /"base64":"([^"]+)"/.exec(readFileSync(join(out, "net.js"), "utf8"))!;
    assert.deepEqual(inflateRawSync(Buffer.from(packaged, "base64")), readFileSync(join(out, "net.safetensors")));
  });

  it("refuses options of another form, and writes nothing", () => {
    const out = join(folder, "none");
    const cases: [string[], RegExp][] = [
      [["--to", "onnx", "--images", "32"], /images belongs to --to tfjs, got --to onnx --images 32/],
      [["--to", "tfjs", "--family", "torchvision"], /family belongs to --to safetensors, got --to tfjs/],
      [["--to", "tfjs", "--bits", "8"], /bits belongs to --to web, got --to tfjs --bits 8/],
      [["--to", "web", "--out", "elsewhere"], /out must be given once, got .*none and --out elsewhere/],
    ];
    for (const [args, message] of cases) {
      const { status, error } = run(file, out, ...named, ...args);
      assert.equal(status, 2, error);
      assert.match(error, message);
    }
    assert.equal(existsSync(out), false);
  });
});
