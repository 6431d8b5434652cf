import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { packageFolder } from "../../src/core/version.js";
import * as engine from "../../src/engine/index.js";
import { isCaseFile, readTrial } from "../../src/verification/index.js";
import { panopticTrial } from "../../src/verification/panoptic/index.js";

const folder = join(packageFolder, "test", "fixtures", "panoptic");

describe("the panoptic reference cases", () => {
  before(async () => void (await engine.start()));
  after(() => engine.stop());

  it("pass, every number within its limit, and leave no tensor behind", async () => {
    const files = (await readdir(folder)).filter(isCaseFile);
    const tensors = tf.memory().numTensors;
    let comparisons = 0;
    for (const file of files) {
      const report = await (await readTrial(join(folder, file))).verify();
      assert.equal(report.verdict, "passed", `${file}: ${report.reason} ${JSON.stringify(report.worst)}`);
      comparisons += report.comparisons.length;
    }
    assert.ok(files.length >= 12 && comparisons >= 1500, `${files.length} files, ${comparisons} comparisons`);
    assert.equal(tf.memory().numTensors, tensors);
  });

  it("fail by one number that is not as stored", async () => {
    const temporary = await mkdtemp(join(tmpdir(), "panoptic-"));
    try {
      const path = join(temporary, "panoptic-metrics-miou.json");
      const pixels = [[0, 1, 1]];
      const right = { num_classes: 2, ignore_label: 255, images: [{ gt: pixels, pred: [[0, 1, 0]] }] };
      const stored = {
        confusion: [
          [1, 0],
          [1, 1],
        ],
        iou: [0.5, 0.5],
        miou: 0.5,
        bowen: { pACC: 200 / 3 },
      };
      await writeFile(path, JSON.stringify({ ...right, ...stored }));
      assert.equal((await (await readTrial(path)).verify()).verdict, "passed");
      await writeFile(path, JSON.stringify({ ...right, ...stored, miou: 0.51 }));
      const report = await (await readTrial(path)).verify();
      assert.equal(report.verdict, "failed");
      assert.equal(report.worst!.tensor, "mean");
    } finally {
      await rm(temporary, { recursive: true });
    }
  });

  it("are told from other files", async () => {
    assert.equal(await panopticTrial("saaxial-layer-height.safetensors", "saaxial-layer-height"), null);
    await assert.rejects(
      readTrial("notes.json"),
      /^FileError: verify: a \.json case must be one of metrics, got notes\.json/,
    );
    assert.deepEqual(["a.safetensors", "panoptic-metrics-pq.json", "facts.json"].map(isCaseFile), [true, true, false]);
  });
});
