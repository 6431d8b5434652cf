import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { after, describe, it } from "node:test";
import { load } from "../../src/weights/index.js";
import { smallLayer } from "./checkpoints/kinds.js";

const folder = mkdtempSync(join(tmpdir(), "axial-lab-foreign-"));
after(() => rmSync(folder, { recursive: true }));

describe("what is no file of weights", () => {
  const tar = Buffer.alloc(1024);
  tar.write("weights.pth");
  tar.write("ustar", 257);
  const files: readonly (readonly [what: string, bytes: Buffer | string, message: RegExp])[] = [
    ["a pointer of Git LFS", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n", /Git LFS; .*git lfs pull/],
    ["a web page", "<!doctype html><title>404</title>", /is a page of HTML or XML; download the file itself/],
    ["compressed by gzip", gzipSync("weights"), /is compressed by gzip; unpack it first$/],
    ["a tar archive", tar, /is a tar archive; unpack it first$/],
    ["Keras' own", Buffer.from("\x89HDF\r\n\x1a\n", "latin1"), /is HDF5, as Keras writes it; save its weights as/],
    ["an array of NumPy", Buffer.from("\x93NUMPY\x01", "latin1"), /is a NumPy array; save all arrays with/],
  ];
  for (const [what, bytes, message] of files)
    it(`${what}, is named, with what to do`, async () => {
      const path = join(folder, "weights.pth");
      writeFileSync(path, bytes);
      const text = /^weights: .*weights\.pth must be safetensors or a PyTorch checkpoint, got one that is [^;]+; ./;
      await assert.rejects(load(smallLayer(), path), (error: Error) => {
        assert.equal(error.name, "FileError");
        assert.match(error.message, text);
        assert.match(error.message, message);
        return true;
      });
    });
});
