import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeV1, type WireMessage } from "../../../editor/served.js";
import { browserModule } from "../../../helpers/browser-module.js";

type Message = Omit<WireMessage, "buffers"> & { buffers: Uint8Array[] };
const { encodeFrame, decodeFrame } = browserModule<{
  encodeFrame: (message: Message) => Uint8Array<ArrayBuffer>;
  decodeFrame: (bytes: ArrayBuffer) => Message;
}>("editor/protocol/frames.ts");

const message = (buffers: Uint8Array[]): Message => ({
  channel: "shell",
  header: { msg_id: "m", msg_type: "comm_msg" },
  parent_header: {},
  metadata: { a: [1, null] },
  content: { text: "é 😀", data: { deep: true } },
  buffers,
});
const bytes = (length: number) => Uint8Array.from({ length }, (_, i) => (7 * i) % 251);

describe("frames of the editor's page", () => {
  for (const lengths of [[], [0], [3], [5, 0, 11]])
    it(`with buffers of ${JSON.stringify(lengths)} bytes are those of the specification`, () => {
      const sent = message(lengths.map(bytes));
      const expected = encodeV1({ ...sent, buffers: sent.buffers.map((each) => Buffer.from(each)) });
      assert.deepEqual(Buffer.from(encodeFrame(sent)), expected);
      assert.deepEqual(decodeFrame(encodeFrame(sent).buffer), sent);
    });

  it("send a view's own bytes, and not the buffer that it lies in", () => {
    const whole = bytes(13);
    const { buffers } = decodeFrame(encodeFrame(message([whole.subarray(5, 8)])).buffer);
    assert.deepEqual(buffers[0], whole.slice(5, 8));
  });

  const broken: [what: string, change: (view: DataView) => void][] = [
    ["fewer parts than a message has", (view) => view.setBigUint64(0, 4n, true)],
    ["an offset behind the end", (view) => view.setBigUint64(48, 9999n, true)],
    ["offsets that go back", (view) => view.setBigUint64(24, 57n, true)],
  ];
  for (const [what, change] of broken)
    it(`are refused with ${what}`, () => {
      const frame = encodeFrame(message([])).buffer;
      change(new DataView(frame));
      assert.throws(() => decodeFrame(frame), RangeError);
    });
});
