/** The language of a notebook, as its file says it. */
import { ConfigError } from "../core/errors.js";
import { notebookLanguages } from "../jupyter/notebook-language.js";
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

/**
 * Our kernel would call every line of another language a mistake.
 *
 * @throws ConfigError where the notebook `path` says that it is in another language
 */
export function assertOurLanguage(notebook: Notebook, path: string): void {
  const language = languageOf(notebook);
  if (language !== null && !notebookLanguages.some((each) => each === language))
    throw new ConfigError(
      `notebook run: the language must be TypeScript or JavaScript, got ${language} in ${path}; name its kernel with --kernel`,
    );
}
