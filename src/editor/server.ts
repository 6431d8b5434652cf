/**
 * The server of `axial-lab notebook edit`: the front end, and Jupyter's own REST and websocket interface to the files of
 * one folder and to kernels that run in this process, so that other clients of Jupyter work with it too.
 *
 * Reachable from this machine only unless asked otherwise; see `access.ts` for who may talk to it.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import type { Duplex } from "node:stream";
import { ConfigError } from "../core/errors.js";
import { version } from "../core/version.js";
import { defaultMaxBytes } from "../jupyter/wire.js";
import { escapeHtml } from "../notebook/page/html.js";
import { createAccess, isWildcard } from "./access.js";
import { createChannels } from "./channels.js";
import { createCheckpoints } from "./checkpoints.js";
import { contentsRoutes } from "./contents-routes.js";
import { openFolder } from "./folder.js";
import { ok, readJson, RequestRefused, send, type Answer, type Call, type Route } from "./http.js";
import { kernelRoutes } from "./kernel-routes.js";
import { createKernels } from "./kernels.js";
import type { OutboxLimits } from "./outbox.js";
import { createSaver } from "./save.js";
import { createSessions } from "./sessions.js";
import { staticRoutes } from "./static-files.js";

export interface EditorOptions {
  /** The folder whose files are served. */
  folder: string;
  /** Default: 127.0.0.1, reachable from this machine only. */
  host?: string;
  /** Default: one that follows from the folder, so that the browser finds its drafts again; a free one where that is taken. */
  port?: number;
  /** Default: a new one. */
  token?: string;
  /** The longest body of a request and the longest message, in bytes. Default: 64 MiB. */
  maxBytes?: number;
  limits?: OutboxLimits;
  /** Takes a line for each request that was refused. Default: nothing is written. */
  log?: (line: string) => void;
}

export interface Editor {
  /** `http://127.0.0.1:PORT`, or with the host that was asked for, where that is one address. */
  readonly origin: string;
  readonly token: string;
  /** Ends all kernels and connections. */
  close(): Promise<void>;
}

/** Errors: `ConfigError` where the port cannot be had, or the folder not be read. */
export async function startEditor(options: EditorOptions): Promise<Editor> {
  const { host = "127.0.0.1", port, token, maxBytes = defaultMaxBytes, limits, log = () => undefined } = options;
  const folder = await openFolder(options.folder).catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError(
      `notebook edit: the folder must be readable, got ${options.folder} (${error.code}); check its name and its rights`,
    );
  });
  const startedAt = new Date();
  const server = createServer((request, response) => void answer(request, response));
  const address = () => server.address() as AddressInfo;
  const access = createAccess({ host, port: () => address().port, ...(token === undefined ? {} : { token }) });
  const kernels = createKernels({
    folder,
    log,
    onEnd: (id) => sessions.onKernelEnd(id),
    ...(limits === undefined ? {} : { limits }),
  });
  const sessions = createSessions(kernels);
  const channels = createChannels({ kernels, maxBytes, log });
  const routes: Route[] = [
    { method: "GET", pattern: /^\/api$/, handle: () => ok({ version }) },
    { method: "GET", pattern: /^\/api\/status$/, handle: () => ok(status()) },
    { method: "GET", pattern: /^\/api\/me$/, handle: () => ok(me) },
    ...contentsRoutes({ folder, saver: createSaver(folder), checkpoints: createCheckpoints(folder) }),
    ...kernelRoutes(kernels, sessions),
    ...staticRoutes(),
  ];

  function status() {
    const running = kernels.list();
    const active = running.map(({ last_activity: at }) => at).sort();
    return {
      started: startedAt.toISOString(),
      last_activity: active.at(-1) ?? startedAt.toISOString(),
      connections: running.reduce((sum, { connections }) => sum + connections, 0),
      kernels: running.length,
    };
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let result: Answer;
    try {
      const { path, query } = target(request);
      access.assertOwnPage(request);
      access.assertToken(request, query);
      result =
        isPage(request, path) && query.has("token")
          ? toCookie(request, path, query)
          : await route(request, path, query);
    } catch (error) {
      result = refusal(request, error);
      // The rest of a body that is too long is not worth waiting for.
      if (result.status === 413) response.once("finish", () => request.destroy());
    }
    for (const [name, value] of Object.entries(everyAnswer)) response.setHeader(name, value);
    send(response, result);
  }

  function refusal({ method, url = "" }: IncomingMessage, error: unknown): Answer {
    const known = error instanceof RequestRefused;
    const message = known ? error.message : `internal: ${error instanceof Error ? error.message : String(error)}`;
    const code = known ? error.status : 500;
    log(`refused ${method} ${url.replace(/[?#].*$/, "").slice(0, 200)} with ${code}: ${message}`);
    return { status: code, json: { message, reason: null, ...(known ? error.fields : {}) } };
  }

  /** The page is opened by an address that holds the token; from then on the browser has it as a cookie. */
  function toCookie({ headers }: IncomingMessage, path: string, query: URLSearchParams): Answer {
    query.delete("token");
    const location = query.size > 0 ? `${path}?${query}` : path;
    const cookie = { "set-cookie": access.cookie() };
    if (!/^(cross|same)-site$/.test(String(headers["sec-fetch-site"])))
      return { status: 302, headers: { location, ...cookie } };
    // Where a link on another page was followed, a strict cookie does not go along with a redirect; from a page of ours
    // it does.
    const text = `<!doctype html><title>axial-lab</title><a href="${escapeHtml(location)}">Open</a>`;
    const refresh = { refresh: `0; url=${location}`, "content-type": "text/html; charset=utf-8" };
    return { status: 200, bytes: Buffer.from(text), headers: { ...refresh, ...cookie } };
  }

  function route(request: IncomingMessage, path: string, query: URLSearchParams): Answer | Promise<Answer> {
    const method = request.method === "HEAD" ? "GET" : (request.method ?? "GET");
    const fitting = routes.filter(({ pattern }) => pattern.test(path));
    const found = fitting.find((each) => each.method === method);
    if (!found) {
      if (fitting.length === 0) throw new RequestRefused(404, `request: there is no such address, got ${path}`);
      const methods = fitting.map((each) => each.method).join(", ");
      throw new RequestRefused(405, `request: the method must be ${methods}, got ${method}`);
    }
    const parts = found.pattern.exec(path)!.slice(1);
    const call: Call = { method, parts, query, request, body: () => readJson(request, maxBytes) };
    return found.handle(call);
  }

  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => undefined);
    try {
      const { path, query } = target(request);
      access.assertOwnPage(request);
      access.assertToken(request, query);
      channels.upgrade(request, socket, head, path, query);
    } catch (error) {
      const { status: code, json } = refusal(request, error);
      const { message } = json as { message: string };
      socket.end(
        `HTTP/1.1 ${code} Refused\r\nContent-Type: text/plain; charset=utf-8\r\n` +
          `Content-Length: ${Buffer.byteLength(message)}\r\nConnection: close\r\n\r\n${message}`,
      );
    }
  });

  if (port !== undefined) await listen(server, port, host);
  else await listen(server, portOf(options.folder), host).catch(() => listen(server, 0, host));
  return {
    origin: `http://${isWildcard(host) ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host}:${address().port}`,
    token: access.token,
    async close() {
      await kernels.stopAll();
      channels.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

/** Who is at work, for clients that ask: the one user of this machine. */
const me = {
  identity: {
    username: "axial-lab",
    name: "axial-lab",
    display_name: "axial-lab",
    initials: "AL",
    avatar_url: null,
    color: null,
  },
  permissions: {},
};

const everyAnswer = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

/** The address of a request in two, the path as it was written: a path with `..` is to be seen and refused. */
function target({ url = "/" }: IncomingMessage): { path: string; query: URLSearchParams } {
  const at = url.indexOf("?");
  return at < 0
    ? { path: url, query: new URLSearchParams() }
    : { path: url.slice(0, at), query: new URLSearchParams(url.slice(at + 1)) };
}

const isPage = ({ method }: IncomingMessage, path: string): boolean => method === "GET" && path === "/";

/** Of 20000 to 29999, which no system gives out by itself as far as its defaults go. */
const portOf = (folder: string): number =>
  20_000 + (createHash("sha256").update(resolve(folder)).digest().readUInt32BE(0) % 10_000);

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((listening, reject) => {
    const refused = ({ code }: NodeJS.ErrnoException): void =>
      reject(
        new ConfigError(
          `notebook edit: the address must be free, got ${host}, port ${port} (${code}); choose another with --port`,
        ),
      );
    server.once("error", refused);
    server.listen(port, host, () => {
      server.off("error", refused);
      listening();
    });
  });
}
