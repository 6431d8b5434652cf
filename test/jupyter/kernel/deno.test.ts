import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startTestKernel, type TestKernel } from "../test-kernel.js";

describe("a cell written for Deno's notebooks", () => {
  let kernel: TestKernel;
  before(async () => void (kernel = await startTestKernel()));
  after(() => kernel.stop());

  it("broadcasts displays and their changes", async () => {
    const { messages, reply } = await kernel.run(
      'await Deno.jupyter.broadcast("display_data", { data: { "text/html": "<b>initial</b>" }, metadata: {}, transient: { display_id: "d" } }); await Deno.jupyter.broadcast("update_display_data", { data: { "text/html": "<b>updated</b>" }, metadata: { a: 1 }, transient: { display_id: "d" } })',
    );
    assert.equal(reply["status"], "ok", String(reply["evalue"]));
    assert.deepEqual(
      messages.filter(({ type }) => type.includes("display")),
      [
        {
          type: "display_data",
          content: { data: { "text/html": "<b>initial</b>" }, metadata: {}, transient: { display_id: "d" } },
        },
        {
          type: "update_display_data",
          content: { data: { "text/html": "<b>updated</b>" }, metadata: { a: 1 }, transient: { display_id: "d" } },
        },
      ],
    );
  });

  it("broadcasts comms, text and the clearing of outputs", async () => {
    const { messages, stdout } = await kernel.run(
      "const { broadcast } = Deno.jupyter; await broadcast('comm_open', { comm_id: 'c', target_name: 't', data: { n: 1 } }); await broadcast('comm_msg', { comm_id: 'c', data: { n: 2 } }); await broadcast('comm_close', { comm_id: 'c', data: {} }); await broadcast('stream', { name: 'stdout', text: 'out' }); await broadcast('clear_output', { wait: true });",
    );
    assert.equal(stdout, "out");
    const types = messages.map(({ type }) => type).filter((type) => type !== "status" && type !== "execute_input");
    assert.deepEqual(types, ["comm_open", "comm_msg", "comm_close", "stream", "clear_output"]);
  });

  it("rejects what it cannot broadcast", async () => {
    const { reply } = await kernel.run("await Deno.jupyter.broadcast('status', {});");
    assert.match(String(reply["evalue"]), /the type must be one of display_data.*got status/);
  });

  const values: [string, string, string, unknown][] = [
    ["html", "const who = 'b'; Deno.jupyter.html`<i>${who}</i>`", "text/html", "<i>b</i>"],
    ["Markdown", "Deno.jupyter.md`# ${1}`", "text/markdown", "# 1"],
    ["SVG", "Deno.jupyter.svg`<svg/>`", "image/svg+xml", "<svg/>"],
    ["a picture", "Deno.jupyter.image(new Uint8Array([0x89, 0x50, 1]))", "image/png", "iVAB"],
    ["what says itself how", "({ [Deno.jupyter.$display]: () => ({ 'text/plain': 'own' }) })", "text/plain", "own"],
  ];
  for (const [what, code, type, expected] of values)
    it(`shows ${what}`, async () => assert.equal((await kernel.run(code)).result?.[type], expected));

  it("displays values and bundles", async () => {
    const { messages } = await kernel.run(
      "await Deno.jupyter.display([1, 2]); await Deno.jupyter.display({ 'text/plain': 'raw' }, { raw: true, display_id: 'x' });",
    );
    const shown = messages.filter(({ type }) => type === "display_data").map(({ content }) => content);
    assert.deepEqual(
      shown.map(({ data }) => (data as Record<string, unknown>)["text/plain"]),
      ["[ 1, 2 ]", "raw"],
    );
    assert.deepEqual(shown[1]["transient"], { display_id: "x" });
  });

  it("does not make libraries believe that they run in Deno", async () =>
    assert.equal((await kernel.run("typeof (globalThis as any).Deno")).result?.["text/plain"], "'undefined'"));

  it("is told by the compiler what is not there", async () =>
    assert.match(
      String((await kernel.run("Deno.readTextFile('x')")).reply["evalue"]),
      /'readTextFile' does not exist/,
    ));
});
