/**
 * Files that are whole or not there: written beside their place, flushed to the disk, then renamed over it.
 */
import { randomUUID } from "node:crypto";
import { open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Writes `parts`, one after the other, as the file `path`. Whoever reads `path`, at any moment and after a power
 * cut, finds the old contents or the new ones. On an error the old file stays and the temporary one is removed. Who may
 * read and write an old file may do so with the new one.
 */
export async function writeFileAtomically(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const temporary = `${path}.${randomUUID().slice(0, 8)}.tmp`;
  const mode = await modeOf(path);
  try {
    // Not readable by more than the old one at any moment.
    const file = await open(temporary, "wx", mode ?? 0o666);
    try {
      if (mode !== null) await file.chmod(mode);
      for (const part of parts) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** The permissions of a file; null where there is none. */
async function modeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).mode & 0o777;
  } catch {
    return null;
  }
}

/** Makes the rename itself durable, where the system lets a folder be opened (not on Windows). */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
