/** Files beyond what one buffer, one read and 32 bits of a zip archive hold: sparse ones, which take no room on the disk. */
import assert from "node:assert/strict";
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { fileBytes } from "../../src/weights/byte-source.js";
import { encodeSafetensors, load, save, readSafetensors } from "../../src/weights/index.js";
import { isReadable } from "../../src/weights/state-dict.js";
import { openTorchCheckpoint } from "../../src/weights/torch-checkpoint.js";
import { fill, smallLayer } from "./checkpoints/kinds.js";

/** Writes parts one after the other; a number is so many bytes of nothing. Gives where each part begins. */
function writeSparse(path: string, parts: readonly (Uint8Array | number)[]): number[] {
  const file = openSync(path, "w");
  let at = 0;
  const starts = parts.map((part) => {
    const start = at;
    if (typeof part !== "number") writeSync(file, part, 0, part.length, at);
    at += typeof part === "number" ? part : part.length;
    return start;
  });
  ftruncateSync(file, at);
  closeSync(file);
  return starts;
}

/** Little-endian numbers, each as [value, bytes]. */
function fields(...values: readonly (readonly [value: number, bytes: number])[]): Uint8Array {
  return Buffer.concat(
    values.map(([value, bytes]) => {
      const field = Buffer.alloc(8);
      field.writeBigUInt64LE(BigInt(value));
      return field.subarray(0, bytes);
    }),
  );
}

/** An archive of stored entries with 64-bit sizes, as PKWARE's APPNOTE 6.3, sections 4.3 and 4.5.3, describes them. */
function zip64(entries: readonly { name: string; parts: readonly (Uint8Array | number)[] }[]): (Uint8Array | number)[] {
  const all: (Uint8Array | number)[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  const add = (part: Uint8Array | number): void => {
    all.push(part);
    at += typeof part === "number" ? part : part.length;
  };
  const none = 0xffffffff;
  for (const { name, parts } of entries) {
    const size = parts.reduce<number>((sum, part) => sum + (typeof part === "number" ? part : part.length), 0);
    const text = Buffer.from(name);
    const start = at;
    const extra = fields([1, 2], [16, 2], [size, 8], [size, 8]);
    const common = [[45, 2], [0, 2], [0, 2], [0, 4], [0, 4], [none, 4], [none, 4], [text.length, 2]] as const; // prettier-ignore
    add(Buffer.concat([fields([0x04034b50, 4], ...common, [extra.length, 2]), text, extra]));
    parts.forEach(add);
    const longExtra = fields([1, 2], [24, 2], [size, 8], [size, 8], [start, 8]);
    const tail = [
      [longExtra.length, 2],
      [0, 2],
      [0, 2],
      [0, 2],
      [0, 4],
      [none, 4],
    ] as const;
    directory.push(fields([0x02014b50, 4], [45, 2], ...common, ...tail), text, longExtra);
  }
  const start = at;
  const bytes = Buffer.concat(directory);
  add(bytes);
  const count = entries.length;
  const end = at;
  add(fields([0x06064b50, 4], [44, 8], [45, 2], [45, 2], [0, 4], [0, 4], [count, 8], [count, 8], [bytes.length, 8], [start, 8])); // prettier-ignore
  add(fields([0x07064b50, 4], [0, 4], [end, 8], [1, 4]));
  add(fields([0x06054b50, 4], [0, 2], [0, 2], [count, 2], [count, 2], [none, 4], [none, 4], [0, 2]));
  return all;
}

describe("a file of weights that is larger than 2 GiB", () => {
  const folder = mkdtempSync(join(tmpdir(), "axial-lab-large-"));
  const path = join(folder, "large");
  before(() => tf.setBackend("cpu"));
  after(() => rmSync(folder, { recursive: true }));

  it("is read by ranges: safetensors with 2.5 GB before the weights", async () => {
    const [layer, other] = [smallLayer(), smallLayer()];
    fill(layer);
    await save(layer, path, { family: "csrhddlam" });
    const { tensors } = await readSafetensors(path);
    const whole = Buffer.from(encodeSafetensors({ tensors, metadata: {} }));
    const headerBytes = Number(whole.readBigUInt64LE(0));
    const header = JSON.parse(whole.subarray(8, 8 + headerBytes).toString()) as Record<
      string,
      { data_offsets: number[] }
    >;
    const gap = 2_500_000_000;
    for (const entry of Object.values(header)) entry.data_offsets = entry.data_offsets.map((at) => at + gap);
    const text = Buffer.from(
      JSON.stringify({ ...header, codes: { dtype: "U8", shape: [gap], data_offsets: [0, gap] } }),
    );
    writeSparse(path, [fields([text.length, 8]), text, gap, whole.subarray(8 + headerBytes)]);
    const report = await load(other, path);
    assert.deepEqual([report.missing, report.unexpected], [[], ["codes"]]);
    const numbers = (from: tf.layers.Layer) => from.weights.map((weight) => [...weight.read().dataSync()]);
    assert.deepEqual(numbers(other), numbers(layer));
  });

  it("is read by ranges: a checkpoint with a storage of more than 4 GiB, of which a tensor is the end", async () => {
    const offset = 2 ** 30;
    const int = (value: number) => `J${Buffer.from(fields([value, 4])).toString("latin1")}`;
    const pickle =
      "}U\x01wctorch._utils\n_rebuild_tensor_v2\n(" +
      `(U\x07storagectorch\nFloatStorage\nU\x010U\x03cpu${int(offset + 2)}tQ${int(offset)}K\x02\x85K\x01\x85tRs.`;
    const ending = new Uint8Array(Float32Array.of(1.5, -2.5).buffer);
    const entries = [
      { name: "a/data.pkl", parts: [Buffer.from(pickle, "latin1")] },
      { name: "a/data/0", parts: [offset * 4, ending] },
    ];
    writeSparse(path, zip64(entries));
    const source = await fileBytes("weights", path);
    try {
      const entry = (await openTorchCheckpoint(source, path))[0].entries.get("w")!;
      assert.ok(isReadable(entry));
      assert.deepEqual(await entry.read(), Float32Array.of(1.5, -2.5));
    } finally {
      await source.close();
    }
  });

  it("that ends inside a tensor is an error before anything is read", async () => {
    const text = Buffer.from(JSON.stringify({ a: { dtype: "U8", shape: [3e9], data_offsets: [0, 3e9] } }));
    writeSparse(path, [fields([text.length, 8]), text, 2.9e9]);
    await assert.rejects(load(smallLayer(), path), /got a ending at byte 3000000000 of 2900000000/);
  });
});
