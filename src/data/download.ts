/** Downloads a file so that an interrupted download goes on where it stopped, and what arrives is what was meant. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { FileError } from "../core/errors.js";
import type { Progress } from "./dataset.js";
import { assertKnownKeys, type KeysOf } from "../core/options.js";

/** What to download, where to, and what the file must be. */
export interface DownloadOptions {
  readonly url: string;
  /** Where the file goes. While it is incomplete it is called `${to}.part`. */
  readonly to: string;
  /** Its length in bytes. Default: whatever comes. */
  readonly bytes?: number;
  /** Hexadecimal. */
  readonly sha256: string;
  /** Ends the download with the signal's reason; what has come stays for the next try. Default: none. */
  readonly signal?: AbortSignal;
  /** Told how far it is. Default: nobody. */
  readonly onProgress?: (progress: Progress) => void;
  /** How often in a row a connection may fail without a byte more. Default 5. */
  readonly attempts?: number;
  /** Seconds without a byte after which a connection counts as failed. Default 60. */
  readonly stall?: number;
  /** Seconds to wait after a first failure, doubled after each further one. Default 1. */
  readonly pause?: number;
}

const keys: KeysOf<DownloadOptions> = {
  url: true,
  to: true,
  bytes: true,
  sha256: true,
  signal: true,
  onProgress: true,
  attempts: true,
  stall: true,
  pause: true,
};

/** A failure that another attempt may mend. */
class Passing extends Error {}

const sizeOf = (path: string): Promise<number | null> =>
  stat(path).then(
    ({ size }) => size,
    () => null,
  );

/** The SHA-256 of the part, hexadecimal. */
async function checksum(part: string, { to, signal, onProgress }: DownloadOptions): Promise<string> {
  const total = (await stat(part)).size;
  const hash = createHash("sha256");
  let done = 0;
  for await (const chunk of createReadStream(part, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    signal?.throwIfAborted();
    hash.update(chunk);
    done += chunk.length;
    onProgress?.({ task: "verify", what: basename(to), unit: "bytes", done, total });
  }
  return hash.digest("hex");
}

/**
 * Downloads `url` to `to`; at once done where a file is there already. Goes on from `${to}.part` if the server allows it
 * (HTTP range requests), tries again when a connection breaks, and gives the file its name only if the checksum is right.
 *
 * Once the signal is given it fails with the signal's reason, whatever else is under way.
 *
 * @throws FileError where the server has not the file, the attempts are used up, or the SHA-256 is another
 * @throws ConfigError for an option that there is not
 */
export async function download(options: DownloadOptions): Promise<void> {
  assertKnownKeys("download", options, keys);
  try {
    await bring(options);
  } catch (error) {
    // What is stopped fails in its own way, with an AbortError as often as with the reason.
    options.signal?.throwIfAborted();
    throw error;
  }
}

async function bring(options: DownloadOptions): Promise<void> {
  const { url, to, sha256, signal, attempts = 5, pause = 1 } = options;
  if ((await sizeOf(to)) !== null) return;
  const part = `${to}.part`;
  await mkdir(dirname(to), { recursive: true });
  const resumed = (await sizeOf(part)) !== null;

  for (let failures = 0; ;) {
    signal?.throwIfAborted();
    const before = (await sizeOf(part)) ?? 0;
    try {
      await receive(part, options);
      break;
    } catch (error) {
      if (signal?.aborted || !(error instanceof Passing)) throw error;
      failures = ((await sizeOf(part)) ?? 0) > before ? 1 : failures + 1;
      if (failures >= attempts) {
        throw new FileError(
          `download: the server must answer, got ${error.message} ${failures} times for ${url}; ` +
            `what has arrived is kept in ${part}, try again later`,
          { cause: error },
        );
      }
      await wait(pause * 1000 * 2 ** (failures - 1), undefined, { signal });
    }
  }

  const got = await checksum(part, options);
  signal?.throwIfAborted();
  if (got === sha256) return rename(part, to);
  await rm(part);
  // An old part may be of another file, or damaged: once more from the start.
  if (resumed) return bring(options);
  throw new FileError(`download: the SHA-256 of ${url} must be ${sha256}, got ${got}; the file was deleted, try again`);
}

/** Chunks of a connection (of 64 kB at most, usually) that are taken in before the first is written. */
const chunksAhead = 16;

/** One connection: appends to the part what it lacks. */
async function receive(part: string, options: DownloadOptions): Promise<void> {
  const { url, bytes, signal, onProgress, stall = 60 } = options;
  const have = (await sizeOf(part)) ?? 0;
  if (bytes !== undefined && have === bytes) return;
  if (bytes !== undefined && have > bytes) {
    await rm(part);
    return receive(part, options);
  }

  // One signal of our own: a combined one (AbortSignal.any) may be collected while it is waited for, and never comes.
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal?.reason);
  signal?.addEventListener("abort", onAbort);
  const alarm = setTimeout(() => stop.abort(new Passing(`no byte for ${stall} s`)), stall * 1000);
  try {
    const headers: Record<string, string> = have > 0 ? { range: `bytes=${have}-` } : {};
    const response = await unlessStopped(stop.signal, fetch(url, { headers, signal: stop.signal }));
    if (response.status === 416) {
      // Nothing after what we have: it is complete, or not this file at all. The checksum tells.
      await response.body?.cancel();
      return;
    }
    if (!response.ok || !response.body) {
      await response.body?.cancel();
      const answer = `HTTP ${response.status}`;
      if (response.status >= 500 || response.status === 408 || response.status === 429) throw new Passing(answer);
      throw new FileError(
        `download: the server must have the file, got ${answer} for ${url}; try again later, or fetch it by other means`,
      );
    }
    const start = response.status === 206 ? rangeStart(response.headers.get("content-range")) : 0;
    if (start !== 0 && start !== have)
      throw new FileError(
        `download: the range must begin at ${have}, got ${start}; remove the part that is there and start again`,
      );
    const rest = Number(response.headers.get("content-length") ?? NaN);
    const total = bytes ?? (Number.isNaN(rest) ? null : start + rest);

    const reader = response.body.getReader();
    // Asked for ahead of the writing: what a connection that breaks has brought, and nobody has asked for, is lost.
    const asked: ReturnType<typeof reader.read>[] = [];
    const ask = () => {
      const answer = reader.read();
      answer.catch(() => undefined);
      asked.push(answer);
    };
    while (asked.length < chunksAhead) ask();
    const file = await open(part, start === 0 ? "w" : "a");
    let done = start;
    try {
      for (;;) {
        const { value: chunk } = await unlessStopped(stop.signal, asked.shift()!);
        if (!chunk) break;
        ask();
        await file.write(chunk);
        done += chunk.length;
        alarm.refresh();
        onProgress?.({ task: "download", what: basename(options.to), unit: "bytes", done, total });
      }
      await file.sync();
    } finally {
      void reader.cancel().catch(() => undefined);
      await file.close();
    }
    if (total !== null && done < total) throw new Passing(`${done} of ${total} bytes`);
  } catch (error) {
    // fetch reports refused, reset and broken connections as TypeError, the reason in its cause.
    if (error instanceof TypeError) throw new Passing(messageOf(error));
    throw error;
  } finally {
    clearTimeout(alarm);
    signal?.removeEventListener("abort", onAbort);
  }
}

/** The promise, or the signal's reason as soon as that is given: a connection that is stopped may stay silent. */
async function unlessStopped<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  let onAbort = (): void => undefined;
  const stopped = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort);
  });
  try {
    return await Promise.race([stopped, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

const messageOf = (error: TypeError): string => {
  const cause = error.cause as { code?: string; message?: string } | undefined;
  return cause?.code ?? cause?.message ?? error.message;
};

/** "bytes 5-9/10" gives 5. */
const rangeStart = (contentRange: string | null): number =>
  Number(/^bytes (\d+)-/.exec(contentRange ?? "")?.[1] ?? NaN);
