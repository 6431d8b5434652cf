/**
 * Jupyter's wire format: one message as ZeroMQ frames, signed, and back (messaging specification 5.4, "The wire
 * protocol"). Nothing here knows what the messages mean.
 *
 *     identities ... | "<IDS|MSG>" | signature | header | parent_header | metadata | content | buffers ...
 *
 * The signature covers the four JSON frames and not the buffers. It is checked before any JSON is parsed.
 */
import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";

export const protocolVersion = "5.4";

export interface Header {
  msg_id: string;
  msg_type: string;
  session: string;
  username: string;
  date: string;
  version: string;
}

export interface Message {
  identities: Uint8Array[];
  header: Header;
  /** The header of the message that caused this one; empty where nothing did. */
  parentHeader: Header | Record<string, never>;
  metadata: Record<string, unknown>;
  content: Record<string, unknown>;
  buffers: Uint8Array[];
}

/** A message that must not be acted on. Says why; it is logged and nothing else happens. */
export class MessageRefused extends Error {
  override readonly name = "MessageRefused";
}

const delimiter = Buffer.from("<IDS|MSG>");
const framesAfterDelimiter = 5; // signature, header, parent_header, metadata, content

export interface WireOptions {
  key: string;
  /** `hmac-` and a digest that Node's crypto knows. */
  signatureScheme: string;
  /** Messages whose frames together are longer are refused, in bytes. */
  maxBytes?: number;
}

export interface Wire {
  encode(message: Message): Uint8Array[];
  /** Throws `MessageRefused` where a message is malformed, oversize, not signed with our key, or seen before. */
  decode(frames: Uint8Array[]): Message;
}

/** Room for photographs and weights in widget buffers, and far from what would exhaust the process. */
export const defaultMaxBytes = 64 * 1024 * 1024;

/** Signatures remembered against replay; the older half is forgotten when they are as many. */
const rememberedSignatures = 1 << 16;

export function createWire({ key, signatureScheme, maxBytes = defaultMaxBytes }: WireOptions): Wire {
  const digest = signatureScheme.replace(/^hmac-/, "");
  const seen = new Set<string>();

  const sign = (parts: Uint8Array[]): string => {
    if (key === "") return "";
    const hmac = createHmac(digest, key);
    for (const part of parts) hmac.update(part);
    return hmac.digest("hex");
  };

  function assertSigned(signature: string, parts: Uint8Array[]): void {
    if (key === "") return;
    const expected = Buffer.from(sign(parts));
    const given = Buffer.from(signature);
    if (given.length === 0) throw new MessageRefused("it is not signed");
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new MessageRefused("its signature does not match the key of the connection file");
    }
    if (seen.has(signature)) throw new MessageRefused("its signature was seen before (replayed)");
    seen.add(signature);
    if (seen.size >= rememberedSignatures) {
      let surplus = rememberedSignatures / 2;
      for (const old of seen) {
        if (surplus-- === 0) break;
        seen.delete(old);
      }
    }
  }

  return {
    encode({ identities, header, parentHeader, metadata, content, buffers }) {
      const parts = [header, parentHeader, metadata, content].map((part) => Buffer.from(JSON.stringify(part)));
      return [...identities, delimiter, Buffer.from(sign(parts)), ...parts, ...buffers];
    },

    decode(frames) {
      const bytes = frames.reduce((sum, frame) => sum + frame.byteLength, 0);
      if (bytes > maxBytes) throw new MessageRefused(`it has ${bytes} bytes, more than the limit of ${maxBytes}`);
      const at = frames.findIndex((frame) => Buffer.compare(frame, delimiter) === 0);
      if (at < 0) throw new MessageRefused("it has no <IDS|MSG> delimiter");
      if (frames.length < at + 1 + framesAfterDelimiter) {
        throw new MessageRefused(`it has ${frames.length - at - 1} frames after the delimiter, fewer than 5`);
      }
      const [signature, ...parts] = frames.slice(at + 1, at + 1 + framesAfterDelimiter) as [
        Uint8Array,
        ...Uint8Array[],
      ];
      assertSigned(Buffer.from(signature).toString("latin1"), parts);
      const [header, parentHeader, metadata, content] = parts.map(parseObject) as [
        Record<string, unknown>,
        Record<string, unknown>,
        Record<string, unknown>,
        Record<string, unknown>,
      ];
      assertHeader(header);
      return {
        identities: frames.slice(0, at),
        header,
        parentHeader: parentHeader as Message["parentHeader"],
        metadata,
        content,
        buffers: frames.slice(at + 1 + framesAfterDelimiter),
      };
    },
  };
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Throws `MessageRefused` where the bytes are not the JSON of an object. */
export function parseObject(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(bytes));
  } catch (error) {
    throw new MessageRefused(`a frame is not JSON (${(error as Error).message})`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new MessageRefused("a frame is JSON but not an object");
  }
  return value as Record<string, unknown>;
}

/** Throws `MessageRefused` where a header lacks what every message must have. */
export function assertHeader(header: Record<string, unknown>): asserts header is Record<string, unknown> & Header {
  for (const field of ["msg_id", "msg_type", "session"]) {
    if (typeof header[field] !== "string") throw new MessageRefused(`its header has no text in ${field}`);
  }
}

/** Makes headers for one session, that is for one process. */
export function createHeaderFactory(username = "kernel", session = randomUUID()): (msgType: string) => Header {
  return (msgType) => ({
    msg_id: randomUUID(),
    msg_type: msgType,
    session,
    username,
    date: new Date().toISOString(),
    version: protocolVersion,
  });
}
