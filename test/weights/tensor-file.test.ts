import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { load, readSafetensors, save, writeSafetensors } from "../../src/weights/index.js";
import { fill, smallLayer } from "./checkpoints/kinds.js";

const folder = mkdtempSync(join(tmpdir(), "axial-lab-tensor-file-"));
before(() => tf.setBackend("cpu"));
after(() => rmSync(folder, { recursive: true }));

describe("a folder in the place of a file of weights", () => {
  const folders: readonly (readonly [names: readonly string[], remedy: RegExp])[] = [
    [["config.json", "model.safetensors"], /got the folder .*; give .*model\.safetensors$/],
    [["model-1.safetensors", "model.safetensors.index.json"], /; give .*model\.safetensors\.index\.json$/],
    [["pytorch_model.bin", "optimizer.bin"], /; give .*pytorch_model\.bin$/],
    [[".metadata", "__0_0.distcp"], /; join its parts first: python -m torch\.distributed\..* dcp_to_torch .*\.pth$/],
    [["notes.txt"], /; give a file in it$/],
  ];
  for (const [i, [names, message]] of folders.entries())
    it(`with ${names.join(" and ")} is refused by what to give`, async () => {
      const own = join(folder, String(i));
      mkdirSync(own);
      for (const name of names) writeFileSync(join(own, name), "");
      await assert.rejects(load(smallLayer(), own), { name: "FileError", message });
    });
});

describe("weights that share their numbers", () => {
  it("are written once, and found under the names that the file says they have too", async () => {
    const layer = smallLayer();
    fill(layer);
    const path = join(folder, "tied.safetensors");
    await save(layer, path, { family: "csrhddlam" });
    const { tensors } = await readSafetensors(path);
    const rest = [...tensors].filter(([name]) => name !== "bn_qkv.weight");
    const kept = new Map([...rest, ["encoder.weight", tensors.get("bn_qkv.weight")!]]);
    await writeSafetensors(path, { tensors: kept, metadata: { format: "pt", "bn_qkv.weight": "encoder.weight" } });
    const other = smallLayer();
    const { missing } = await load(other, path, { ignore: ["encoder"] });
    assert.deepEqual(missing, []);
    const numbers = (of: tf.layers.Layer) => of.weights.map((weight) => [...weight.read().dataSync()]);
    assert.deepEqual(numbers(other), numbers(layer));
  });
});
