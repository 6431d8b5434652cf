import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { packageFolder } from "../../src/core/version.js";
import { load, readSafetensors, save, writeSafetensors, type StoredTensor } from "../../src/weights/index.js";
import { fill, smallLayer } from "./checkpoints/kinds.js";

const folder = mkdtempSync(join(tmpdir(), "axial-lab-shards-"));
const file = (name: string): string => join(folder, name);
const shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
const numbersOf = (layer: tf.layers.Layer): number[][] => layer.weights.map((weight) => [...weight.read().dataSync()]);

describe("weights in several files", () => {
  let expected: number[][];
  let parts: readonly (readonly [string, StoredTensor])[][];
  let map: Record<string, string>;
  const index = (name: string, weights: unknown) =>
    writeFileSync(file(name), JSON.stringify({ metadata: { total_size: 1 }, weight_map: weights }));

  before(async () => {
    await tf.setBackend("cpu");
    const layer = smallLayer();
    fill(layer);
    expected = numbersOf(layer);
    await save(layer, file("whole.safetensors"), { family: "csrhddlam" });
    const all = [...(await readSafetensors(file("whole.safetensors"))).tensors];
    parts = [all.filter((_, i) => i % 3 > 0), all.filter((_, i) => i % 3 === 0)];
    for (const [i, part] of parts.entries())
      await writeSafetensors(file(shards[i]), { tensors: new Map(part), metadata: { format: "pt" } });
    map = Object.fromEntries(parts.flatMap((part, i) => part.map(([name]) => [name, shards[i]])));
    index("model.safetensors.index.json", map);
  });
  after(() => rmSync(folder, { recursive: true }));

  it("are loaded by their index, whole", async () => {
    const layer = smallLayer();
    const { missing, unexpected, place } = await load(layer, file("model.safetensors.index.json"));
    assert.deepEqual({ missing, unexpected, place }, { missing: [], unexpected: [], place: "" });
    assert.deepEqual(numbersOf(layer), expected);
  });

  it("are found behind a prefix, and by an index with a byte order mark", async () => {
    const prefixed = (name: string) => `backbone.${name}`;
    for (const [i, part] of parts.entries()) {
      const tensors = new Map(part.map(([name, tensor]) => [prefixed(name), tensor]));
      await writeSafetensors(file(`p${i}.safetensors`), { tensors, metadata: {} });
    }
    const own = Object.fromEntries(parts.flatMap((part, i) => part.map(([name]) => [prefixed(name), `p${i}.safetensors`]))); // prettier-ignore
    writeFileSync(file("p.index.json"), `\uFEFF\n ${JSON.stringify({ weight_map: own })}`);
    const layer = smallLayer();
    assert.equal((await load(layer, file("p.index.json"))).place, "backbone");
    assert.deepEqual(numbersOf(layer), expected);
  });

  it("may be PyTorch's own files", async () => {
    const fixture = join(packageFolder, "test", "fixtures", "checkpoints", "torch-zip.pth");
    copyFileSync(fixture, file("pytorch_model-00001-of-00001.bin"));
    index("pytorch_model.bin.index.json", { nowhere: "pytorch_model-00001-of-00001.bin" });
    await assert.rejects(load(smallLayer(), file("pytorch_model.bin.index.json")), {
      message: /the files of an index must hold what it says, got .*00001\.bin without nowhere, which .*; download all/,
    });
  });

  it("are refused one by one, by what to give", async () => {
    const message = /must fit the model as csrhddlam, got \d+ missing .*; it is one of several files: give their index/;
    await assert.rejects(load(smallLayer(), file(shards[0])), { name: "FileError", message });
  });

  const wrong: readonly (readonly [string, unknown, RegExp])[] = [
    ["without a table", undefined, /must be JSON with weight_map, .*, got none in .*; give the file/],
    ["of no names", {}, /got no names in/],
    ["that names no file", { a: 3 }, /got 3 for a in/],
    ["that leads out of its folder", { a: "../a.safetensors" }, /got the file \.\.\/a\.safetensors elsewhere/],
    ["that leads to the root", { a: "/a.safetensors" }, /got the file \/a\.safetensors elsewhere/],
    ["of a file that is not there", { a: "gone.safetensors" }, /the file must be readable, got .*gone\.safetensors/],
  ];
  for (const [what, weights, message] of wrong)
    it(`of an index ${what} are refused`, async () => {
      index("wrong.index.json", weights);
      await assert.rejects(load(smallLayer(), file("wrong.index.json")), { name: "FileError", message });
    });

  it("of an index that is cut off are refused", async () => {
    writeFileSync(file("cut.index.json"), '{"weight_map": {"a');
    await assert.rejects(load(smallLayer(), file("cut.index.json")), /an index must be JSON with weight_map/);
  });

  it("of an index that names itself are refused", async () => {
    index("loop.index.json", { a: "loop.index.json" });
    await assert.rejects(load(smallLayer(), file("loop.index.json")), /must be a whole PyTorch checkpoint/);
  });
});
