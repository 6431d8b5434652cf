import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type * as tf from "@tensorflow/tfjs";
import { ConfigError, FileError } from "../../src/core/errors.js";
import * as engine from "../../src/engine/index.js";
import { create } from "../../src/models/index.js";
import {
  generatedPanoptic,
  mapQuality,
  panopticReport,
  readPanopticReport,
  segment,
  panopticSamples,
  writePanopticReport,
} from "../../src/panoptic/index.js";
import { evaluate, presets } from "../../src/training/index.js";
import { panopticSegmentation } from "../../src/panoptic/index.js";

const images = 5;
const size = 33;

describe("a panoptic report", () => {
  let folder: string;
  let model: tf.LayersModel;
  const data = generatedPanoptic({ validationCount: images, threads: 1 });
  before(async () => {
    await engine.start();
    folder = await mkdtemp(join(tmpdir(), "panoptic-report-"));
    model = create(presets["quick-start-panoptic"].model, { classes: data.classes.length, size, seed: 3 });
  });
  after(async () => {
    model.dispose();
    await data.close();
    await engine.stop();
    await rm(folder, { recursive: true });
  });

  it("has what evaluate measures, and the images in the order of their own quality", async () => {
    const seen: number[] = [];
    const report = await panopticReport(model, data, { size, onImage: (done, total) => seen.push(done / total) });
    const measured = await evaluate(model, data, {
      task: panopticSegmentation(),
      size,
      batchSize: images,
    });
    assert.deepEqual(report.figures.all, measured.all);
    assert.deepEqual(report.figures.meanIou, measured.meanIou);
    assert.deepEqual([seen.length, seen.at(-1)], [2 * images, 1]);
    const { classes, things } = data;
    const qualities = await Promise.all(
      (await panopticSamples(data, { count: images, size })).map(async ({ map, image }) => {
        const { height, width } = map;
        const found = await segment(model, { height, width, bytes: image.values }, { classes, things });
        return mapQuality(map, found.map, things).mean()!.pq;
      }),
    );
    const sorted = [...qualities].sort((a, b) => b - a);
    assert.deepEqual(
      report.shown.map(({ rank, quality }) => [rank, quality]),
      [
        ["best", sorted[0]],
        ["median", sorted[2]],
        ["worst", sorted[4]],
      ],
    );
    for (const { index, quality } of report.shown) assert.equal(quality, qualities[index]);
  });

  it("comes back from its files, photographs within what JPEG leaves", async () => {
    const report = await panopticReport(model, data, { size });
    const path = join(folder, "net.seed-1.test.json");
    await writePanopticReport(path, report);
    assert.equal((await readdir(folder)).length, 1 + 3 * 3);
    const again = await readPanopticReport(path);
    assert.deepEqual({ ...again, shown: [] }, { ...report, shown: [] });
    for (const [i, { image, prediction, ...rest }] of again.shown.entries()) {
      const { image: before, prediction: predicted, ...others } = report.shown[i];
      assert.deepEqual(rest, others);
      assert.deepEqual(prediction.ids, predicted.ids);
      for (const [j, { score, ...segment }] of prediction.segments.entries()) {
        const { score: whole, ...same } = predicted.segments[j];
        assert.deepEqual(segment, same);
        assert.ok(Math.abs(score! - whole!) <= 1e-3 * whole!);
      }
      const difference = image.values.reduce((sum, value, at) => sum + Math.abs(value - before.values[at]), 0);
      assert.deepEqual(image.shape, before.shape);
      assert.ok(difference / image.values.length < 12, String(difference / image.values.length));
    }
  });

  it("refuses what it cannot read, and names it", async () => {
    const none = join(folder, "none.json");
    await assert.rejects(readPanopticReport(none), FileError);
    const other = join(folder, "other.json");
    await writeFile(other, '{"size": 3}');
    await assert.rejects(
      readPanopticReport(other),
      /must hold figures and shown, got size in .*other\.json; give one that/,
    );
    const path = join(folder, "x.json");
    await writePanopticReport(path, await panopticReport(model, data, { size }));
    await rm(join(folder, "x.median.truth.png"));
    await assert.rejects(readPanopticReport(path), /labels must be readable, got ENOENT for .*x\.median\.truth\.png/);
    const report = await panopticReport(model, data, { size });
    await assert.rejects(writePanopticReport(join(folder, "x.txt"), report), ConfigError);
    await assert.rejects(
      panopticReport(model, data, { size, onimage: () => undefined } as never),
      /panopticReport: .*onimage/,
    );
  });
});
