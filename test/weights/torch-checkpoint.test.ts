/*
 * The fixtures were written by PyTorch 2.15:
 *
 *   import torch, collections, os
 *   base = torch.arange(15, dtype=torch.float32).reshape(3, 5)
 *   state = collections.OrderedDict()
 *   state["module.weight"] = base
 *   state["module.transposed"] = base.t()
 *   state["module.slice"] = base[1:, 2:4]
 *   state["module.half"] = torch.tensor([0.5, -2.0], dtype=torch.float16)
 *   state["module.count"] = torch.tensor(7, dtype=torch.int64)
 *   state["module.parameter"] = torch.nn.Parameter(torch.tensor([1.5]))
 *   torch.save({"epoch": 3, "state_dict": state, "note": "x", "lr": 0.1, "flags": [True, None, (1, 2)]}, "torch-zip.pth")
 *   torch.save({"epoch": 3, "state_dict": state}, "torch-stream.pth", _use_new_zipfile_serialization=False)
 *   class Unsafe:
 *       def __reduce__(self): return (os.system, ("echo unsafe",))
 *   torch.save({"state_dict": {"weight": Unsafe()}}, "torch-unsafe.pth")
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { zipSync } from "fflate";
import { FileError } from "../../src/core/errors.js";
import { packageFolder } from "../../src/core/version.js";
import { fileBytes, memoryBytes } from "../../src/weights/byte-source.js";
import type { StoredTensor } from "../../src/weights/dtypes.js";
import { isReadable, type StateDict } from "../../src/weights/state-dict.js";
import { openTorchCheckpoint } from "../../src/weights/torch-checkpoint.js";

const fixture = (name: string): string => join(packageFolder, "test", "fixtures", "checkpoints", name);
const bytesOf = (name: string): Uint8Array => new Uint8Array(readFileSync(fixture(name)));
const open = (bytes: Uint8Array, where: string) => openTorchCheckpoint(memoryBytes(bytes), where);

/** The tensors of the first table in a checkpoint, all of them read. */
async function tensorsOf([first]: readonly StateDict[]): Promise<Map<string, StoredTensor>> {
  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of first.entries)
    if (isReadable(entry)) tensors.set(name, { dtype: entry.dtype, shape: entry.shape, data: await entry.read() });
  return tensors;
}
const decode = async (bytes: Uint8Array, where: string) => tensorsOf(await open(bytes, where));

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("a PyTorch checkpoint", () => {
  for (const name of ["torch-zip.pth", "torch-stream.pth"]) {
    it(`gives its tensors in row-major order, ${name}`, async () => {
      const dicts = await open(bytesOf(name), name);
      assert.deepEqual(
        dicts.map(({ keys }) => keys),
        [["state_dict"]],
      );
      const tensors = await tensorsOf(dicts);
      const names = ["weight", "transposed", "slice", "half", "count", "parameter"];
      assert.deepEqual([...tensors.keys()], names.map((own) => `module.${own}`)); // prettier-ignore
      const tensor = (own: string) => tensors.get(`module.${own}`)!;
      assert.deepEqual([...tensor("weight").data], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
      assert.deepEqual(tensor("transposed").shape, [5, 3]);
      assert.deepEqual([...tensor("transposed").data], [0, 5, 10, 1, 6, 11, 2, 7, 12, 3, 8, 13, 4, 9, 14]);
      assert.deepEqual([...tensor("slice").data], [7, 8, 12, 13]);
      assert.deepEqual([...tensor("half").data], [0x3800, 0xc000]);
      assert.deepEqual(tensor("count").shape, []);
      assert.deepEqual([...tensor("count").data], [7n]);
      assert.deepEqual([...tensor("parameter").data], [1.5]);
    });

    it(`cut off anywhere is one clear error, ${name}`, async () => {
      const bytes = bytesOf(name);
      for (let length = 0; length < bytes.length; length++)
        await assert.rejects(decode(bytes.subarray(0, length), "cut.pth"), FileError, `${length} bytes`);
    });

    it(`with any byte changed either loads or is one clear error, ${name}`, async () => {
      const bytes = bytesOf(name);
      for (let at = 0; at < bytes.length; at++) {
        for (const change of [0xff, 0x01]) {
          const changed = bytes.slice();
          changed[at] ^= change;
          try {
            for (const dict of await open(changed, "changed.pth")) await tensorsOf([dict]);
          } catch (error) {
            assert.ok(error instanceof FileError, `byte ${at}: ${String(error)}`);
          }
        }
      }
    });
  }

  it("that calls anything but tensors and containers has an unreadable entry in its place, named", async () => {
    const source = await fileBytes("weights", fixture("torch-unsafe.pth"));
    assert.deepEqual(await openTorchCheckpoint(source, "unsafe"), []);
    await source.close();
  });

  it("that is missing, or a folder, is an error that names it", async () => {
    await assert.rejects(
      fileBytes("weights", fixture("absent.pth")),
      /weights: the file must be readable, got .*absent\.pth/,
    );
    await assert.rejects(fileBytes("weights", fixture("")), { name: "FileError", message: /it is a folder/ });
  });

  it("without a pickle inside is refused", async () => {
    await assert.rejects(decode(zipSync({ "a/readme": ascii("x") }), "odd.zip"), /has no data\.pkl inside/);
  });

  it("that would unpack to far more than its own size is refused", async () => {
    const bomb = zipSync({ "a/data.pkl": new Uint8Array(1 << 20) }, { level: 9 });
    await assert.rejects(decode(bomb, "bomb.pth"), /unpacks to 1048576 bytes/);
  });

  describe("made by hand is refused for what is wrong with it:", () => {
    /** A zip archive whose pickle is this text, one byte a character, and whose storage "0" has these bytes. */
    const zip = (pickle: string, storage = 8) =>
      zipSync({ "a/data.pkl": Buffer.from(pickle, "latin1"), "a/data/0": new Uint8Array(storage) }, { level: 0 });
    /** {"w": a tensor of two float32 in storage "0"} */
    const tensor = ({ offset = "K\0", shape = "K\x02\x85", strides = "K\x01\x85" } = {}) =>
      "}U\x01wctorch._utils\n_rebuild_tensor_v2\n(" +
      `(U\x07storagectorch\nFloatStorage\nU\x010U\x03cpuK\x02tQ${offset}${shape}${strides}tRs.`;
    const stream = (...pickles: string[]) =>
      Buffer.from(["\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", ...pickles].join(""), "latin1");
    const cases: [string, Uint8Array, RegExp][] = [
      ["a value cut off", zip("\x80"), /ends inside a value at byte 1 of 1/],
      ["a name cut off", zip("ctorch"), /ends inside a line at byte 1/],
      ["nothing to give back", zip("\x80\x02."), /takes from an empty stack at byte 3/],
      ["nothing to remember", zip("q\0"), /takes from an empty stack at byte 2/],
      ["items without a beginning", zip("t"), /has no mark for the items at byte 1/],
      ["a memo never written", zip("h\x03"), /reads memo 3 before it is written/],
      ["an instruction of its own", zip("i"), /has the opcode 0x69 at byte 0, which weights do not need/],
      ["a negative size", zip(tensor({ shape: "J\xff\xff\xff\xff\x85" })), /has a size, stride or offset of -1/],
      ["an offset that is no number", zip(tensor({ offset: "N" })), /has a size, stride or offset of null/],
      ["a stride too many", zip(tensor({ strides: "K\x01K\x01\x86" })), /has a tensor of 1 axes with 2 strides/],
      ["a tensor beyond its storage", zip(tensor({ offset: "K\x01" })), /shape \[2\] beyond its storage of 2 elements/],
      ["a storage too short", zip(tensor(), 7), /has 7 bytes for a storage of 2 F32 elements/],
      ["an archive in pieces", Buffer.from("PK and no more of it"), /is no whole zip archive \(/],
      ["a storage not announced", stream("K\x01.", "}.", "}.", "]U\x019a."), /lists an unknown storage 9/],
    ];
    for (const [what, bytes, message] of cases)
      it(what, () =>
        assert.rejects(decode(bytes, "made.pth"), {
          name: "FileError",
          message: new RegExp(`^weights: made\\.pth .*${message.source}.*was not loaded$`),
        }),
      );

    it("and one with nothing wrong is read", async () => {
      assert.deepEqual((await decode(zip(tensor()), "made.pth")).get("w"), {
        ...{ dtype: "F32", shape: [2] },
        data: new Float32Array(2),
      });
    });
  });
});
