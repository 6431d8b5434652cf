/** Text in HTML. */

const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Text as it stands between tags or inside a quoted attribute. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (character) => escapes[character]);

/** JSON as it may stand inside a `script` element: nothing in it can end the element. */
export const scriptJson = (value: unknown): string => JSON.stringify(value).replace(/</g, "\\u003c");

/** A file as an address of its own contents. */
export const dataUri = (type: string, base64: string): string => `data:${type};base64,${base64}`;

/** A text's UTF-8 bytes in base 64. */
export function base64OfText(text: string): string {
  let bytes = "";
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return btoa(bytes);
}
