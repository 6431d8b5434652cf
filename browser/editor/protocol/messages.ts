/** Messages between a front end and a kernel (Jupyter's messaging specification, 5.4). */

export type Json = Record<string, unknown>;
export type Channel = "shell" | "iopub" | "stdin" | "control";

export interface Header {
  readonly msg_id: string;
  readonly msg_type: string;
  readonly session: string;
  readonly username: string;
  readonly date: string;
  readonly version: string;
}

export interface Message {
  readonly channel: Channel;
  readonly header: Header;
  /** Of the message that caused this one; empty where nothing did. */
  readonly parent_header: Header | Record<string, never>;
  readonly metadata: Json;
  readonly content: Json;
  readonly buffers: readonly Uint8Array[];
}

const random = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** A name that nothing else has. Unlike `crypto.randomUUID` it may be asked for on a page without TLS. */
export const newId = random;

export interface MessageArgs {
  readonly channel: Channel;
  readonly type: string;
  readonly session: string;
  readonly content: Json;
  readonly metadata?: Json;
  readonly buffers?: readonly Uint8Array[];
  readonly parent?: Header;
}

export function newMessage({ channel, type, session, content, metadata, buffers, parent }: MessageArgs): Message {
  const date = new Date().toISOString();
  return {
    channel,
    header: { msg_id: newId(), msg_type: type, session, username: "", date, version: "5.4" },
    parent_header: parent ?? {},
    metadata: metadata ?? {},
    content,
    buffers: buffers ?? [],
  };
}
