import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startTestKernel, type TestKernel } from "../test-kernel.js";

describe("the kernel's language services", () => {
  let kernel: TestKernel;
  before(async () => {
    kernel = await startTestKernel();
    await kernel.run(
      "/** Doubles. */ function double(n: number): number { return 2 * n; } const person = { name: 'Ada', born: 1815 }; let chosen: 'left' | 'right' = 'left';",
    );
  });
  after(() => kernel.stop());

  const ask = async (type: string, content: Record<string, unknown>) =>
    (await kernel.client.request("shell", type, content)).content;
  const complete = (code: string, cursor = [...code].length) => ask("complete_request", { code, cursor_pos: cursor });
  const inspect = async (code: string, detail = 0, cursor = [...code].length) => {
    const reply = await ask("inspect_request", { code, cursor_pos: cursor, detail_level: detail });
    return { found: reply["found"], text: (reply["data"] as Record<string, string>)["text/plain"] };
  };

  it("complete a member of a variable of an earlier cell", async () => {
    const reply = await complete("person.n");
    assert.deepEqual([reply["matches"], reply["cursor_start"], reply["cursor_end"]], [["name"], 7, 8]);
    const metadata = reply["metadata"] as Record<string, Record<string, unknown>[]>;
    assert.deepEqual(metadata["_jupyter_types_experimental"], [{ text: "name", type: "property", start: 7, end: 8 }]);
  });
  it("complete names, keywords and globals", async () => {
    assert.ok(((await complete("dou"))["matches"] as string[]).includes("double"));
    assert.ok(((await complete("func"))["matches"] as string[]).includes("function"));
    assert.ok(((await complete("consol"))["matches"] as string[]).includes("console"));
  });
  it("complete a text of a union", async () =>
    assert.deepEqual(
      ((await complete("chosen = 'ri"))["matches"] as string[]).map((match) => match.replace(/['"]/g, "")),
      ["right"],
    ));
  it("complete in the middle of a word", async () => {
    const reply = await complete("person.na + 1", 8);
    assert.deepEqual([reply["cursor_start"], reply["cursor_end"]], [7, 9]);
  });
  it("complete where nothing fits with nothing", async () =>
    assert.deepEqual((await complete("person.zzz"))["matches"], []));
  it("count positions in characters and not in UTF-16 units", async () => {
    const code = "'😀😀'; person.bo";
    const reply = await complete(code);
    assert.deepEqual([reply["matches"], reply["cursor_start"], reply["cursor_end"]], [["born"], 13, 15]);
  });
  it("complete and do not declare", async () => {
    await complete("const fleeting = 1; flee");
    assert.deepEqual((await complete("fleeti"))["matches"], []);
  });

  it("inspect a function with its documentation", async () => {
    const { found, text } = await inspect("double");
    assert.equal(found, true);
    assert.match(text, /^function double\(n: number\): number\n\nDoubles\.$/);
  });
  it("inspect at the second level with its source", async () => {
    assert.match(
      (await inspect("double", 1)).text,
      /defined in the notebook\nfunction double\(n: number\): number \{ return 2 \* n; \}/,
    );
    assert.match((await inspect("parseInt", 1)).text, /defined in .*lib\.es5\.d\.ts\ndeclare function parseInt/);
  });
  it("inspect what a call is of from inside its brackets", async () =>
    assert.match((await inspect("double(chosen.length, ")).text, /double\(n: number\)/));
  it("inspect nothing where there is nothing", async () => {
    assert.equal((await inspect("   ")).found, false);
    assert.equal((await inspect("unheardOf")).found, false);
  });

  const states: [string, string, string?][] = [
    ["1 + 1", "complete"],
    ["", "complete"],
    ["const a = 1;\nfunction f() { return a; }", "complete"],
    ["await Promise.resolve(1)", "complete"],
    ["function f() {", "incomplete", "  "],
    ["if (true) {\n  while (false) {", "incomplete", "    "],
    ["call(1,", "incomplete", "  "],
    ["const text = `open", "incomplete", ""],
    ["/* open", "incomplete", ""],
    ["const x =", "incomplete", ""],
    ["[1, 2].map((n) =>", "incomplete", "  "],
    ["const = 1", "invalid"],
    ["foo)", "invalid"],
    ["let 1a = 2", "invalid"],
    ["'open", "invalid"],
  ];
  for (const [code, status, indent] of states) {
    it(`say that ${JSON.stringify(code)} is ${status}`, async () => {
      const reply = await ask("is_complete_request", { code });
      assert.equal(reply["status"], status);
      assert.equal(reply["indent"], indent);
    });
  }
});

describe("the history", () => {
  let kernel: TestKernel;
  before(async () => {
    kernel = await startTestKernel();
    for (const code of ["'a'", "2", "'a'", "const x = 3;"]) await kernel.run(code);
    await kernel.run("4", { storeHistory: false });
    await kernel.run("5", { silent: true });
  });
  after(() => kernel.stop());
  const ask = async (content: Record<string, unknown>) =>
    (await kernel.client.request("shell", "history_request", { raw: true, output: false, ...content })).content[
      "history"
    ];

  it("ends with what was run last", async () =>
    assert.deepEqual(await ask({ hist_access_type: "tail", n: 2 }), [
      [1, 3, "'a'"],
      [1, 4, "const x = 3;"],
    ]));
  it("has the results where they are asked for", async () =>
    assert.deepEqual(await ask({ hist_access_type: "tail", n: 2, output: true }), [
      [1, 3, ["'a'", "'a'"]],
      [1, 4, ["const x = 3;", null]],
    ]));
  it("gives a range of the session", async () => {
    assert.deepEqual(await ask({ hist_access_type: "range", session: 0, start: 2, stop: 3 }), [[1, 2, "2"]]);
    assert.deepEqual(await ask({ hist_access_type: "range", session: 7 }), []);
  });
  it("is searched by a pattern, once or each time, so many at most", async () => {
    assert.deepEqual(await ask({ hist_access_type: "search", pattern: "'?'" }), [
      [1, 1, "'a'"],
      [1, 3, "'a'"],
    ]);
    assert.deepEqual(await ask({ hist_access_type: "search", pattern: "*a*", unique: true, n: 1 }), [[1, 3, "'a'"]]);
  });
  it("refuses another way to ask", async () => {
    const { content } = await kernel.client.request("shell", "history_request", { hist_access_type: "guess" });
    assert.equal(content["status"], "error");
  });
});
