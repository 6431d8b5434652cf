import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import type { Header, Message } from "../../../src/jupyter/wire.js";
import { startTestKernel, type TestKernel } from "../test-kernel.js";

describe("comms", () => {
  let kernel: TestKernel;
  before(async () => {
    kernel = await startTestKernel();
    await kernel.run("const host = (globalThis as any)[Symbol.for('axial-lab.kernel-host')]; const log: any[] = [];");
  });
  after(() => kernel.stop());

  /** Sends a comm message and gives what came on iopub because of it, up to `idle`. */
  function send(type: string, content: Record<string, unknown>, buffers: Uint8Array[] = []): Promise<Message[]> {
    return new Promise((resolve) => {
      const messages: Message[] = [];
      const stop = kernel.client.listen((channel, message) => {
        if (channel !== "iopub" || message.parentHeader.msg_id !== sent.msg_id) return;
        messages.push(message);
        if (message.content["execution_state"] !== "idle") return;
        stop();
        resolve(messages);
      });
      const sent: Header = kernel.client.send("shell", type, content, { buffers });
    });
  }
  const info = async (target?: string) =>
    (await kernel.client.request("shell", "comm_info_request", target === undefined ? {} : { target_name: target }))
      .content["comms"];

  it("opened by a cell are told with data, metadata and buffers", async () => {
    let opened: Message | undefined;
    await kernel.run(
      "const own = host.openComm('plot', { size: 3 }, { id: 'own-comm', metadata: { version: '2' }, buffers: [Uint8Array.of(1, 2), Uint8Array.of(3)] });",
      {
        onOutput(message) {
          if (message.header.msg_type === "comm_open") opened = message;
        },
      },
    );
    assert.deepEqual(opened?.content, { comm_id: "own-comm", target_name: "plot", data: { size: 3 } });
    assert.deepEqual(opened.metadata, { version: "2" });
    assert.deepEqual(
      opened.buffers.map((buffer) => [...buffer]),
      [[1, 2], [3]],
    );
  });

  it("are listed, all or those of one target", async () => {
    assert.deepEqual(await info(), { "own-comm": { target_name: "plot" } });
    assert.deepEqual(await info("plot"), { "own-comm": { target_name: "plot" } });
    assert.deepEqual(await info("other"), {});
  });

  it("carry messages both ways, between busy and idle", async () => {
    await kernel.run(
      "own.onMessage(({ data, buffers }: any) => { console.log('got', data.n); own.send({ back: data.n + 1 }, { buffers }); });",
    );
    const messages = await send("comm_msg", { comm_id: "own-comm", data: { n: 4 } }, [Buffer.from([5, 6])]);
    assert.deepEqual(
      messages.map(({ header, content }) => [header.msg_type, content]),
      [
        ["status", { execution_state: "busy" }],
        ["stream", { name: "stdout", text: "got 4\n" }],
        ["comm_msg", { comm_id: "own-comm", data: { back: 5 } }],
        ["status", { execution_state: "idle" }],
      ],
    );
    assert.deepEqual([...messages[2].buffers[0]], [5, 6]);
  });

  it("carry messages while a cell waits", async () => {
    const { result } = await kernel.run(
      "const got = new Promise((resolve) => own.onMessage(({ data }: any) => resolve(data.n))); console.log('waits'); await got",
      {
        onOutput({ header, content }) {
          if (header.msg_type === "stream" && content["text"] === "waits\n") {
            void send("comm_msg", { comm_id: "own-comm", data: { n: 10 } });
          }
        },
      },
    );
    assert.equal(result?.["text/plain"], "10");
  });

  it("report an error of a listener under the message", async () => {
    await kernel.run(
      "const bad = host.openComm('bad', {}, { id: 'bad' }); bad.onMessage(() => { throw new Error('listener'); });",
    );
    const messages = await send("comm_msg", { comm_id: "bad", data: {} });
    assert.equal(messages.find(({ header }) => header.msg_type === "error")?.content["evalue"], "listener");
  });

  it("opened by the front end reach the target's listener", async () => {
    await kernel.run(
      "host.onCommOpen('asked', (comm: any, { data }: any) => { log.push(data); comm.send({ welcome: true }); comm.onClose(() => log.push('closed')); });",
    );
    const id = randomUUID();
    const messages = await send("comm_open", { comm_id: id, target_name: "asked", data: { from: "front" } });
    assert.deepEqual(messages.find(({ header }) => header.msg_type === "comm_msg")?.content, {
      comm_id: id,
      data: { welcome: true },
    });
    await send("comm_close", { comm_id: id, data: {} });
    assert.equal((await kernel.run("log")).result?.["text/plain"], "[ { from: 'front' }, 'closed' ]");
    assert.equal(Object.keys((await info()) as object).includes(id), false);
  });

  it("opened on an unknown target are closed", async () => {
    const messages = await send("comm_open", { comm_id: "lost", target_name: "nowhere", data: {} });
    assert.deepEqual(
      messages.map(({ header }) => header.msg_type),
      ["status", "comm_close", "status"],
    );
    assert.equal(Object.keys((await info()) as object).includes("lost"), false);
  });

  it("closed by a cell are told and forgotten", async () => {
    const { messages } = await kernel.run("own.close({ last: 1 });");
    assert.deepEqual(messages.find(({ type }) => type === "comm_close")?.content, {
      comm_id: "own-comm",
      data: { last: 1 },
    });
    assert.equal(Object.keys((await info()) as object).includes("own-comm"), false);
  });

  it("are gone with the process that had them, and the front end is told that they are closed", async () => {
    await kernel.run("const last = host.openComm('plot', {}, { id: 'last-comm' });");
    const closed: unknown[] = [];
    const stop = kernel.client.listen((channel, { header, content }) => {
      if (channel === "iopub" && header.msg_type === "comm_close") closed.push(content);
    });
    assert.equal((await kernel.run("process.abort()")).reply["ename"], "KernelDied");
    stop();
    assert.deepEqual(closed.at(-1), { comm_id: "last-comm", data: {} });
    assert.deepEqual(await info(), {});
  });
});
