import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { ConfigError, FileError } from "../../../src/core/errors.js";
import { version } from "../../../src/core/version.js";
import { builtLibrary, libraryName, libraryPackages } from "../../../src/engine/native/library.js";
import { layOut, platformPackage } from "../../../src/engine/native/release.js";

describe("a platform's package", () => {
  const folder = mkdtempSync(join(tmpdir(), "axial-release-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("says for which system, processor and C library it is, and runs nothing on installation", () => {
    const { name, os, cpu, libc, ...rest } = platformPackage("linux", "arm64", "musl");
    assert.deepEqual([name, os, cpu, libc], ["axial-lab-native-linux-arm64-musl", ["linux"], ["arm64"], ["musl"]]);
    assert.equal(rest.version, version);
    assert.ok(!("scripts" in rest));
    assert.equal(platformPackage("darwin", "arm64", null).name, "axial-lab-native-darwin-arm64");
    assert.throws(() => platformPackage("darwin", "arm64", "glibc"), ConfigError);
    assert.throws(() => platformPackage("linux", "x64", null), ConfigError);
  });

  it("has a name among those that the engine looks for", () => {
    const { platform, arch } = process;
    const names = platform === "linux" ? (["glibc", "musl"] as const) : [null];
    assert.deepEqual(
      names.map((libc) => platformPackage(platform, arch, libc).name),
      libraryPackages,
    );
  });

  it("holds the library and its package.json, or says that the library is not built", async () => {
    const contents = platformPackage(process.platform, process.arch, process.platform === "linux" ? "glibc" : null);
    if (!existsSync(builtLibrary)) return assert.rejects(layOut(folder, contents), FileError);
    const target = await layOut(folder, contents);
    assert.deepEqual(readFileSync(join(target, libraryName)), readFileSync(builtLibrary));
    assert.deepEqual(JSON.parse(readFileSync(join(target, "package.json"), "utf8")), contents);
  });
});
