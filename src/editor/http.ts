/** Requests and answers of the REST interface: bodies within a limit, JSON out, errors of one line. */
import type { IncomingMessage, ServerResponse } from "node:http";

/** What a request is refused with. The client gets `{ message, reason }` and the log one line. */
export class RequestRefused extends Error {
  override readonly name = "RequestRefused";
  constructor(
    readonly status: number,
    message: string,
    /** Further fields of the answer. */
    readonly fields: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

export interface Call {
  readonly method: string;
  /** What the route's pattern has found in the path, as it is written there. */
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
  /** The body as an object, whatever the content type says; an empty one is `{}`. */
  body(): Promise<Record<string, unknown>>;
}

export interface Answer {
  readonly status: number;
  /** Sent as JSON; for other content give `bytes`. */
  readonly json?: unknown;
  readonly bytes?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Route {
  readonly method: string;
  readonly pattern: RegExp;
  readonly handle: (call: Call) => Answer | Promise<Answer>;
}

export const ok = (json: unknown): Answer => ({ status: 200, json });
export const created = (json: unknown, location: string): Answer => ({
  status: 201,
  json,
  headers: { location },
});
export const nothing: Answer = { status: 204 };

/** Reads the whole body; one that is longer is refused before it is taken in. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const tooLong = () =>
    new RequestRefused(413, `request: the body must have at most ${maxBytes} bytes; send a large file in chunks`);
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) throw tooLong();
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw tooLong();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export async function readJson(request: IncomingMessage, maxBytes: number): Promise<Record<string, unknown>> {
  const bytes = await readBody(request, maxBytes);
  if (bytes.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw new RequestRefused(400, `request: the body must be JSON (${(error as Error).message})`);
  }
  // JupyterLab sends the JSON of nothing where there is nothing to say.
  if (value === null || value === "") return {};
  if (typeof value !== "object" || Array.isArray(value))
    throw new RequestRefused(400, "request: the body must be the JSON of an object");
  return value as Record<string, unknown>;
}

export function send(response: ServerResponse, { status, json, bytes, headers = {} }: Answer): void {
  const isJson = json !== undefined;
  const body = isJson ? Buffer.from(JSON.stringify(json)) : (bytes ?? Buffer.alloc(0));
  response.writeHead(status, {
    ...(isJson ? { "content-type": "application/json", "cache-control": "no-store" } : {}),
    ...(status === 204 || status === 304 ? {} : { "content-length": body.byteLength }),
    ...headers,
  });
  response.end(response.req.method === "HEAD" ? undefined : body);
}

/** A text of the body, or what is given where there is none. */
export function optionalText(body: Record<string, unknown>, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string")
    throw new RequestRefused(400, `request: ${name} must be a text, got ${JSON.stringify(value)}`);
  return value;
}
