import assert from "node:assert/strict";
import { mkdtemp, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { installKernel, listKernels, removeKernel } from "../../src/jupyter/install.js";
import { dataFolders, userDataFolder, type System } from "../../src/jupyter/jupyter-paths.js";

describe("the folders of Jupyter", () => {
  const system = (platform: NodeJS.Platform, env: System["env"], home: string): System => ({ platform, env, home });
  const cases: [string, System, string][] = [
    ["Linux", system("linux", {}, "/home/u"), "/home/u/.local/share/jupyter"],
    ["Linux with XDG_DATA_HOME", system("linux", { XDG_DATA_HOME: "/d" }, "/home/u"), "/d/jupyter"],
    ["macOS", system("darwin", {}, "/Users/u"), "/Users/u/Library/Jupyter"],
    ["Windows", system("win32", { APPDATA: "C:\\U\\Roaming" }, "C:\\U"), "C:\\U\\Roaming\\jupyter"],
    ["any system with JUPYTER_DATA_DIR", system("darwin", { JUPYTER_DATA_DIR: "/j" }, "/Users/u"), "/j"],
  ];
  for (const [name, given, expected] of cases) {
    it(`are the right ones on ${name}`, () => assert.equal(userDataFolder(given), expected));
  }

  it("are searched from what the user named to what the system shares", () => {
    assert.deepEqual(dataFolders(system("linux", { JUPYTER_PATH: "/a:/b", VIRTUAL_ENV: "/v" }, "/h")), [
      "/a",
      "/b",
      "/v/share/jupyter",
      "/h/.local/share/jupyter",
      "/usr/local/share/jupyter",
      "/usr/share/jupyter",
    ]);
    assert.equal(dataFolders(system("win32", { PROGRAMDATA: "D:\\P" }, "C:\\U")).at(-1), "D:\\P\\jupyter");
  });
});

describe("an installed kernel", async () => {
  const home = await mkdtemp(join(tmpdir(), "axial-home-"));
  const system: System = { platform: process.platform, env: { JUPYTER_DATA_DIR: join(home, "data") }, home };
  after(() => rm(home, { recursive: true }));

  it("has a kernelspec that starts this installation and asks to be interrupted by message", async () => {
    const folder = await installKernel({ system });
    const spec = JSON.parse(await readFile(join(folder, "kernel.json"), "utf8")) as Record<string, unknown>;
    const [program, main, file] = spec["argv"] as string[];
    assert.equal(program, process.execPath);
    assert.equal((await stat(main)).isFile(), true);
    assert.equal(file, "{connection_file}");
    assert.equal(spec["interrupt_mode"], "message");
    assert.equal(spec["language"], "typescript");
  });

  it("may be for JavaScript, under a name of its own", async () => {
    const folder = await installKernel({ system, language: "javascript" });
    const spec = JSON.parse(await readFile(join(folder, "kernel.json"), "utf8")) as Record<string, unknown>;
    assert.deepEqual([spec["language"], spec["display_name"]], ["javascript", "JavaScript (axial-lab)"]);
    assert.deepEqual((spec["argv"] as string[]).slice(-2), ["--language", "javascript"]);
    await removeKernel(system, "axial-lab-javascript");
  });

  it("may have a kernelspec with a byte order mark", async () => {
    const folder = join(home, "data", "kernels", "marked");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "kernel.json"), '\ufeff{ "argv": ["m"], "display_name": "Marked", "language": "m" }');
    assert.ok((await listKernels(system)).some(({ displayName }) => displayName === "Marked"));
    await rm(folder, { recursive: true });
  });

  it("goes where it is told to go", async () => {
    const prefix = join(home, "p");
    assert.equal(await installKernel({ system, prefix, name: "x" }), join(prefix, "share/jupyter/kernels/x"));
    const inEnvironment: System = { ...system, env: { ...system.env, VIRTUAL_ENV: join(home, "v") } };
    const folder = await installKernel({ system: inEnvironment, sysPrefix: true, name: "y" });
    assert.equal(folder, join(home, "v/share/jupyter/kernels/y"));
    assert.deepEqual(
      (await listKernels(inEnvironment)).filter(({ ours }) => ours).map(({ name }) => name),
      ["axial-lab", "y"],
    );
  });

  it("needs an environment for --sys-prefix", () =>
    assert.rejects(installKernel({ system, sysPrefix: true }), /active virtualenv or conda environment, got none/));

  it("has no strange name", () =>
    assert.rejects(installKernel({ system, name: "../up" }), /letters, digits, dots, dashes and underscores/));

  it("is removed, and no other is", async () => {
    const other = join(home, "data", "kernels", "other");
    await mkdir(other, { recursive: true });
    await writeFile(join(other, "kernel.json"), JSON.stringify({ argv: ["other"], display_name: "O", language: "o" }));
    await assert.rejects(removeKernel(system, "other"), /the kernel must be one of axial-lab, got other/);
    await removeKernel(system);
    await assert.rejects(removeKernel(system), /got axial-lab; installed: .*other/);
  });
});
