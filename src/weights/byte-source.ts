/** Bytes that are read by ranges, so that a file may be larger than memory or than a buffer can be. */
import { open } from "node:fs/promises";
import { FileError } from "../core/errors.js";

export interface ByteSource {
  /** Bytes in all. */
  readonly size: number;
  /** The bytes from `start` on, `length` of them, in a buffer of their own. Throws where there are fewer. */
  read(start: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** The most that one call of the system reads. */
const largestRead = 2 ** 30;

/**
 * A file as a source of bytes. `where` begins the messages.
 *
 * @throws FileError where the path is none of a readable file.
 */
export async function fileBytes(where: string, path: string): Promise<ByteSource> {
  const refuse = (error: unknown): never => {
    throw new FileError(
      `${where}: the file must be readable, got ${path} (${(error as Error).message}); give the path of a file`,
    );
  };
  const file = await open(path).catch(refuse);
  try {
    const status = await file.stat();
    if (status.isDirectory()) throw new Error("it is a folder");
    return {
      size: status.size,
      close: () => file.close(),
      read: async (start, length) => {
        const bytes = new Uint8Array(length);
        let done = 0;
        while (done < length) {
          const most = Math.min(length - done, largestRead);
          const { bytesRead } = await file.read(bytes, done, most, start + done);
          if (bytesRead === 0)
            return refuse(new Error(`it ends at byte ${start + done}, inside ${length} bytes from ${start} on`));
          done += bytesRead;
        }
        return bytes;
      },
    };
  } catch (error) {
    await file.close();
    return refuse(error);
  }
}

/** Bytes in memory as a source. */
export function memoryBytes(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    close: () => Promise.resolve(),
    read: (start, length) =>
      start + length <= bytes.length
        ? Promise.resolve(Uint8Array.from(bytes.subarray(start, start + length)))
        : Promise.reject(
            new FileError(
              `weights: bytes ${start} to ${start + length} must exist, got ${bytes.length}; take the whole file`,
            ),
          ),
  };
}
