import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { FileError } from "../../src/core/errors.js";
import { toFloat32, type StoredTensor } from "../../src/weights/dtypes.js";
import { decodeSafetensors } from "../../src/weights/safetensors-format.js";
import { encodeSafetensors, readSafetensors, writeSafetensors } from "../../src/weights/safetensors.js";

/** A file with this header and these many bytes behind it. */
function file(header: unknown, bodyBytes = 0): Uint8Array {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const bytes = new Uint8Array(8 + Buffer.byteLength(text) + bodyBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(Buffer.byteLength(text)), true);
  bytes.set(Buffer.from(text), 8);
  return bytes;
}

const f32 = (shape: number[], begin: number, end: number) => ({ dtype: "F32", shape, data_offsets: [begin, end] });

describe("safetensors", () => {
  it("gives back every dtype, shape, name and metadata that was written, at any alignment", () => {
    const tensors = new Map<string, StoredTensor>([
      ["bytes", { dtype: "U8", shape: [3], data: Uint8Array.of(1, 2, 255) }],
      ["weights", { dtype: "F32", shape: [2, 1, 3], data: Float32Array.of(1, -2.5, 3e-40, NaN, Infinity, -0) }],
      ["double", { dtype: "F64", shape: [], data: Float64Array.of(Math.PI) }],
      ["big", { dtype: "I64", shape: [2], data: BigInt64Array.of(-1n, 2n ** 62n) }],
      ["none", { dtype: "I32", shape: [0, 5], data: new Int32Array(0) }],
      ["é __proto__", { dtype: "BOOL", shape: [1], data: Uint8Array.of(1) }],
    ]);
    const back = decodeSafetensors(encodeSafetensors({ tensors, metadata: { config: '{"a":1}' } }), "memory");
    assert.deepEqual([...back.tensors], [...tensors]);
    assert.deepEqual(back.metadata, { config: '{"a":1}' });
  });

  // safetensors 0.8, torch 2.15: import torch; from safetensors.torch import save; print(save({"a": torch.tensor([1., -2.])}).hex())
  it("writes the bytes of the reference implementation", () => {
    const ours = encodeSafetensors({
      tensors: new Map([["a", { dtype: "F32", shape: [2], data: Float32Array.of(1, -2) }]]),
      metadata: {},
    });
    const reference =
      "38000000000000007b2261223a7b226474797065223a22463332222c227368617065223a5b325d2c22646174615f6f66667365747" +
      "3223a5b302c385d7d7d20200000803f000000c0";
    assert.equal(Buffer.from(ours).toString("hex"), reference);
  });

  it("converts halves, bfloats and integers to float32", () => {
    const half = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0xfc00, 0x3555);
    assert.deepEqual(
      [...toFloat32({ dtype: "F16", shape: [6], data: half })],
      [1, -2, 2 ** -24, 65504, -Infinity, 0.333251953125],
    );
    const brain = Uint16Array.of(0x3f80, 0xc040, 0x4049);
    assert.deepEqual([...toFloat32({ dtype: "BF16", shape: [3], data: brain })], [1, -3, 3.140625]);
    assert.deepEqual([...toFloat32({ dtype: "I64", shape: [1], data: BigInt64Array.of(-7n) })], [-7]);
  });

  const malformed: [what: string, bytes: Uint8Array, message: RegExp][] = [
    ["an empty file", new Uint8Array(0), /must start with 8 bytes of header length, got 0 bytes/],
    ["a header longer than the file", file("{}").subarray(0, 9), /got a header of 2 bytes in a file of 9/],
    ["an absurd header length", new Uint8Array(64).fill(255), /got a header of 18446744073709551615 bytes/],
    ["a header that is no JSON", file("{'a'}"), /must have a JSON header/],
    ["a header that is no UTF-8", Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe), /must have a JSON header/],
    ["a header that is no object", file("[]"), /must have an object as header, got \[\]/],
    ["metadata that is no object", file({ __metadata__: 3 }), /object as __metadata__, got 3/],
    ["metadata that is no text", file({ __metadata__: { a: 3 } }), /text as __metadata__ "a"/],
    ["an entry that is no object", file({ a: 3 }), /describe "a" with an object, got 3/],
    ["an unknown dtype", file({ a: { ...f32([1], 0, 4), dtype: "F8" } }, 4), /dtype among F64, F32.*got "F8"/],
    ["an inherited name as dtype", file({ a: { ...f32([1], 0, 4), dtype: "toString" } }, 4), /got "toString"/],
    ["a negative size", file({ a: f32([-1], 0, 4) }, 4), /shape of whole numbers, got \[-1\]/],
    ["a missing shape", file({ a: { dtype: "F32", data_offsets: [0, 4] } }, 4), /got undefined/],
    ["offsets of the wrong length", file({ a: { ...f32([1], 0, 4), data_offsets: [0] } }, 4), /two data_offsets/],
    ["offsets that do not fit the shape", file({ a: f32([2], 0, 4) }, 4), /offsets for 8 bytes \(F32 \[2\]\), got 4/],
    ["sizes whose product overflows", file({ a: f32([2 ** 52, 2 ** 52], 0, 4) }, 4), /offsets for 8\.\d+e\+31 bytes/],
    ["a gap", file({ a: f32([1], 4, 8) }, 8), /without gap or overlap, got a at byte 4, not 0/],
    ["an overlap", file({ a: f32([1], 0, 4), b: f32([1], 0, 4) }, 4), /got b at byte 0, not 4/],
    ["a truncated tensor", file({ a: f32([3], 0, 12) }, 8), /got a ending at byte 12 of 8/],
    ["bytes after the last tensor", file({ a: f32([1], 0, 4) }, 7), /got 3 bytes more/],
  ];
  for (const [what, bytes, message] of malformed) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => decodeSafetensors(bytes, "x.safetensors"),
        (error: Error) => {
          assert.ok(error instanceof FileError);
          assert.match(error.message, message);
          assert.match(error.message, /^safetensors: x\.safetensors .*corrupt$/);
          return true;
        },
      );
    });
  }

  it("writes files whole and leaves nothing beside them", async () => {
    const folder = await mkdtemp(join(tmpdir(), "axial-"));
    try {
      const path = join(folder, "a.safetensors");
      const contents = (value: number) => ({
        tensors: new Map<string, StoredTensor>([["a", { dtype: "F32", shape: [1], data: Float32Array.of(value) }]]),
        metadata: {},
      });
      await writeSafetensors(path, contents(1));
      await writeSafetensors(path, contents(2));
      assert.deepEqual((await readSafetensors(path)).tensors.get("a")?.data, Float32Array.of(2));
      assert.deepEqual(await readdir(folder), ["a.safetensors"]);

      await writeFile(path, (await readFile(path)).subarray(0, -1));
      await assert.rejects(readSafetensors(path), FileError);
      await assert.rejects(
        readSafetensors(join(folder, "none")),
        /the file must be readable, got .*none.*give the path of a file/,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
