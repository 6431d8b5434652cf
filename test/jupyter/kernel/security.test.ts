import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { stat } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import type { Dealer } from "zeromq";
import { endpoint, writeConnection, type Connection } from "../../../src/jupyter/connection.js";
import { createHeaderFactory, createWire } from "../../../src/jupyter/wire.js";
import { startTestKernel, type TestKernel } from "../test-kernel.js";

describe("a kernel that is sent what it must not obey", () => {
  let kernel: TestKernel;
  let socket: Dealer;
  before(async () => {
    kernel = await startTestKernel({}, [], { AXIAL_LAB_MAX_MESSAGE: "1000000" });
    const zmq = await import("zeromq");
    socket = new zmq.Dealer({ linger: 0 });
    socket.connect(endpoint(kernel.connection, "shell"));
  });
  after(async () => {
    socket.close();
    await kernel.stop();
  });

  const header = createHeaderFactory("intruder");
  const encode = (connection: Connection, content: Record<string, unknown> = {}) =>
    createWire({ key: connection.key, signatureScheme: "hmac-sha256" }).encode({
      identities: [],
      header: header("kernel_info_request"),
      parentHeader: {},
      metadata: {},
      content,
      buffers: [],
    });
  const sign = (parts: Uint8Array[]) =>
    Buffer.from(createHmac("sha256", kernel.connection.key).update(Buffer.concat(parts)).digest("hex"));

  /** Sends frames, waits for the log to say why they were refused, and sees that the kernel lives on. */
  async function refused(frames: Uint8Array[], reason: RegExp): Promise<void> {
    const before = kernel.log().length;
    await socket.send(frames);
    for (const deadline = Date.now() + 10_000; !reason.test(kernel.log().slice(before)) && Date.now() < deadline;) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.match(kernel.log().slice(before), reason);
    assert.equal((await kernel.run("1 + 1")).result?.["text/plain"], "2");
  }

  it("refuses a message without a signature", () =>
    refused(
      encode(kernel.connection).map((frame, index) => (index === 1 ? Buffer.alloc(0) : frame)),
      /refused a message on shell: it is not signed/,
    ));
  it("refuses a message that is signed with another key", () =>
    refused(encode({ ...kernel.connection, key: "guessed" }), /signature does not match/));
  it("refuses a message that was sent before", async () => {
    const frames = encode(kernel.connection);
    await socket.send(frames);
    await socket.receive();
    await refused(frames, /seen before \(replayed\)/);
  });
  it("refuses a message that is too long", () =>
    refused(encode(kernel.connection, { text: "x".repeat(2_000_000) }), /more than the limit of 1000000/));
  it("refuses one frame", () => refused([Buffer.from("hello")], /no <IDS\|MSG> delimiter/));
  it("refuses empty frames", () => refused([Buffer.alloc(0), Buffer.alloc(0)], /no <IDS\|MSG> delimiter/));
  it("refuses a message that ends early", () => refused(encode(kernel.connection).slice(0, 3), /fewer than 5/));
  it("refuses broken JSON", () => {
    const parts = ["{", "{}", "{}", "{}"].map((text) => Buffer.from(text));
    return refused([Buffer.from("<IDS|MSG>"), sign(parts), ...parts], /not JSON/);
  });
  it("refuses a header of wrong types", () => {
    const parts = ['{"msg_id":1,"msg_type":"x","session":"s"}', "{}", "{}", "{}"].map((text) => Buffer.from(text));
    return refused([Buffer.from("<IDS|MSG>"), sign(parts), ...parts], /no text in msg_id/);
  });
  it("refuses a message of no known type", () => {
    const parts = [JSON.stringify({ ...header("nonsense") }), "{}", "{}", "{}"].map((text) => Buffer.from(text));
    return refused([Buffer.from("<IDS|MSG>"), sign(parts), ...parts], /no such type, got "nonsense"/);
  });

  it("listens at the address given and at no other", async () => {
    const others = Object.values(networkInterfaces())
      .flatMap((each) => each ?? [])
      .filter(({ internal, family }) => !internal && family === "IPv4");
    for (const { address } of others) {
      const port = kernel.connection.ports.shell;
      const error = await new Promise((resolve) => {
        const attempt = connect(port, address, () => resolve(null)).on("error", resolve);
        attempt.setTimeout(1000, () => resolve("no answer"));
      });
      assert.notEqual(error, null, `${address}:${port} must not answer`);
    }
  });

  it("writes connection files that only their user can read", async () => {
    const path = `${kernel.folder}/connection.json`;
    await writeConnection(path, kernel.connection);
    if (process.platform !== "win32") assert.equal((await stat(path)).mode & 0o777, 0o600);
  });
});
