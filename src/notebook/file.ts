/**
 * Notebook files, nbformat 4.5: read, checked and brought up to date; written so that the same notebook always gives
 * the same bytes, those that Jupyter gives, and a change shows as a small difference.
 */
import { readFile } from "node:fs/promises";
import { writeFileAtomically } from "../core/atomic-file.js";
import { FileError } from "../core/errors.js";
import { decodeText } from "../core/json.js";
import { formatNotebook, parseNotebook, type Notebook } from "./nbformat.js";

export * from "./nbformat.js";

export async function readNotebook(path: string): Promise<Notebook> {
  let text: string;
  try {
    text = decodeText(await readFile(path));
  } catch (error) {
    throw new FileError(
      `notebook: the file must be readable, got ${path} (${(error as NodeJS.ErrnoException).code}); check its name and its rights`,
    );
  }
  return parseNotebook(text, path);
}

export async function writeNotebook(path: string, notebook: Notebook): Promise<void> {
  await writeFileAtomically(path, [Buffer.from(formatNotebook(notebook))]);
}
