import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { describe, it } from "node:test";
import { cacheFolder } from "../../src/data/cache-folder.js";

describe("cacheFolder", () => {
  const home = resolve("home");
  const at = (platform: NodeJS.Platform, environment: Record<string, string> = {}, option?: string): string =>
    cacheFolder(option, { environment, platform, home });

  it("is where each system keeps caches", () => {
    assert.equal(at("linux"), join(home, ".cache", "axial-lab"));
    assert.equal(at("linux", { XDG_CACHE_HOME: "/xdg" }), join("/xdg", "axial-lab"));
    assert.equal(at("darwin"), join(home, "Library", "Caches", "axial-lab"));
    assert.equal(at("win32", { LOCALAPPDATA: "local" }), join("local", "axial-lab"));
    assert.equal(at("win32"), join(home, "AppData", "Local", "axial-lab"));
  });

  it("ignores an empty or relative XDG_CACHE_HOME", () => {
    assert.equal(at("linux", { XDG_CACHE_HOME: "" }), join(home, ".cache", "axial-lab"));
    assert.equal(at("linux", { XDG_CACHE_HOME: "here" }), join(home, ".cache", "axial-lab"));
  });

  it("is what AXIAL_LAB_CACHE says, and before that what the option says", () => {
    assert.equal(at("linux", { AXIAL_LAB_CACHE: "data" }), resolve("data"));
    assert.equal(at("linux", { AXIAL_LAB_CACHE: "data" }, "other"), resolve("other"));
    assert.equal(at("linux", { AXIAL_LAB_CACHE: "" }), join(home, ".cache", "axial-lab"));
  });
});
