/** The language of a notebook, as its file says it. */
import type { Notebook } from "./file.js";

interface Metadata {
  kernelspec?: { language?: unknown };
  language_info?: { name?: unknown };
}

/** In small letters; null where the file does not say. */
export function languageOf(notebook: Notebook): string | null {
  const { kernelspec, language_info: info } = notebook.metadata as Metadata;
  const name = kernelspec?.language ?? info?.name;
  return typeof name === "string" && name !== "" ? name.toLowerCase() : null;
}
