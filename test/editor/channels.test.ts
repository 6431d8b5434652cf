import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { serve, v1, type Served } from "./served.js";

for (const [title, protocol] of [
  ["v1.kernel.websocket.jupyter.org", v1],
  ["JSON, without a subprotocol", undefined],
] as const)
  describe(`the channels of a kernel in ${title}`, () => {
    let served: Served;
    let kernel: string;
    before(async () => {
      served = await serve();
      kernel = await served.startKernel();
    });
    after(() => served.close());

    const open = () => served.channels(kernel, protocol === undefined ? {} : { protocol });

    it("run a cell, with its output between busy and idle", async () => {
      const channels = await open();
      assert.equal(channels.socket.protocol, protocol ?? "");
      const reply = await channels.request("execute_request", { code: "console.log('größer 🦊'); 6 * 7" });
      assert.deepEqual([reply.content["status"], reply.content["execution_count"]], ["ok", 1]);
      const id = reply.parent_header.msg_id!;
      const own = channels.messages.filter(({ parent_header: parent }) => parent.msg_id === id);
      assert.deepEqual(
        own.map(({ channel, header }) => `${channel} ${header.msg_type}`),
        ["status", "execute_input", "stream", "execute_result"]
          .map((type) => `iopub ${type}`)
          .concat("shell execute_reply", "iopub status"),
      );
      assert.equal(channels.printed(id), "größer 🦊\n");
      await channels.close();
    });

    it("carry buffers both ways", async () => {
      const channels = await open();
      const code = `
        import { notebook } from "axial-lab";
        notebook.onCommOpen("echo", (comm, { buffers }) => comm.send({ count: buffers.length }, { buffers: [...buffers, new Uint8Array([5])] }));`;
      assert.equal((await channels.request("execute_request", { code })).content["status"], "ok");
      const buffers = [Buffer.from([1, 2, 3]), Buffer.alloc(0), Buffer.from("größer")];
      channels.send("comm_open", { comm_id: "c", target_name: "echo", data: {} }, { buffers });
      const back = await channels.until(({ header }) => header.msg_type === "comm_msg");
      assert.deepEqual(back.content["data"], { count: 3 });
      assert.deepEqual(
        back.buffers.map((buffer) => [...buffer]),
        [...buffers, Buffer.from([5])].map((buffer) => [...buffer]),
      );
      await channels.close();
    });
  });
