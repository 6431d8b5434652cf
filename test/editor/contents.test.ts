import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { formatNotebook, type Notebook } from "../../src/notebook/file.js";
import { emptyNotebook, lessonTemplate } from "../../src/editor/template.js";
import { serve, type Json, type Served } from "./served.js";

const sha256 = (bytes: string | Buffer): string => createHash("sha256").update(bytes).digest("hex");

describe("the contents interface", () => {
  const lesson = formatNotebook(lessonTemplate("Rows"));
  let served: Served;
  before(async () => {
    served = await serve({
      "lesson.ipynb": lesson,
      "notes.md": "# größer\n",
      "data/table.csv": "a,b\n1,2\n",
      "data/deep/x.txt": "x",
      ".hidden/secret.txt": "s",
      "old.ipynb": JSON.stringify({ nbformat: 3, worksheets: [] }),
      "broken.ipynb": "{",
    });
    writeFileSync(join(served.folder, "pixel.bin"), Buffer.from([0xff, 0x00, 0xfe]));
  });
  after(() => served.close());

  const path = (name: string) => join(served.folder, ...name.split("/"));
  const get = async (name: string) => (await served.ask("GET", `/api/contents/${name}`)).json;

  it("lists a folder without what is in its files, and without hidden ones", async () => {
    const { content, ...model } = await get("");
    assert.deepEqual([model["name"], model["path"], model["type"], model["format"]], ["", "", "directory", "json"]);
    const names = (content as Json[]).map(({ path: each, type }) => [each, type]);
    assert.deepEqual(names, [
      ["broken.ipynb", "notebook"],
      ["data", "directory"],
      ["lesson.ipynb", "notebook"],
      ["notes.md", "file"],
      ["old.ipynb", "notebook"],
      ["pixel.bin", "file"],
    ]);
    assert.ok((content as Json[]).every((each) => each["content"] === null && each["hash"] === null));
    const below = (await get("data")) as { content: Json[] };
    assert.deepEqual(
      below.content.map((each) => each["path"]),
      ["data/deep", "data/table.csv"],
    );
  });

  it("gives a notebook with its texts in one piece, and the hash of its bytes where it is asked for", async () => {
    const model = await get("lesson.ipynb?hash=1&1764502000000");
    const { cells } = model["content"] as Notebook;
    assert.equal(cells[0].source, "# Rows\n\nOne sentence: what the reader can do at the end.");
    assert.deepEqual([model["format"], model["hash"], model["hash_algorithm"]], ["json", sha256(lesson), "sha256"]);
    assert.equal(model["size"], Buffer.byteLength(lesson));
    const bare = await get("lesson.ipynb?content=0&hash=1&contentProviderId=undefined");
    assert.deepEqual([bare["content"], bare["format"], bare["hash"]], [null, null, sha256(lesson)]);
    assert.equal((await get("lesson.ipynb"))["hash"], null);
    assert.equal((await get("data?hash=1"))["hash"], null);
  });

  it("gives text as text and other bytes in base64, or as they are asked for", async () => {
    const text = await get("notes.md");
    assert.deepEqual([text["content"], text["format"], text["mimetype"]], ["# größer\n", "text", "text/markdown"]);
    const bytes = await get("pixel.bin");
    assert.deepEqual(
      [bytes["content"], bytes["format"], bytes["mimetype"]],
      ["/wD+", "base64", "application/octet-stream"],
    );
    const asked = await get("notes.md?format=base64");
    assert.equal(Buffer.from(String(asked["content"]), "base64").toString(), "# größer\n");
    assert.equal(typeof (await get("lesson.ipynb?type=file"))["content"], "string");
  });

  const refusals: [string, number, RegExp][] = [
    ["absent.txt", 404, /must exist, got absent\.txt/],
    ["notes.md?type=directory", 400, /is a file/],
    ["data?type=file", 400, /is a folder/],
    ["pixel.bin?format=text", 400, /must be text in UTF-8/],
    ["old.ipynb", 400, /notebook: /],
    ["broken.ipynb", 400, /must be JSON/],
    [".hidden/secret.txt", 400, /no hidden file/],
    ["..", 400, /stay inside the folder/],
    ["data/../../etc/hosts", 400, /stay inside the folder/],
    ["..%2f..%2fetc/hosts", 400, /stay inside the folder/],
    ["%2e%2e/etc/hosts", 400, /stay inside the folder/],
    ["a%00b", 400, /be a path/],
    ["a%zz", 400, /encoded/],
  ];
  for (const [address, status, message] of refusals)
    it(`refuses ${address} with ${status} and one line`, async () => {
      // Written by hand: fetch would take `..` out of the path.
      const answer = await served.ask("GET", `/api/contents/${address}`);
      const sent = /(^|\/)(\.\.|%2e%2e)/i.test(address) ? await rawGet(served, `/api/contents/${address}`) : answer;
      assert.equal(sent.status, status);
      assert.match(String(sent.json["message"]), message);
      assert.doesNotMatch(String(sent.json["message"]), /\n/);
    });

  it("follows links inside the folder and none out of it", async () => {
    symlinkSync(path("data"), path("inside"), "junction");
    symlinkSync(tmpdir(), path("outside"), "junction");
    symlinkSync(join(tmpdir(), "absent-axial"), path("nowhere"), "junction");
    assert.equal((await get("inside/table.csv"))["content"], "a,b\n1,2\n");
    for (const name of ["outside", "outside/x.txt", "nowhere", "nowhere/x.txt"]) {
      const { status } = await served.ask("PUT", `/api/contents/${name}`, {
        type: "file",
        format: "text",
        content: "x",
      });
      assert.equal(status, 404, name);
      assert.equal((await served.ask("GET", `/api/contents/${name}`)).status, 404, name);
    }
    const names = ((await get(""))["content"] as Json[]).map(({ name }) => name);
    assert.ok(names.includes("inside") && !names.includes("outside") && !names.includes("nowhere"));
  });

  it("saves a notebook byte for byte as its reader writes it, and leaves a file alone that differs in form only", async () => {
    const model = await get("lesson.ipynb");
    const other = JSON.stringify(model["content"]);
    writeFileSync(path("form.ipynb"), other);
    utimesSync(path("form.ipynb"), 1000, 1000);
    const same = await served.ask("PUT", "/api/contents/form.ipynb", { type: "notebook", content: model["content"] });
    assert.deepEqual([same.status, same.json["hash"]], [200, sha256(other)]);
    assert.equal(statSync(path("form.ipynb")).mtimeMs, 1_000_000);

    const notebook = model["content"] as Notebook;
    notebook.cells[1].source = "const quick = false;";
    const saved = await served.ask("PUT", "/api/contents/form.ipynb", { type: "notebook", content: notebook });
    assert.equal(saved.status, 200);
    const expected = formatNotebook(notebook);
    assert.equal(readFileSync(path("form.ipynb"), "utf8"), expected);
    assert.equal(saved.json["hash"], sha256(expected));
    assert.equal(saved.json["content"], null);
  });

  it("saves only over the file that the change was made from", async () => {
    const put = (content: string, expected?: string | null) =>
      served.ask("PUT", "/api/contents/shared.txt", { type: "file", format: "text", content, expected_hash: expected });
    assert.equal((await put("first", null)).status, 201);
    assert.equal((await put("again", null)).status, 409);
    const second = await put("second", sha256("first"));
    assert.deepEqual([second.status, second.json["hash"]], [200, sha256("second")]);
    const late = await put("third", sha256("first"));
    assert.deepEqual([late.status, late.json["hash"]], [409, sha256("second")]);
    assert.match(String(late.json["message"]), /changed meanwhile/);
    assert.equal(readFileSync(path("shared.txt"), "utf8"), "second");
    assert.equal((await put("fourth")).status, 200, "a client that sends no hash overwrites, as in Jupyter");
    renameSync(path("shared.txt"), path("moved.txt"));
    const gone = await put("fifth", sha256("fourth"));
    assert.deepEqual([gone.status, gone.json["hash"]], [409, null]);
  });

  it("lets one of many saves at once through, where each was made from the same file", async () => {
    writeFileSync(path("race.txt"), "0");
    const saves = Array.from({ length: 23 }, (_, number) =>
      served.ask("PUT", "/api/contents/race.txt", {
        ...{ type: "file", format: "text", content: `${number + 1}` },
        expected_hash: sha256("0"),
      }),
    );
    const statuses = (await Promise.all(saves)).map(({ status }) => status);
    assert.equal(statuses.filter((status) => status === 200).length, 1);
    assert.equal(statuses.filter((status) => status === 409).length, 22);
  });

  it("takes bytes in base64, and large files in parts", async () => {
    const put = (body: Json) =>
      served.ask("PUT", "/api/contents/upload.bin", { type: "file", format: "base64", ...body });
    assert.equal((await put({ content: Buffer.from([1, 2, 3]).toString("base64") })).status, 201);
    assert.deepEqual([...readFileSync(path("upload.bin"))], [1, 2, 3]);
    const parts = [7, 11, 13].map((byte) => Buffer.alloc(17, byte));
    for (const [index, part] of parts.entries()) {
      assert.deepEqual(
        [...readFileSync(path("upload.bin"))],
        [1, 2, 3],
        "the old file stays until the last part is there",
      );
      const chunk = index === parts.length - 1 ? -1 : index + 1;
      assert.equal((await put({ content: part.toString("base64"), chunk })).status, 200);
    }
    assert.deepEqual(readFileSync(path("upload.bin")), Buffer.concat(parts));
    assert.equal((await put({ content: "AA==", chunk: 2 })).status, 400, "no part without the first");
    assert.equal((await put({ content: "AA==", chunk: 0 })).status, 400);
    assert.equal((await put({ content: "no base64!" })).status, 400);
    assert.equal((await put({ content: "x", format: "json" })).status, 400);
    assert.equal((await put({ content: 5 })).status, 400);
    const chunked = await served.ask("PUT", "/api/contents/n.ipynb", { type: "notebook", content: {}, chunk: 1 });
    assert.equal(chunked.status, 400);
  });

  it("keeps who may read a file when it saves it", { skip: process.platform === "win32" }, async () => {
    writeFileSync(path("private.txt"), "a", { mode: 0o600 });
    await served.ask("PUT", "/api/contents/private.txt", { type: "file", format: "text", content: "b" });
    assert.deepEqual(
      [readFileSync(path("private.txt"), "utf8"), statSync(path("private.txt")).mode & 0o777],
      ["b", 0o600],
    );
  });

  it("makes notebooks, files, folders and copies under names that are free", async () => {
    mkdirSync(path("made"));
    const make = async (body: Json) => (await served.ask("POST", "/api/contents/made", body)).json["path"];
    assert.equal(await make({ type: "notebook" }), "made/Untitled.ipynb");
    assert.equal(await make({}), "made/Untitled1.ipynb");
    assert.equal(await make({ type: "file", ext: "ts" }), "made/untitled.ts");
    assert.equal(await make({ type: "file", ext: ".ts" }), "made/untitled1.ts");
    assert.equal(await make({ type: "directory" }), "made/Untitled Folder");
    assert.equal(await make({ type: "directory" }), "made/Untitled Folder 1");
    assert.equal(await make({ copy_from: "lesson.ipynb" }), "made/lesson-Copy1.ipynb");
    assert.equal(await make({ copy_from: "lesson.ipynb" }), "made/lesson-Copy2.ipynb");
    assert.equal(readFileSync(path("made/Untitled.ipynb"), "utf8"), formatNotebook(emptyNotebook()));
    assert.equal(readFileSync(path("made/lesson-Copy2.ipynb"), "utf8"), lesson);
  });

  it("renames, onto free names only, and removes what is not full", async () => {
    const move = (from: string, to: string) => served.ask("PATCH", `/api/contents/${from}`, { path: to });
    const moved = await move("made/untitled.ts", "made/größer.ts");
    assert.deepEqual([moved.status, moved.json["path"]], [200, "made/größer.ts"]);
    assert.equal((await move("made/gr%C3%B6%C3%9Fer.ts", "made/untitled1.ts")).status, 409);
    assert.equal((await move("made/absent.ts", "made/x.ts")).status, 404);
    assert.equal((await move("made/untitled1.ts", "absent/x.ts")).status, 404);
    assert.equal((await served.ask("DELETE", "/api/contents/made/untitled1.ts")).status, 204);
    assert.equal((await served.ask("DELETE", "/api/contents/made/untitled1.ts")).status, 404);
    const full = await served.ask("DELETE", "/api/contents/made");
    assert.deepEqual([full.status, /must be empty/.test(String(full.json["message"]))], [400, true]);
    assert.equal((await served.ask("DELETE", "/api/contents/made/Untitled%20Folder")).status, 204);
    assert.equal((await served.ask("DELETE", "/api/contents/")).status, 405);
  });

  it("refuses a body that is no JSON and one that is no notebook", async () => {
    assert.equal((await served.ask("PUT", "/api/contents/x.ipynb", "{")).status, 400);
    assert.equal((await served.ask("PUT", "/api/contents/x.ipynb", "[]")).status, 400);
    const { status, json } = await served.ask("PUT", "/api/contents/x.ipynb", { type: "notebook", content: { a: 1 } });
    assert.deepEqual([status, /must hold cells/.test(String(json["message"]))], [400, true]);
  });

  it("keeps one checkpoint of a file, gives it back and removes it", async () => {
    const at = "/api/contents/notes.md/checkpoints";
    assert.deepEqual((await served.ask("GET", at)).json, []);
    const made = await served.ask("POST", at);
    assert.deepEqual([made.status, made.json["id"]], [201, "checkpoint"]);
    await served.ask("PUT", "/api/contents/notes.md", { type: "file", format: "text", content: "spoilt" });
    assert.equal((await served.ask("POST", `${at}/checkpoint`)).status, 204);
    assert.equal(readFileSync(path("notes.md"), "utf8"), "# größer\n");
    assert.equal((await served.ask("DELETE", `${at}/checkpoint`)).status, 204);
    assert.equal((await served.ask("POST", `${at}/checkpoint`)).status, 404);
    assert.equal((await served.ask("POST", "/api/contents/absent.md/checkpoints")).status, 404);
  });

  it("gives files as they are, in a sandbox", async () => {
    const { status, text, headers } = await served.ask("GET", "/files/data/table.csv");
    assert.deepEqual([status, text, headers.get("content-type")], [200, "a,b\n1,2\n", "text/csv"]);
    assert.equal(headers.get("content-security-policy"), "sandbox allow-scripts");
    assert.equal((await served.ask("GET", "/files/data")).status, 404);
  });
});

/** A request line exactly as given. */
async function rawGet(served: Served, path: string): Promise<{ status: number; json: Json }> {
  const { request } = await import("node:http");
  return new Promise((resolve, reject) => {
    const { port } = new URL(served.origin);
    const options = { port, path, headers: { authorization: `token ${served.token}` } };
    request({ host: "127.0.0.1", ...options }, (response) => {
      let text = "";
      response.on("data", (bytes: Buffer) => (text += bytes.toString()));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, json: JSON.parse(text) as Json }));
    })
      .on("error", reject)
      .end();
  });
}
