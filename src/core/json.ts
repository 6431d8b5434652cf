/** JSON as people, editors and shells write it. */

/** Like `JSON.parse`, but a byte order mark before the text, as editors on Windows leave it there, is no error. */
export const parseJson = (text: string): unknown => JSON.parse(text.replace(/^\uFEFF/, ""));

/** The text of a file: UTF-8, or UTF-16 by its mark, as `>` of Windows PowerShell writes it. */
export function decodeText(bytes: Uint8Array): string {
  const mark = bytes.length > 1 ? (bytes[0] << 8) | bytes[1] : 0;
  return new TextDecoder(mark === 0xfffe ? "utf-16le" : mark === 0xfeff ? "utf-16be" : "utf-8").decode(bytes);
}

/** What `JSON.parse` says of a text that it refuses, in one line that can be shown. */
export const jsonFault = (error: unknown): string =>
  (error as Error).message.replace(/[\s\p{Cc}\uFFFD]+/gu, " ").trim();
