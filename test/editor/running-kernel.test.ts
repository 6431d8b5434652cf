import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { serve, v1, type Channels, type Served } from "./served.js";

const numbers = (count: number): string => Array.from({ length: count }, (_, index) => `${index}\n`).join("");

describe("a client whose connection breaks", () => {
  let served: Served;
  let kernel: string;
  before(async () => {
    served = await serve({}, { limits: { waiting: 2 ** 22 } });
    kernel = await served.startKernel();
  });
  after(() => served.close());

  const reply = (channels: Channels, id: string) =>
    channels.until(({ channel, parent_header: parent }) => channel === "shell" && parent.msg_id === id);
  const idle = (channels: Channels, id: string) =>
    channels.until(
      ({ parent_header: parent, content }) => parent.msg_id === id && content["execution_state"] === "idle",
    );

  for (const protocol of [v1, undefined])
    it(`gets the 100,000 lines that were printed meanwhile, in order and once (${protocol ?? "JSON"})`, async () => {
      const options = { session: `printing-${protocol}`, ...(protocol === undefined ? {} : { protocol }) };
      const first = await served.channels(kernel, options);
      await first.request("execute_request", { code: "1" });
      const code =
        "console.log(0); await new Promise((r) => setTimeout(r, 300)); for (let i = 1; i < 100_000; i++) console.log(i);";
      const id = first.send("execute_request", { code });
      await first.until(({ header, parent_header: parent }) => header.msg_type === "stream" && parent.msg_id === id);
      // Cut, as by a network that is gone: no closing handshake.
      first.socket.terminate();
      await first.closed;
      const other = await served.channels(kernel, { protocol: v1 });
      await other.request("execute_request", { code: "'another tab waits until it has ended'" });
      await other.close();
      const second = await served.channels(kernel, options);
      await Promise.all([reply(second, id), idle(second, id)]);
      const seen = new Set(first.messages.map(({ header }) => header.msg_id));
      const all = [...first.messages, ...second.messages.filter(({ header }) => !seen.has(header.msg_id))];
      second.messages.splice(0, second.messages.length, ...all);
      assert.equal(second.printed(id), numbers(100_000));
      await second.close();
    });

  it("misses nothing over 1,000 quick reconnects, when it says what it has taken in last", async () => {
    const session = "quick";
    let channels = await served.channels(kernel, { session, protocol: v1 });
    const id = channels.send("execute_request", {
      code: "for (let i = 0; i < 5000; i++) { console.log(i); if (i % 5 === 0) await new Promise((r) => setTimeout(r, 2)); }",
    });
    let taken: Channels["messages"] = [];
    for (let number = 0; number < 1000; number++) {
      // However much of it is on its way: what comes behind this line is not taken in.
      taken.push(...channels.messages);
      channels.socket.terminate();
      const after = taken.at(-1)?.header.msg_id;
      channels = await served.channels(kernel, { session, protocol: v1, ...(after === undefined ? {} : { after }) });
    }
    // What has ended meanwhile was taken in by an earlier connection.
    channels.messages.unshift(...taken);
    await Promise.all([reply(channels, id), idle(channels, id)]);
    taken = [...channels.messages];
    const ids = taken.map(({ header }) => header.msg_id);
    assert.equal(new Set(ids).size, ids.length, "nothing twice");
    assert.equal(channels.printed(id), numbers(5000));
    assert.equal((await served.ask("GET", `/api/kernels/${kernel}`)).json["connections"], 1);
    await channels.close();
  });

  it("is told how much was dropped, where more came than is kept", async () => {
    const session = "much";
    const first = await served.channels(kernel, { session, protocol: v1 });
    const id = first.send("execute_request", {
      // It prints when nobody listens any more.
      code: "while (!require('fs').existsSync('nobody-listens')) await new Promise((r) => setTimeout(r, 20)); for (let i = 0; i < 100; i++) { console.log('x'.repeat(100_000)); await new Promise((r) => setTimeout(r, 12)); }",
    });
    await first.until(
      ({ header, parent_header: parent }) => header.msg_type === "execute_input" && parent.msg_id === id,
    );
    await first.close();
    writeFileSync(join(served.folder, "nobody-listens"), "");
    const other = await served.channels(kernel, { protocol: v1 });
    await other.request("execute_request", { code: "1" });
    await other.close();
    const second = await served.channels(kernel, { session, protocol: v1 });
    await Promise.all([reply(second, id), idle(second, id)]);
    const [, count, size] =
      /axial-lab: (\d+) outputs \((.+) MiB\) were dropped here/.exec(second.printed(id, "stderr")) ?? [];
    const lines = second.printed(id).split("\n").length - 1;
    assert.ok(lines >= 37 && lines <= 42, `${lines} lines of 100 kB fit into 4 MiB`);
    assert.ok(Number(count) > 0 && Number(count) <= 100 - lines, `${count} outputs for ${100 - lines} lines`);
    assert.ok(Math.abs(Number(size) * 2 ** 20 - (100 - lines) * 100_001) < 60_000, `${size} MiB`);
    await second.close();
  });

  it("takes the place of its earlier connection, which is closed", async () => {
    const session = "twice";
    const first = await served.channels(kernel, { session, protocol: v1 });
    const second = await served.channels(kernel, { session, protocol: v1 });
    assert.deepEqual(await first.closed, [1000, "the same session has connected again"]);
    assert.equal((await second.request("execute_request", { code: "1 + 1" })).content["status"], "ok");
    await second.close();
  });

  it("shares what is published with a second tab, and no replies", async () => {
    const tabs = [await served.channels(kernel, { protocol: v1 }), await served.channels(kernel)];
    const { parent_header: parent } = await tabs[0].request("execute_request", { code: "console.log('both')" });
    await idle(tabs[1], parent.msg_id!);
    assert.equal(tabs[1].printed(parent.msg_id!), "both\n");
    assert.ok(tabs[1].messages.every(({ channel }) => channel === "iopub"));
    for (const tab of tabs) await tab.close();
  });
});
