import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import * as tar from "tar";
import { unpack } from "../../src/data/unpack.js";
import type { Progress } from "../../src/data/dataset.js";

interface Entry {
  readonly path: string;
  readonly type?: "File" | "Directory" | "SymbolicLink" | "Link" | "CharacterDevice" | "BlockDevice" | "FIFO";
  readonly linkpath?: string;
  readonly content?: string;
}

/** An archive written field by field, since no tool would write these. */
function archiveOf(entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap(({ path, type = "File", linkpath, content = "" }) => {
    const header = new tar.Header({ path, type, linkpath, size: content.length, mode: 0o644, mtime: new Date(0) });
    const block = Buffer.alloc(512);
    header.encode(block);
    const body = Buffer.alloc(Math.ceil(content.length / 512) * 512);
    body.write(content);
    return [block, body];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

describe("unpack", () => {
  const root = mkdtempSync(join(tmpdir(), "axial-unpack-"));
  after(() => rmSync(root, { recursive: true }));

  /** Unpacks these bytes into a folder of their own; gives that folder and the error. */
  async function attempt(bytes: Uint8Array, onProgress?: (progress: Progress) => void) {
    const folder = mkdtempSync(join(root, "case-"));
    const archive = join(folder, "a.tgz");
    writeFileSync(archive, bytes);
    const to = join(folder, "out", "images");
    const error = await unpack({ archive, to, onProgress }).then(
      () => null,
      (reason: Error) => reason,
    );
    return { folder, archive, to, error };
  }
  const good: Entry[] = [{ path: "a/", type: "Directory" }, { path: "a/b/c.txt", content: "hello" }, { path: "d.txt" }];

  it("unpacks files and folders, and tells how far it is", async () => {
    const progress: Progress[] = [];
    const { to, error } = await attempt(archiveOf(good), (state) => progress.push(state));
    assert.equal(error, null);
    assert.equal(readFileSync(join(to, "a/b/c.txt"), "utf8"), "hello");
    assert.equal(readFileSync(join(to, "d.txt"), "utf8"), "");
    const { task, what, unit, done, total } = progress.at(-1) as Progress;
    assert.deepEqual([task, what, unit, done], ["unpack", "a.tgz", "bytes", total]);
  });

  it("unpacks into an empty folder", async () => {
    const archive = join(root, "good.tgz");
    writeFileSync(archive, archiveOf(good));
    const to = join(root, "empty");
    mkdirSync(to);
    await unpack({ archive, to });
    assert.deepEqual(readdirSync(to).sort(), ["a", "d.txt"]);
  });

  const refused: [name: string, entry: Entry, reason: string][] = [
    ["paths outside its folder", { path: "../evil.txt", content: "x" }, 'a path outside its folder, "../evil.txt"'],
    [
      "paths that leave later",
      { path: "a/../../evil.txt", content: "x" },
      'a path outside its folder, "a/../../evil.txt"',
    ],
    ["absolute paths", { path: "/evil.txt", content: "x" }, 'an absolute path, "/evil.txt"'],
    ["paths with a drive", { path: "C:evil.txt", content: "x" }, 'an absolute path, "C:evil.txt"'],
    ["backslashes that leave", { path: "..\\evil.txt", content: "x" }, 'a path outside its folder, "..\\\\evil.txt"'],
    ["symbolic links", { path: "link", type: "SymbolicLink", linkpath: "../.." }, 'a SymbolicLink, "link"'],
    ["hard links", { path: "link", type: "Link", linkpath: "d.txt" }, 'a Link, "link"'],
    ["character devices", { path: "null", type: "CharacterDevice" }, 'a CharacterDevice, "null"'],
    ["block devices", { path: "disk", type: "BlockDevice" }, 'a BlockDevice, "disk"'],
    ["pipes", { path: "pipe", type: "FIFO" }, 'a FIFO, "pipe"'],
  ];
  for (const [name, entry, reason] of refused) {
    it(`refuses ${name} and leaves nothing behind`, async () => {
      const { folder, archive, error } = await attempt(archiveOf([...good, entry, { path: "e.txt", content: "y" }]));
      assert.equal(error?.name, "FileError");
      assert.equal(
        error.message,
        `unpack: an archive must hold files and folders only, got ${reason}, in ${archive}; use one from its publisher`,
      );
      assert.deepEqual(readdirSync(join(folder, "out")), []);
      assert.equal(existsSync(join(folder, "evil.txt")) || existsSync(join(root, "evil.txt")), false);
    });
  }

  it("refuses truncated archives, other files and empty ones", async () => {
    const whole = archiveOf([...good, { path: "long.txt", content: "xyz".repeat(10_000) }]);
    const plain = Buffer.from("not an archive");
    for (const bytes of [
      whole.subarray(0, whole.length - 20),
      whole.subarray(0, 60),
      plain,
      gzipSync(plain),
      Buffer.alloc(0),
    ]) {
      const { folder, error } = await attempt(bytes);
      assert.equal(error?.name, "FileError");
      assert.match(error.message, /^unpack: an archive must be whole, got /);
      assert.deepEqual(readdirSync(join(folder, "out")), []);
    }
    const { error } = await attempt(archiveOf([{ path: "a/", type: "Directory" }]));
    assert.match(error?.message ?? "", /^unpack: an archive must hold files, got none in /);
  });

  it("stops at the signal with its reason and leaves nothing behind", async () => {
    const archive = join(root, "good.tgz");
    writeFileSync(archive, archiveOf(good));
    const stop = new AbortController();
    const to = join(root, "stopped", "images");
    const onProgress = (): void => stop.abort(new Error("enough"));
    await assert.rejects(unpack({ archive, to, signal: stop.signal, onProgress }), /^Error: enough$/);
    assert.deepEqual(readdirSync(join(root, "stopped")), []);
  });
});
