/** Unpacks an archive of files and folders, and nothing else, into a folder of its own. */
import { createReadStream } from "node:fs";
import { mkdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { basename, dirname } from "node:path";
import { Transform } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { pipeline } from "node:stream/promises";
import * as tar from "tar";
import { FileError } from "../core/errors.js";
import type { Progress } from "./dataset.js";
import { assertKnownKeys, type KeysOf } from "../core/options.js";

/** What to unpack, and where to. */
export interface UnpackOptions {
  /** A .tar, .tar.gz or .tgz file. */
  readonly archive: string;
  /** The folder to make; nothing but an empty folder may stand there. It appears when all is unpacked, and never in part. */
  readonly to: string;
  /** Ends the work with the signal's reason. Default: none. */
  readonly signal?: AbortSignal;
  /** Told how far it is. Default: nobody. */
  readonly onProgress?: (progress: Progress) => void;
}

const keys: KeysOf<UnpackOptions> = { archive: true, to: true, signal: true, onProgress: true };

const types = new Set(["File", "OldFile", "ContiguousFile", "Directory", "GNUDumpDir"]);

/** Why an entry is refused, or null. */
function objection(path: string, type: string): string | null {
  if (!types.has(type)) return `a ${type}`;
  if (/^([/\\]|[a-z]:)/i.test(path)) return "an absolute path";
  if (path.split(/[/\\]/).includes("..")) return "a path outside its folder";
  return null;
}

/** Removes a folder into which the last few files that were begun may still be written. */
async function removeFolder(folder: string): Promise<void> {
  for (let round = 0; round < 20; round++) {
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    await wait(25);
    if ((await stat(folder).catch(() => null)) === null) return;
  }
}

/**
 * Unpacks. Refuses archives with links, devices, absolute paths or paths outside the folder; then and on any other error
 * nothing is left behind.
 *
 * @throws FileError for an archive that is refused, truncated or none, and where the folder cannot be written
 * @throws ConfigError for an option that there is not
 */
export async function unpack(options: UnpackOptions): Promise<void> {
  assertKnownKeys("unpack", options, keys);
  const { archive, to, signal, onProgress } = options;
  const total = (await stat(archive)).size;
  const temporary = `${to}.${randomUUID().slice(0, 8)}.tmp`;
  await mkdir(dirname(to), { recursive: true });
  await mkdir(temporary);
  let done = 0;
  let files = 0;
  let refused: FileError | null = null;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      done += chunk.length;
      onProgress?.({ task: "unpack", what: basename(archive), unit: "bytes", done, total });
      next(refused, chunk);
    },
  });
  const extract = tar.extract({
    cwd: temporary,
    preserveOwner: false,
    // What tar merely warns of and goes on: entries that are damaged or could not be written.
    onwarn: (code, message) => {
      if (code !== "TAR_ENTRY_INFO")
        refused ??= new FileError(
          `unpack: an archive must be whole, got ${code} (${message}) in ${archive}; fetch it again`,
        );
    },
    filter: (path, entry) => {
      const type = "type" in entry ? entry.type : "File";
      const reason = objection(path, type);
      if (reason !== null) {
        refused ??= new FileError(
          `unpack: an archive must hold files and folders only, got ${reason}, ${JSON.stringify(path)}, in ${archive}; use one from its publisher`,
        );
      } else if (type !== "Directory") files++;
      return refused === null;
    },
  });
  try {
    await pipeline(createReadStream(archive, { highWaterMark: 1 << 20 }), counter, extract, { signal });
    if (refused) throw refused as FileError;
    if (files === 0) throw new FileError(`unpack: an archive must hold files, got none in ${archive}; fetch it again`);
    await rmdir(to).catch(() => undefined); // An empty folder may stand there.
    await rename(temporary, to);
  } catch (error) {
    await removeFolder(temporary);
    signal?.throwIfAborted();
    if (error instanceof FileError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    // Errors of the system itself (no room, no access) have these fields; all others are the archive's.
    const rule = (error as NodeJS.ErrnoException).syscall ? "must be writable" : "must be whole";
    const what = rule === "must be writable" ? `the folder of ${to}` : "an archive";
    throw new FileError(
      `unpack: ${what} ${rule}, got ${code ?? message} for ${archive}; check names, rights and room on the disk`,
      { cause: error },
    );
  }
}
