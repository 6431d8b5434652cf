/**
 * One message as one frame of the websocket subprotocol `v1.kernel.websocket.jupyter.org`, little endian: the number n of
 * offsets, n offsets from the frame's start (the last is its end), then channel, header, parent header, metadata,
 * content and each buffer, without gaps.
 */
import type { Channel, Header, Json, Message } from "./messages.js";

export const subprotocol = "v1.kernel.websocket.jupyter.org";

const offsetBytes = 8;
const textParts = 5;

export function encodeFrame(message: Message): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const { channel, header, parent_header: parent, metadata, content, buffers } = message;
  const texts = [channel, ...[header, parent, metadata, content].map((part) => JSON.stringify(part))];
  const parts = [...texts.map((text) => encoder.encode(text)), ...buffers];
  const count = parts.length + 1;
  const offsets = [offsetBytes * (count + 1)];
  for (const part of parts) offsets.push(offsets.at(-1)! + part.byteLength);
  const frame = new Uint8Array(offsets.at(-1)!);
  const view = new DataView(frame.buffer);
  [count, ...offsets].forEach((value, i) => view.setBigUint64(i * offsetBytes, BigInt(value), true));
  parts.forEach((part, i) => frame.set(part, offsets[i]));
  return frame;
}

/** Throws RangeError where the frame is not one. */
export function decodeFrame(bytes: ArrayBuffer): Message {
  const view = new DataView(bytes);
  const count = Number(view.getBigUint64(0, true));
  const offsets = Array.from({ length: count }, (_, i) => Number(view.getBigUint64((i + 1) * offsetBytes, true)));
  if (count < textParts + 1 || offsets.some((offset, i) => offset > bytes.byteLength || offset < (offsets[i - 1] ?? 0)))
    throw new RangeError(`frame: offsets must rise within ${bytes.byteLength} bytes, got ${offsets.join(", ")}`);
  const part = (i: number): Uint8Array => new Uint8Array(bytes, offsets[i], offsets[i + 1] - offsets[i]);
  const decoder = new TextDecoder();
  const json = (i: number): unknown => JSON.parse(decoder.decode(part(i)));
  return {
    channel: decoder.decode(part(0)) as Channel,
    header: json(1) as Header,
    parent_header: json(2) as Header,
    metadata: json(3) as Json,
    content: json(4) as Json,
    buffers: Array.from({ length: count - 1 - textParts }, (_, i) => part(textParts + i)),
  };
}
