/** The parts of a docblock: prose, and what stands indented in it: formulas, and examples in TypeScript. */
import ts from "typescript";

export interface DocPart {
  readonly kind: "prose" | "formula" | "example";
  /** Without the indentation. */
  readonly text: string;
}

/** Paragraphs that are indented by four places, between empty lines. */
const indented = /(?:^|(?<=\n\n))(?: {4}.*(?:\n|$)|\n(?= {4}))+/g;

export function docParts(doc: string): DocPart[] {
  const parts: DocPart[] = [];
  let at = 0;
  const add = (kind: DocPart["kind"], text: string) =>
    text.trim() !== "" && parts.push({ kind, text: text.replace(/^\n+|\s+$/g, "") });
  for (const { 0: block, index } of doc.matchAll(indented)) {
    add("prose", doc.slice(at, index));
    const text = block.replace(/^ {4}/gm, "");
    add(isTypeScript(text) ? "example" : "formula", text);
    at = index + block.length;
  }
  add("prose", doc.slice(at));
  return parts;
}

/** Whether a text can be read as a program: a formula of several words cannot. */
function isTypeScript(text: string): boolean {
  const { diagnostics = [] } = ts.transpileModule(text, { reportDiagnostics: true });
  return diagnostics.length === 0;
}
