/** The server of `notebook edit` under test: over a folder of its own, asked by fetch and by websockets as clients do. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { WebSocket, type ClientOptions } from "ws";
import { startEditor, type Editor, type EditorOptions } from "../../src/editor/server.js";

export type Json = Record<string, unknown>;

export interface Replied {
  status: number;
  json: Json;
  text: string;
  headers: Headers;
}

export interface Served extends Editor {
  readonly folder: string;
  /** What the server has logged. */
  readonly log: string[];
  /** With the token, unless headers are given. A body that is no text is sent as JSON. */
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Replied>;
  startKernel(body?: Json): Promise<string>;
  /** Opens the channels of a kernel. */
  channels(kernel: string, options?: ChannelOptions): Promise<Channels>;
}

export interface ChannelOptions {
  session?: string;
  protocol?: string;
  /** The id of the message that the client has taken in last. */
  after?: string;
}

/** As on the wire, whichever framing brought it. */
export interface WireMessage {
  channel: string;
  header: { msg_id: string; msg_type: string };
  parent_header: { msg_id?: string };
  metadata: Json;
  content: Json;
  buffers: Buffer[];
}

export interface Channels {
  readonly socket: WebSocket;
  readonly session: string;
  /** Everything that has come. */
  readonly messages: WireMessage[];
  /** Resolves with the code and the reason. */
  readonly closed: Promise<[code: number, reason: string]>;
  send(type: string, content: Json, rest?: { channel?: string; buffers?: Buffer[]; metadata?: Json }): string;
  /** Resolves with the first message, past or to come, that fits. */
  until(fits: (message: WireMessage) => boolean): Promise<WireMessage>;
  /** Sends a request, and resolves with the reply to it when its `idle` has come too. */
  request(type: string, content: Json): Promise<WireMessage>;
  /** What was printed on one stream by what caused it. */
  printed(id: string, name?: "stdout" | "stderr"): string;
  close(): Promise<void>;
}

export async function serve(files: Record<string, string> = {}, options: Partial<EditorOptions> = {}): Promise<Served> {
  const folder = await mkdtemp(join(tmpdir(), "axial-editor-"));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  const log: string[] = [];
  const editor = await startEditor({ folder, log: (line) => log.push(line), ...options });
  const ask: Served["ask"] = async (method, path, body, headers = { authorization: `token ${editor.token}` }) => {
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    const response = await fetch(editor.origin + path, { method, headers, redirect: "manual", body: text ?? null });
    const answer = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json") && answer !== "";
    const json = (isJson ? JSON.parse(answer) : {}) as Json;
    return { status: response.status, json, text: answer, headers: response.headers };
  };
  return {
    ...editor,
    folder,
    log,
    ask,
    startKernel: async (body = {}) => String((await ask("POST", "/api/kernels", body)).json["id"]),
    channels: (kernel, channelOptions) => openChannels(editor, kernel, channelOptions),
    async close() {
      await editor.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

let serial = 0;

export const v1 = "v1.kernel.websocket.jupyter.org";

async function openChannels(editor: Editor, kernel: string, options: ChannelOptions = {}): Promise<Channels> {
  const { session = `session-${++serial}`, protocol, after } = options;
  const query = new URLSearchParams({ token: editor.token, session_id: session, ...(after && { last_msg_id: after }) });
  const socket = connect(`${editor.origin}/api/kernels/${kernel}/channels?${query}`, protocol);
  const messages: WireMessage[] = [];
  const watchers = new Set<(message: WireMessage) => void>();
  const closed = new Promise<[number, string]>((resolve) =>
    socket.on("close", (code, reason) => resolve([code, reason.toString()])),
  );
  socket.on("message", (data: Buffer, isBinary) => {
    const message = protocol === v1 ? decodeV1(data) : decodeJson(data, isBinary);
    messages.push(message);
    for (const watch of [...watchers]) watch(message);
  });
  const until: Channels["until"] = (fits) =>
    new Promise((resolve, reject) => {
      const found = messages.find(fits);
      if (found) return resolve(found);
      const watch = (message: WireMessage) => {
        if (!fits(message)) return;
        watchers.delete(watch);
        resolve(message);
      };
      watchers.add(watch);
      void closed.then(([code, reason]) => reject(new Error(`the connection was closed (${code} ${reason})`)));
    });
  const send: Channels["send"] = (type, content, { channel = "shell", buffers = [], metadata = {} } = {}) => {
    const id = `message-${++serial}`;
    const header = {
      msg_id: id,
      msg_type: type,
      session,
      username: "",
      date: new Date().toISOString(),
      version: "5.2",
    };
    const message = { channel, header, parent_header: {}, metadata, content, buffers };
    socket.send(protocol === v1 ? encodeV1(message) : encodeJson(message));
    return id;
  };
  const channels: Channels = {
    socket,
    session,
    messages,
    closed,
    send,
    until,
    async request(type, content) {
      const id = send(type, content);
      const [reply] = await Promise.all([
        until(({ channel, parent_header: parent }) => channel === "shell" && parent.msg_id === id),
        until((each) => each.parent_header.msg_id === id && each.content["execution_state"] === "idle"),
      ]);
      return reply;
    },
    printed: (id, name = "stdout") =>
      messages
        .filter(({ header, parent_header: parent, content }) => {
          return header.msg_type === "stream" && parent.msg_id === id && content["name"] === name;
        })
        .map(({ content }) => String(content["text"]))
        .join(""),
    async close() {
      socket.close();
      await closed;
    },
  };
  await new Promise<void>((resolve, reject) => socket.once("open", resolve).once("error", reject));
  return channels;
}

/** A websocket to an address given as http. */
export function connect(address: string, protocol?: string, options: ClientOptions = {}): WebSocket {
  return new WebSocket(address.replace(/^http/, "ws"), protocol === undefined ? [] : [protocol], options);
}

type Sent = Omit<WireMessage, "header"> & { header: Json };

/** Written from the specification of the protocol, not from the server's code. */
export function encodeV1({ channel, header, parent_header: parent, metadata, content, buffers }: Sent): Buffer {
  const parts = [channel, ...[header, parent, metadata, content].map((part) => JSON.stringify(part))].map((text) =>
    Buffer.from(text),
  );
  const all = [...parts, ...buffers];
  const offsets = [8 * (all.length + 2)];
  for (const part of all) offsets.push(offsets.at(-1)! + part.length);
  const head = Buffer.alloc(8 * (offsets.length + 1));
  [offsets.length, ...offsets].forEach((number, index) => head.writeBigUInt64LE(BigInt(number), 8 * index));
  return Buffer.concat([head, ...all]);
}

function decodeV1(frame: Buffer): WireMessage {
  const count = Number(frame.readBigUInt64LE(0));
  const offsets = Array.from({ length: count }, (_, index) => Number(frame.readBigUInt64LE(8 * (index + 1))));
  const parts = offsets.slice(0, -1).map((start, index) => frame.subarray(start, offsets[index + 1]));
  const [header, parent, metadata, content] = parts.slice(1, 5).map((part) => JSON.parse(part.toString()) as never);
  return { channel: parts[0].toString(), header, parent_header: parent, metadata, content, buffers: parts.slice(5) };
}

function encodeJson({ buffers, ...message }: Sent): string | Buffer {
  const json = JSON.stringify({ ...message, buffers: [] });
  if (buffers.length === 0) return json;
  const parts = [Buffer.from(json), ...buffers];
  const head = Buffer.alloc(4 * (parts.length + 1));
  head.writeUInt32BE(parts.length, 0);
  let at = head.length;
  parts.forEach((part, index) => {
    head.writeUInt32BE(at, 4 * (index + 1));
    at += part.length;
  });
  return Buffer.concat([head, ...parts]);
}

function decodeJson(frame: Buffer, isBinary: boolean): WireMessage {
  if (!isBinary) return JSON.parse(frame.toString()) as WireMessage;
  const count = frame.readUInt32BE(0);
  const offsets = Array.from({ length: count }, (_, index) => frame.readUInt32BE(4 * (index + 1)));
  const parts = offsets.map((start, index) => frame.subarray(start, offsets[index + 1] ?? frame.length));
  return { ...(JSON.parse(parts[0].toString()) as WireMessage), buffers: parts.slice(1) };
}
