import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, describe, it } from "node:test";
import { browserCommand } from "../../src/editor/open-browser.js";
import { formatNotebook, parseNotebook } from "../../src/notebook/file.js";
import { assertNotebook } from "../helpers/nbformat.js";

const root = mkdtempSync(join(tmpdir(), "axial-edit-"));
after(() => rmSync(root, { recursive: true }));

const cli = join(__dirname, "..", "..", "src", "cli", "main.js");
const axialLab = (...args: string[]) => spawnSync(process.execPath, [cli, ...args], { cwd: root, encoding: "utf8" });

describe("axial-lab new", () => {
  it("writes a notebook that is valid, and byte for byte what Jupyter writes", () => {
    const { stdout, status } = axialLab("new", "lessons/03-rows-and_columns.ipynb");
    assert.deepEqual(
      [status, stdout],
      [
        0,
        "wrote lessons/03-rows-and_columns.ipynb; open it: npx axial-lab notebook edit lessons/03-rows-and_columns.ipynb\n",
      ],
    );
    const text = readFileSync(join(root, "lessons", "03-rows-and_columns.ipynb"), "utf8");
    assertNotebook(text);
    assert.equal(formatNotebook(parseNotebook(text, "new")), text);
    assert.match(text, /"# Rows and columns\\n"/);
  });

  it("overwrites nothing, and says so in one line", () => {
    writeFileSync(join(root, "mine.ipynb"), "mine");
    const { stderr, status } = axialLab("new", "mine.ipynb");
    assert.deepEqual([status, readFileSync(join(root, "mine.ipynb"), "utf8")], [2, "mine"]);
    assert.match(stderr, /^new: the file must not exist, got mine\.ipynb; [^\n]+\n$/);
  });

  it("wants the name of a notebook", () => {
    const { stderr, status } = axialLab("new", "lesson.txt");
    assert.deepEqual([status, existsSync(join(root, "lesson.txt"))], [2, false]);
    assert.match(stderr, /must end in \.ipynb, got lesson\.txt/);
  });
});

describe("axial-lab notebook edit", () => {
  /** Starts it, with these folders before the search path, and gives the line that it prints first. */
  async function start(args: string[], env: NodeJS.ProcessEnv = process.env) {
    const child = spawn(process.execPath, [cli, "notebook", "edit", ...args], { cwd: root, env });
    let [stdout, stderr] = ["", ""];
    const line = new Promise<string>((resolve) =>
      child.stdout.on("data", (bytes: Buffer) => {
        stdout += bytes.toString();
        if (stdout.includes("\n")) resolve(stdout);
      }),
    );
    child.stderr.on("data", (bytes: Buffer) => (stderr += bytes.toString()));
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    const exited = ended.then((code) => Promise.reject(new Error(`it ended with ${code}: ${stderr}`)));
    const first = await Promise.race([line, exited]);
    exited.catch(() => undefined);
    return { child, ended, first, stdout: () => stdout, stderr: () => stderr };
  }

  it("prints one line with the address, serves the folder, and ends its kernels on Ctrl+C", async () => {
    mkdirSync(join(root, "course"));
    writeFileSync(join(root, "course", "a b.ipynb"), formatNotebook(parseNotebook('{"nbformat":4,"cells":[]}', "a")));
    const edit = await start([join("course", "a b.ipynb"), "--no-browser", "--token", "secret-7"]);
    const [, address] =
      /^notebook edit: (http:\/\/127\.0\.0\.1:\d+\/\?token=secret-7&path=a\+b\.ipynb) \(Ctrl\+C ends it\)\n$/.exec(
        edit.first,
      ) ?? [];
    assert.ok(address, edit.first);
    const { origin } = new URL(address);
    const ask = (method: string, path: string) =>
      fetch(`${origin}${path}`, { method, headers: { authorization: "token secret-7" } });
    const list = (await (await ask("GET", "/api/contents")).json()) as { content: { name: string }[] };
    assert.deepEqual(
      list.content.map(({ name }) => name),
      ["a b.ipynb"],
    );
    assert.equal((await ask("POST", "/api/kernels")).status, 201);
    if (process.platform === "win32") edit.child.kill();
    else {
      edit.child.kill("SIGINT");
      assert.equal(await edit.ended, 0);
    }
    await edit.ended;
    assert.deepEqual([edit.stdout(), edit.stderr()], [edit.first, ""]);
  });

  it("opens the address with what the system has, and needs none", { skip: process.platform !== "linux" }, async () => {
    const bin = join(root, "bin");
    mkdirSync(bin);
    writeFileSync(
      join(bin, "xdg-open"),
      `#!/bin/sh\nprintf %s "$1" > "${join(root, "opened.tmp")}"\nmv "${join(root, "opened.tmp")}" "${join(root, "opened")}"\n`,
    );
    chmodSync(join(bin, "xdg-open"), 0o755);
    const edit = await start([], { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` });
    for (let tries = 0; tries < 500 && !existsSync(join(root, "opened")); tries++)
      await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(edit.first, `notebook edit: ${readFileSync(join(root, "opened"), "utf8")} (Ctrl+C ends it)\n`);
    edit.child.kill("SIGTERM");
    assert.equal(await edit.ended, 0);

    const without = await start([], { ...process.env, PATH: "" });
    assert.match(without.first, /^notebook edit: http/);
    without.child.kill("SIGTERM");
    assert.deepEqual([await without.ended, without.stderr()], [0, ""]);
  });

  it("names the browser's opener of each system, with an address that a shell does not cut", () => {
    const address = "http://127.0.0.1:1/?token=a&path=b";
    assert.deepEqual(browserCommand(address, "darwin"), ["open", address]);
    assert.deepEqual(browserCommand(address, "linux"), ["xdg-open", address]);
    assert.equal(browserCommand(address, "win32").at(-1), "http://127.0.0.1:1/?token=a^&path=b");
  });

  const mistakes: [string, string[], RegExp][] = [
    [
      "a notebook that is not there",
      ["absent.ipynb"],
      /must exist, got absent\.ipynb; npx axial-lab new absent\.ipynb/,
    ],
    ["a port that is none", ["--port", "70000"], /It must be a port, 0 to 65535/],
    ["an address that is not this machine's", ["--host", "192.0.2.1"], /the address must be free, got 192\.0\.2\.1/],
  ];
  for (const [what, args, message] of mistakes)
    it(`says in one line what is wrong with ${what}`, () => {
      const { status, stdout, stderr } = axialLab("notebook", "edit", "--no-browser", ...args);
      assert.deepEqual([status, stdout], [2, ""]);
      assert.match(stderr, message);
    });
});
