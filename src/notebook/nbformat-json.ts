/**
 * JSON byte for byte as Python's `nbformat` writes it (4.5: keys sorted, indent 1, other than ASCII kept), so that a
 * notebook that Jupyter opens and saves again is no change.
 */

type Json = Record<string, unknown>;

/** `value` holds what JSON can hold; a property that is undefined is left out. */
export function nbformatJson(value: unknown, indent = ""): string {
  if (typeof value === "number") return pythonNumber(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const inner = `${indent} `;
  const items = Array.isArray(value)
    ? value.map((each) => nbformatJson(each, inner))
    : Object.keys(value)
        .filter((key) => (value as Json)[key] !== undefined)
        .sort(byCodePoint)
        .map((key) => `${JSON.stringify(key)}: ${nbformatJson((value as Json)[key], inner)}`);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return items.length === 0 ? open + close : `${open}\n${inner}${items.join(`,\n${inner}`)}\n${indent}${close}`;
}

/** The same digits; but Python has an exponent from 0.0001 down, of two digits at least. */
function pythonNumber(value: number): string {
  const text = JSON.stringify(value);
  if (!Number.isFinite(value) || value === 0 || Math.abs(value) >= 1e-4) return text;
  return value.toExponential().replace(/e-(\d)$/, "e-0$1");
}

/** As Python compares texts; JavaScript compares halves of surrogate pairs. */
function byCodePoint(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  const at = left.findIndex((character, index) => character !== right[index]);
  if (at < 0) return left.length - right.length;
  return (left[at].codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? -1);
}

/** What ends a line for Python (`str.splitlines`); of a return and a line feed together, the line feed does. */
const afterLineEnd = /(?<=[\n\v\f\x1c-\x1e\x85\u2028\u2029]|\r(?!\n))/;

/** The lines of a text with their ends. */
export const splitLines = (text: string): string[] => (text === "" ? [] : text.split(afterLineEnd));
