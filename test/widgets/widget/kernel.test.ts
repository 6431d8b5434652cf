import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Message } from "../../../src/jupyter/wire.js";
import { startTestKernel, type TestKernel } from "../../jupyter/test-kernel.js";

describe("a widget under our kernel", () => {
  let kernel: TestKernel;
  let opened: Message;
  before(async () => {
    kernel = await startTestKernel();
    await kernel.run(
      "import * as axial from 'axial-lab';\n" +
        "const counter = axial.widgets.createWidget({ title: 'A counter', esm: 'export default {}', state: { count: 3, pixels: Uint8Array.of(5) } });\n" +
        "counter.onChange(({ count }) => { if (count !== undefined) counter.set({ count: count * 2 }); });",
      {
        onOutput(message) {
          if (message.header.msg_type === "comm_open") opened = message;
        },
      },
    );
  });
  after(() => kernel.stop());

  /** Sends what a page sends, and gives the comm messages that come back because of it. */
  function send(type: string, content: Record<string, unknown>): Promise<Message[]> {
    return new Promise((resolve) => {
      const messages: Message[] = [];
      const stop = kernel.client.listen((channel, message) => {
        if (channel !== "iopub" || message.parentHeader.msg_id !== sent.msg_id) return;
        if (message.header.msg_type === "comm_msg") messages.push(message);
        if (message.content["execution_state"] !== "idle") return;
        stop();
        resolve(messages);
      });
      const sent = kernel.client.send("shell", type, content);
    });
  }
  const dataOf = ({ content }: Message) => content["data"] as { method: string; state: Record<string, unknown> };

  it("opens its comm with state and bytes", () => {
    assert.equal(opened.content["target_name"], "jupyter.widget");
    assert.deepEqual(opened.metadata, { version: "2.1.0" });
    assert.deepEqual([...opened.buffers[0]], [5]);
  });

  it("is shown by the id of its comm, with a text for those who have no widgets", async () => {
    const { result } = await kernel.run("counter");
    assert.deepEqual(result, {
      "application/vnd.jupyter.widget-view+json": {
        version_major: 2,
        version_minor: 1,
        model_id: opened.content["comm_id"],
      },
      "text/plain": "A counter",
    });
  });

  it("hears the page, and the page hears what the code makes of it, before idle", async () => {
    const data = { method: "update", state: { count: 11 }, buffer_paths: [] };
    const messages = await send("comm_msg", { comm_id: opened.content["comm_id"], data });
    assert.deepEqual(
      messages.map((message) => [dataOf(message).method, dataOf(message).state]),
      [
        ["echo_update", { count: 11 }],
        ["update", { count: 22 }],
      ],
    );
  });

  it("gives its state to a page that asks for it, under that request", async () => {
    const [update] = await send("comm_msg", { comm_id: opened.content["comm_id"], data: { method: "request_state" } });
    assert.equal(dataOf(update).state["count"], 22);
    assert.equal(dataOf(update).state["_model_name"], "AnyModel");
    assert.deepEqual([...update.buffers[0]], [5]);
  });

  it("is among the states of all widgets", async () => {
    await send("comm_open", { comm_id: "control", target_name: "jupyter.widget.control", data: {} });
    const [answer] = await send("comm_msg", { comm_id: "control", data: { method: "request_states" } });
    const { states } = answer.content["data"] as { states: Record<string, { model_module: string }> };
    assert.equal(states[String(opened.content["comm_id"])].model_module, "anywidget");
  });
});
