import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { jsonFraming, outgoing, v1Framing } from "../../src/editor/framing.js";
import { MessageRefused, type Message } from "../../src/jupyter/wire.js";
import { encodeV1 } from "./served.js";

const header = { msg_id: "1", msg_type: "comm_msg", session: "s", username: "u", date: "d", version: "5.4" };
const message: Message = {
  identities: [],
  header,
  parentHeader: {},
  metadata: { größe: 3 },
  content: { text: "🦊" },
  buffers: [Buffer.from([1, 2, 3]), Buffer.alloc(0), Buffer.from([5, 7])],
};

for (const [name, framing] of [
  ["v1", v1Framing],
  ["JSON", jsonFraming],
] as const)
  describe(`${name} framing`, () => {
    for (const buffers of [[], message.buffers])
      it(`gives back what it was given, with ${buffers.length} buffers`, () => {
        const frame = framing.encode(outgoing("shell", { ...message, buffers }));
        const decoded = framing.decode(Buffer.from(frame), typeof frame !== "string");
        assert.equal(decoded.channel, "shell");
        const { buffers: back } = decoded.message;
        assert.deepEqual({ ...decoded.message, buffers: [] }, { ...message, buffers: [] });
        assert.deepEqual(
          back.map((buffer) => [...buffer]),
          buffers.map((buffer) => [...buffer]),
        );
      });
  });

describe("v1 framing", () => {
  it("lays out offsets and parts as recorded from Jupyter's server", () => {
    const frame = v1Framing.encode(outgoing("shell", { ...message, buffers: [] })) as Buffer;
    const json = [header, {}, message.metadata, message.content].map((part) => Buffer.byteLength(JSON.stringify(part)));
    const offsets = [56, 61];
    for (const length of json) offsets.push(offsets.at(-1)! + length);
    assert.deepEqual(
      Array.from({ length: 7 }, (_, index) => Number(frame.readBigUInt64LE(8 * index))),
      [6, ...offsets],
    );
    assert.equal(frame.subarray(56, 61).toString(), "shell");
    assert.equal(frame.length, offsets.at(-1));
  });

  const good = encodeV1({
    ...{ channel: "shell", header, parent_header: {}, metadata: {}, content: {}, buffers: [] },
  });
  const changed = (change: (frame: Buffer) => void): Buffer => {
    const frame = Buffer.from(good);
    change(frame);
    return frame;
  };
  const part = (fields: object): Buffer =>
    encodeV1({ channel: "shell", header, parent_header: {}, metadata: {}, content: {}, buffers: [], ...fields });
  const malformed: [string, Buffer, RegExp][] = [
    ["of no bytes", Buffer.alloc(0), /6 offsets or more, got 0 in 0 bytes/],
    ["with too few offsets", changed((frame) => frame.writeBigUInt64LE(5n, 0)), /got 5/],
    ["with more offsets than fit", changed((frame) => frame.writeBigUInt64LE(1n << 60n, 0)), /6 offsets or more/],
    [
      "with an offset behind its end",
      changed((frame) => frame.writeBigUInt64LE(1n << 40n, 48)),
      /one behind the other/,
    ],
    ["whose offsets go back", changed((frame) => frame.writeBigUInt64LE(56n, 24)), /one behind the other/],
    ["whose end is cut", good.subarray(0, good.length - 1), /one behind the other/],
    [
      "with a channel that takes nothing",
      part({ channel: "iopub" }),
      /a channel is shell, control, stdin, got "iopub"/,
    ],
    ["with a header that lacks its type", part({ header: { msg_id: "1", session: "s" } }), /no text in msg_type/],
    ["whose content is a list", part({ content: [] }), /not an object/],
  ];
  for (const [what, frame, reason] of malformed)
    it(`refuses a frame ${what}`, () => {
      assert.throws(
        () => v1Framing.decode(frame, true),
        (error: unknown) => error instanceof MessageRefused && reason.test(error.message) && !/\n/.test(error.message),
      );
    });
  it("refuses a text", () => assert.throws(() => v1Framing.decode(good, false), MessageRefused));
});

describe("JSON framing", () => {
  const json = (fields: object): Buffer =>
    Buffer.from(JSON.stringify({ channel: "shell", header, parent_header: {}, metadata: {}, content: {}, ...fields }));
  const binary = (...numbers: number[]): Buffer => {
    const frame = Buffer.alloc(4 * numbers.length + 40);
    numbers.forEach((number, index) => frame.writeUInt32BE(number, 4 * index));
    return frame;
  };
  const malformed: [string, Buffer, boolean, RegExp][] = [
    ["that is no JSON", Buffer.from("{"), false, /not JSON/],
    ["that is a list", Buffer.from("[]"), false, /not an object/],
    ["without a channel", json({ channel: undefined }), false, /a channel is/],
    ["with a channel that takes nothing", json({ channel: "iopub" }), false, /got "iopub"/],
    ["whose header is a number", json({ header: 7 }), false, /header of a message is an object, got 7/],
    ["without a header", json({ header: undefined }), false, /no text in msg_id/],
    ["whose content is a list", json({ content: [1] }), false, /content of a message is an object/],
    ["of bytes, with no offset", binary(0), true, /an offset or more, got 0/],
    ["of bytes, with more offsets than fit", binary(2 ** 31), true, /an offset or more/],
    ["of bytes, whose offsets go back", binary(2, 20, 12), true, /one behind the other/],
    ["of bytes, with an offset behind its end", binary(1, 999), true, /one behind the other/],
    ["of bytes, with an offset in its own head", binary(2, 4, 20), true, /one behind the other/],
  ];
  for (const [what, frame, isBinary, reason] of malformed)
    it(`refuses a frame ${what}`, () => {
      assert.throws(
        () => jsonFraming.decode(frame, isBinary),
        (error: unknown) => error instanceof MessageRefused && reason.test(error.message),
      );
    });
});
