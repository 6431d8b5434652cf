/**
 * Messages on the websocket of a kernel, in the two forms that clients speak.
 *
 * - `v1.kernel.websocket.jupyter.org`: one binary frame, little endian: uint64 n, n times uint64 offset from the start
 *   (the last one is the end), then channel, header, parent header, metadata, content and each buffer.
 * - The older one, without a subprotocol: a text frame with the JSON of the message; with buffers a binary frame, big
 *   endian: uint32 count, count times uint32 offset, then that JSON and each buffer.
 */
import { assertHeader, MessageRefused, parseObject, type Message } from "../jupyter/wire.js";
import type { RequestChannel } from "../jupyter/transport.js";

export const v1Protocol = "v1.kernel.websocket.jupyter.org";

/** A message on its way to clients: turned into JSON once, whoever gets it in whichever form. */
export interface OutgoingMessage {
  readonly channel: RequestChannel | "iopub";
  readonly id: string;
  readonly type: string;
  readonly parentId: string | null;
  /** Header, parent header, metadata, content. */
  readonly json: readonly [Buffer, Buffer, Buffer, Buffer];
  readonly buffers: readonly Uint8Array[];
  readonly bytes: number;
}

export interface IncomingFrame {
  readonly channel: RequestChannel;
  readonly message: Message;
}

export interface Framing {
  encode(message: OutgoingMessage): Buffer | string;
  /** Throws `MessageRefused` where a frame is malformed. */
  decode(frame: Buffer, isBinary: boolean): IncomingFrame;
}

export function outgoing(channel: RequestChannel | "iopub", message: Message): OutgoingMessage {
  const { header, parentHeader, metadata, content, buffers } = message;
  const json = [header, parentHeader, metadata, content].map((part) => Buffer.from(JSON.stringify(part)));
  return {
    channel,
    id: header.msg_id,
    type: header.msg_type,
    parentId: parentHeader.msg_id ?? null,
    json: json as [Buffer, Buffer, Buffer, Buffer],
    buffers,
    bytes: [...json, ...buffers].reduce((sum, part) => sum + part.byteLength, 0),
  };
}

const names = ["header", "parent_header", "metadata", "content"] as const;

export const v1Framing: Framing = {
  encode({ channel, json, buffers }) {
    const parts = [Buffer.from(channel), ...json, ...buffers];
    const head = Buffer.alloc(8 * (parts.length + 2));
    head.writeBigUInt64LE(BigInt(parts.length + 1), 0);
    let at = head.length;
    head.writeBigUInt64LE(BigInt(at), 8);
    parts.forEach((part, index) => head.writeBigUInt64LE(BigInt((at += part.byteLength)), 8 * (index + 2)));
    return Buffer.concat([head, ...parts], at);
  },

  decode(frame, isBinary) {
    if (!isBinary) throw new MessageRefused(`a frame of ${v1Protocol} is binary, got a text`);
    const count = frame.length < 8 ? 0 : Number(frame.readBigUInt64LE(0));
    if (count < 6 || 8 * (count + 1) > frame.length)
      throw new MessageRefused(`a frame holds 6 offsets or more, got ${count} in ${frame.length} bytes`);
    const offsets = Array.from({ length: count }, (_, index) => Number(frame.readBigUInt64LE(8 * (index + 1))));
    if (offsets[0] !== 8 * (count + 1) || offsets.at(-1) !== frame.length || !isAscending(offsets))
      throw new MessageRefused("the offsets of a frame do not lie one behind the other");
    const parts = offsets.slice(1).map((end, index) => frame.subarray(offsets[index], end));
    const [channel, ...rest] = parts;
    const [header, parentHeader, metadata, content] = rest.slice(0, 4).map(parseObject);
    return incoming(channel.toString("latin1"), { header, parentHeader, metadata, content, buffers: rest.slice(4) });
  },
};

export const jsonFraming: Framing = {
  encode({ channel, json, buffers }) {
    const fields = json.map((part, index) => `"${names[index]}":${part.toString()}`);
    const text = `{${fields.join(",")},"channel":"${channel}","buffers":[]}`;
    if (buffers.length === 0) return text;
    const parts = [Buffer.from(text), ...buffers];
    const head = Buffer.alloc(4 * (parts.length + 1));
    head.writeUInt32BE(parts.length, 0);
    let at = head.length;
    parts.forEach((part, index) => {
      head.writeUInt32BE(at, 4 * (index + 1));
      at += part.byteLength;
    });
    return Buffer.concat([head, ...parts], at);
  },

  decode(frame, isBinary) {
    const [json, ...buffers] = isBinary ? splitJsonFrame(frame) : [frame];
    const { channel, header, parent_header: parentHeader, metadata, content } = parseObject(json);
    const given = { header, parentHeader, metadata, content };
    for (const [name, value] of Object.entries(given))
      if (typeof (value ?? {}) !== "object" || Array.isArray(value))
        throw new MessageRefused(`${name} of a message is an object, got ${JSON.stringify(value)?.slice(0, 60)}`);
    const [head, parent, meta, body] = Object.values(given).map((value) => (value ?? {}) as Record<string, unknown>);
    return incoming(channel, { header: head, parentHeader: parent, metadata: meta, content: body, buffers });
  },
};

function splitJsonFrame(frame: Buffer): Buffer[] {
  const count = frame.length < 4 ? 0 : frame.readUInt32BE(0);
  if (count < 1 || 4 * (count + 1) > frame.length)
    throw new MessageRefused(`a binary frame holds an offset or more, got ${count} in ${frame.length} bytes`);
  const offsets = Array.from({ length: count }, (_, index) => frame.readUInt32BE(4 * (index + 1)));
  if (offsets[0] < 4 * (count + 1) || offsets[count - 1] > frame.length || !isAscending(offsets))
    throw new MessageRefused("the offsets of a frame do not lie one behind the other");
  return offsets.map((start, index) => frame.subarray(start, offsets[index + 1] ?? frame.length));
}

const isAscending = (offsets: readonly number[]): boolean =>
  offsets.every((offset, index) => index === 0 || offset >= offsets[index - 1]);

const channels: readonly string[] = ["shell", "control", "stdin"] satisfies RequestChannel[];

interface Parts {
  header: Record<string, unknown>;
  parentHeader: Record<string, unknown>;
  metadata: Record<string, unknown>;
  content: Record<string, unknown>;
  buffers: Uint8Array[];
}

function incoming(channel: unknown, { header, parentHeader, ...rest }: Parts): IncomingFrame {
  if (typeof channel !== "string" || !channels.includes(channel))
    throw new MessageRefused(`a channel is ${channels.join(", ")}, got ${JSON.stringify(channel)?.slice(0, 60)}`);
  assertHeader(header);
  const parent = parentHeader as Message["parentHeader"];
  return { channel: channel as RequestChannel, message: { identities: [], header, parentHeader: parent, ...rest } };
}
