import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, it } from "node:test";
import { createHeaderFactory, createWire, type Message } from "../../src/jupyter/wire.js";

const key = "a secret";
const wire = () => createWire({ key, signatureScheme: "hmac-sha256", maxBytes: 5000 });
const header = createHeaderFactory("tester");
const message = (): Message => ({
  identities: [Buffer.from([0, 1, 2])],
  header: header("execute_request"),
  parentHeader: {},
  metadata: { m: 1 },
  content: { code: "“1”" },
  buffers: [Buffer.from([255, 0])],
});

const replaced = (frames: Uint8Array[], index: number, frame: Uint8Array): Uint8Array[] =>
  frames.map((old, at) => (at === index ? frame : old));

describe("the wire format", () => {
  it("gives back what was encoded, identities and buffers included", () => {
    const sent = message();
    assert.deepEqual(wire().decode(wire().encode(sent)), sent);
  });

  it("signs the four JSON frames and not the buffers", () => {
    const frames = wire()
      .encode(message())
      .map((frame) => Buffer.from(frame));
    const expected = createHmac("sha256", key)
      .update(Buffer.concat(frames.slice(3, 7)))
      .digest("hex");
    assert.equal(frames[2].toString(), expected);
  });

  it("accepts unsigned messages where the key is empty", () => {
    const open = createWire({ key: "", signatureScheme: "hmac-sha256" });
    const frames = open.encode(message());
    assert.equal(frames[2].byteLength, 0);
    assert.deepEqual(open.decode(frames).content, { code: "“1”" });
  });

  const refusals: [string, (frames: Uint8Array[]) => Uint8Array[], RegExp][] = [
    ["without a delimiter", (frames) => frames.filter((_, index) => index !== 1), /delimiter/],
    ["with too few frames", (frames) => frames.slice(0, 5), /3 frames after the delimiter/],
    ["that is not signed", (frames) => replaced(frames, 2, Buffer.alloc(0)), /not signed/],
    [
      "with another signature",
      (frames) => replaced(frames, 2, Buffer.from("0".repeat(64))),
      /signature does not match/,
    ],
    ["whose content was changed", (frames) => replaced(frames, 6, Buffer.from("{}")), /signature does not match/],
    ["that is too long", (frames) => [...frames, Buffer.alloc(6000)], /more than the limit of 5000/],
  ];
  for (const [what, change, reason] of refusals) {
    it(`refuses a message ${what}`, () => {
      assert.throws(() => wire().decode(change(wire().encode(message()))), { name: "MessageRefused", message: reason });
    });
  }

  it("refuses a message that it has seen before", () => {
    const receiver = wire();
    const frames = wire().encode(message());
    receiver.decode(frames);
    assert.throws(() => receiver.decode(frames), /replayed/);
  });

  const bodies: [string, string, RegExp][] = [
    ["is no JSON", "{", /not JSON/],
    ["is no object", "[1]", /not an object/],
    ["is no text", "\xff\xfe", /not JSON/],
  ];
  for (const [what, body, reason] of bodies) {
    it(`refuses a signed message of which a frame ${what}`, () => {
      const frames = wire().encode(message());
      const parts = [...frames.slice(3, 6), Buffer.from(body, "latin1")];
      const signature = createHmac("sha256", key).update(Buffer.concat(parts)).digest("hex");
      const forged = [frames[0], frames[1], Buffer.from(signature), ...parts];
      assert.throws(() => wire().decode(forged), reason);
    });
  }

  it("refuses a header without a message type", () => {
    const bad = message();
    delete (bad.header as Partial<Message["header"]>).msg_type;
    assert.throws(() => wire().decode(wire().encode(bad)), /no text in msg_type/);
  });
});
