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
import { decodeTorchCheckpoint, readTorchCheckpoint } from "../../src/weights/torch-checkpoint.js";

const fixture = (name: string): string => join(packageFolder, "test", "fixtures", name);
const bytesOf = (name: string): Uint8Array => new Uint8Array(readFileSync(fixture(name)));
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("a PyTorch checkpoint", () => {
  for (const name of ["torch-zip.pth", "torch-stream.pth"]) {
    it(`gives its tensors in row-major order, ${name}`, async () => {
      const tensors = await readTorchCheckpoint(fixture(name));
      assert.deepEqual([...tensors.keys()], ["weight", "transposed", "slice", "half", "count", "parameter"]);
      assert.deepEqual([...tensors.get("weight")!.data], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
      assert.deepEqual(tensors.get("transposed")!.shape, [5, 3]);
      assert.deepEqual([...tensors.get("transposed")!.data], [0, 5, 10, 1, 6, 11, 2, 7, 12, 3, 8, 13, 4, 9, 14]);
      assert.deepEqual([...tensors.get("slice")!.data], [7, 8, 12, 13]);
      assert.deepEqual([...tensors.get("half")!.data], [0x3800, 0xc000]);
      assert.deepEqual(tensors.get("count")!.shape, []);
      assert.deepEqual([...tensors.get("count")!.data], [7n]);
      assert.deepEqual([...tensors.get("parameter")!.data], [1.5]);
    });

    it(`cut off anywhere is one clear error, ${name}`, () => {
      const bytes = bytesOf(name);
      for (let length = 0; length < bytes.length; length++)
        assert.throws(() => decodeTorchCheckpoint(bytes.subarray(0, length), "cut.pth"), FileError, `${length} bytes`);
    });

    it(`with any byte changed either loads or is one clear error, ${name}`, () => {
      const bytes = bytesOf(name);
      for (let at = 0; at < bytes.length; at++) {
        for (const change of [0xff, 0x01]) {
          const changed = bytes.slice();
          changed[at] ^= change;
          try {
            decodeTorchCheckpoint(changed, "changed.pth");
          } catch (error) {
            assert.ok(error instanceof FileError, `byte ${at}: ${String(error)}`);
          }
        }
      }
    });
  }

  it("that calls anything but tensors and containers is refused by the name of what it calls", async () => {
    await assert.rejects(readTorchCheckpoint(fixture("torch-unsafe.pth")), {
      name: "FileError",
      message: /posix\.system, which is not on the list of allowed names/,
    });
  });

  it("that is missing is an error that names it", async () => {
    await assert.rejects(readTorchCheckpoint(fixture("absent.pth")), {
      name: "FileError",
      message: /cannot read .*absent\.pth/,
    });
  });

  it("without tensors says which keys it has", () => {
    // {"epoch": 3}
    const pickle = new Uint8Array([0x80, 2, 0x7d, 0x58, 5, 0, 0, 0, ...ascii("epoch"), 0x4b, 3, 0x73, 0x2e]);
    assert.throws(() => decodeTorchCheckpoint(zipSync({ "a/data.pkl": pickle }, { level: 0 }), "no.pth"), {
      name: "FileError",
      message: /holds no tensors .* got epoch/,
    });
  });

  it("without a pickle inside is refused", () => {
    assert.throws(
      () => decodeTorchCheckpoint(zipSync({ "a/readme": ascii("x") }), "odd.zip"),
      /has no data\.pkl inside/,
    );
  });

  it("that would unpack to far more than its own size is refused", () => {
    const bomb = zipSync({ "a/data.pkl": new Uint8Array(1 << 20) }, { level: 9 });
    assert.throws(() => decodeTorchCheckpoint(bomb, "bomb.pth"), /unpacks to 1048576 bytes/);
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
      ["a storage that is called", zip("ctorch\nFloatStorage\n)R."), /calls torch\.FloatStorage, a storage class/],
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
        assert.throws(() => decodeTorchCheckpoint(bytes, "made.pth"), {
          name: "FileError",
          message: new RegExp(`^weights: made\\.pth .*${message.source}.*was not loaded$`),
        }),
      );

    it("and one with nothing wrong is read", () => {
      assert.deepEqual(decodeTorchCheckpoint(zip(tensor()), "made.pth").get("w"), {
        ...{ dtype: "F32", shape: [2] },
        data: new Float32Array(2),
      });
    });
  });
});
