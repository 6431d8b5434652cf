import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";

describe("models in files", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "file-models-"));
  before(async () => void (await engine.start({ threads: 2 })));
  after(async () => {
    await engine.stop();
    rmSync(folder, { recursive: true });
  });

  const network = () =>
    tf.sequential({
      layers: [
        tf.layers.conv2d({ filters: 3, kernelSize: 2, inputShape: [5, 7, 2], activation: "relu" }),
        tf.layers.flatten(),
        tf.layers.dense({ units: 11 }),
      ],
    });

  for (const [kind, url] of [
    ["an absolute URL", pathToFileURL(path.join(folder, "with space")).href],
    ["a relative path", `file://${path.relative(process.cwd(), path.join(folder, "relative"))}`],
    ["a path after two slashes", `file://${path.join(folder, "plain")}`],
  ])
    it(`come back from ${kind} with what they compute`, async () => {
      const model = network();
      const x = tf.randomNormal([3, 5, 7, 2], 0, 1, "float32", 13);
      const expected = model.predict(x) as tf.Tensor;
      const { modelArtifactsInfo } = await model.save(url);
      assert.equal(modelArtifactsInfo.weightDataBytes, 4 * model.countParams());
      const loaded = await tf.loadLayersModel(`${url}/model.json`);
      const actual = loaded.predict(x) as tf.Tensor;
      assert.deepEqual(actual.dataSync(), expected.dataSync());
      tf.dispose([x, expected, actual]);
      model.dispose();
      loaded.dispose();
    });

  it("are two files in a folder, without a third", async () => {
    const model = network();
    await model.save(`file://${path.join(folder, "two")}`);
    assert.deepEqual(readdirSync(path.join(folder, "two")).sort(), ["model.json", "weights.bin"]);
    model.dispose();
  });

  it("name what is missing, or is no model", async () => {
    await assert.rejects(tf.loadLayersModel(`file://${folder}/none.json`), /FileError|must be readable, got ENOENT/);
    const other = path.join(folder, "other.json");
    writeFileSync(other, JSON.stringify({ name: "axial-lab" }));
    await assert.rejects(
      tf.loadLayersModel(`file://${other}`),
      /must hold modelTopology and weightsManifest, got .*other/,
    );
    writeFileSync(other, "no JSON");
    await assert.rejects(tf.loadLayersModel(`file://${other}`), /must hold modelTopology/);
  });
});
