/** Where the files of the notebook commands go. */
import { mkdir } from "node:fs/promises";
import { basename } from "node:path";
import { ConfigError } from "../core/errors.js";

/** Makes the folder, or says in one line why it cannot be one. */
export async function makeFolder(where: string, folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError(
      `${where}: --out must be a folder that can be written, got ${folder} (${code}); choose another folder`,
    );
  }
}

/** All files of one call go into one folder. */
export function assertDifferentNames(where: string, paths: readonly string[]): void {
  const names = paths.map((path) => basename(path));
  const duplicate = names.find((name, index) => names.indexOf(name) !== index);
  if (duplicate !== undefined)
    throw new ConfigError(
      `${where}: names must differ as they go into one folder, got ${duplicate} twice; give one of them a name of its own, or run them apart`,
    );
}
