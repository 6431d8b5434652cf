/** An HTTP server on this machine that serves one file, well or badly. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface FileServer {
  readonly url: string;
  /** The Range header of each request, null without one. */
  readonly ranges: (string | null)[];
  close(): Promise<void>;
}

export interface ServerBehaviour {
  /** Answer range requests as if they were for the whole file. */
  readonly ignoreRange?: boolean;
  /** Break the connection after so many bytes of the answer; once for each number. */
  readonly breakAfter?: number[];
  /** Statuses for the first requests. */
  readonly statuses?: number[];
  /** Send so many bytes and then nothing more; once for each number. */
  readonly stallAfter?: number[];
}

export async function serve(content: () => Uint8Array, behaviour: ServerBehaviour = {}): Promise<FileServer> {
  const { ignoreRange = false, breakAfter = [], statuses = [], stallAfter = [] } = behaviour;
  const ranges: (string | null)[] = [];
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const range = request.headers.range ?? null;
    ranges.push(range);
    const status = statuses.shift();
    if (status !== undefined) {
      response.writeHead(status).end("no");
      return;
    }
    const file = content();
    const start = ignoreRange ? 0 : Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
    if (start >= file.length) {
      response.writeHead(416).end();
      return;
    }
    const rest = file.subarray(start);
    response.writeHead(start > 0 ? 206 : 200, {
      "content-length": rest.length,
      ...(start > 0 && { "content-range": `bytes ${start}-${file.length - 1}/${file.length}` }),
    });
    const [broken, stalled] = [breakAfter.shift(), stallAfter.shift()];
    if (broken !== undefined) response.write(rest.subarray(0, broken), () => setTimeout(() => response.destroy(), 20));
    else if (stalled !== undefined) response.write(rest.subarray(0, stalled));
    else response.end(rest);
  };
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/file.tgz`,
    ranges,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
