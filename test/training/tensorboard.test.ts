import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import * as engine from "../../src/engine/index.js";
import { train, type RunEvent, type RunStarted } from "../../src/training/index.js";
import { crc32c, createEventRecorder, scalarsRecord } from "../../src/training/tensorboard.js";
import { temporaryFolder, tinyData, tinyModel, tinySettings } from "./tiny.js";

before(() => engine.start({ threads: 1 }));
after(() => engine.stop());

/** Records without their checksums, which must be right. */
function recordsOf(file: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at < file.length;) {
    const length = Number(file.readBigUInt64LE(at));
    const data = file.subarray(at + 12, at + 12 + length);
    const mask = (crc: number) => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
    assert.equal(file.readUInt32LE(at + 8), mask(crc32c(file.subarray(at, at + 8))));
    assert.equal(file.readUInt32LE(at + 12 + length), mask(crc32c(data)));
    records.push(data);
    at += 16 + length;
  }
  return records;
}

describe("an event file", () => {
  it("has CRC-32C checksums, by the vectors of RFC 3720", () => {
    assert.equal(crc32c(Buffer.from("123456789")), 0xe3069283);
    assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa);
    assert.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43);
  });

  it("holds a step and its scalars as protocol buffers", () => {
    // Read back by TensorBoard 2.21: tag "a/b", step 300, value 1.5, time 2.
    const expected = [
      ...[0x09, 0, 0, 0, 0, 0, 0, 0, 0x40], // 1: double 2
      ...[0x10, 0xac, 0x02], // 2: varint 300
      ...[0x2a, 0x0c, 0x0a, 0x0a], // 5: Summary { 1: Value
      ...[0x0a, 0x03, 0x61, 0x2f, 0x62, 0x15, 0, 0, 0xc0, 0x3f], // 1: "a/b", 2: float 1.5
    ];
    assert.deepEqual([...recordsOf(scalarsRecord(2, 300, { "a/b": 1.5 }))[0]], expected);
  });

  it("begins with its version and counts time from the start by the seconds of the events", () => {
    const record = createEventRecorder();
    const start = { event: "start", time: "2026-01-01T00:00:00.000Z", config: { batchSize: 8 } } as RunStarted;
    const began = Date.parse(start.time) / 1000;
    const [version] = recordsOf(record(start));
    assert.ok(version.includes("brain.Event:2") && version.readDoubleLE(1) === began);
    const step = { event: "step", step: 1, loss: 1, learningRate: 1, imagesPerSecond: 4 } as RunEvent;
    assert.equal(recordsOf(record(step))[0].readDoubleLE(1), began + 2);
    const epoch = {
      event: "epoch",
      step: 1,
      seconds: 5,
      size: 9,
      training: { loss: 1 },
      validation: {},
    } as unknown as RunEvent;
    assert.equal(recordsOf(record(epoch))[0].readDoubleLE(1), began + 5);
  });
});

describe("logs beside log.jsonl", () => {
  it("have a row or record for each event, and are as whole after a resume as without an interruption", async () => {
    const [whole, halved, data] = [temporaryFolder(), temporaryFolder(), tinyData()];
    const settings = { ...tinySettings, data, logs: ["csv", "tensorboard"] as const };
    await train({ ...settings, model: tinyModel(), out: whole });
    const controller = new AbortController();
    const onEvent = (event: RunEvent) => event.event === "step" && event.step === 8 && controller.abort();
    await train({ ...settings, model: tinyModel(), out: halved, signal: controller.signal, onEvent });
    await train({ model: tinyModel(), data, resume: halved });

    const table = (folder: string, name: string) =>
      readFileSync(join(folder, name), "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => line.split(","));
    const steps = table(whole, "steps.csv");
    assert.deepEqual(steps[0], [
      "step",
      "epoch",
      "loss",
      "learningRate",
      "imagesPerSecond",
      "waited",
      "gradientNorm",
      "exchanging",
      "overlapped",
    ]);
    assert.equal(steps.length, 16);
    const losses = (folder: string) => table(folder, "steps.csv").map((row) => row[2]);
    assert.deepEqual(losses(halved), losses(whole));
    const epochs = table(whole, "epochs.csv");
    assert.ok(epochs.length === 4 && ["training.top1", "validation.top5"].every((name) => epochs[0].includes(name)));
    const events = (folder: string) => recordsOf(readFileSync(join(folder, "events.out.tfevents.0.axial-lab")));
    assert.equal(events(whole).length, 1 + 15 + 3);
    assert.equal(events(halved).length, 2 + 15 + 3);
  });

  it("refuse a format that there is not", async () => {
    await assert.rejects(
      train({ ...tinySettings, model: tinyModel(), data: tinyData(), logs: ["wandb" as "csv"] }),
      /^ConfigError: train: logs must be of csv, tensorboard, got "wandb"; leave it out$/,
    );
  });
});
