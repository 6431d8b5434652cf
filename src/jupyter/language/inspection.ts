/** What a name is: its type, its documentation, and at the second level where and how it is defined. */
import ts from "typescript";
import type { MimeBundle } from "../../core/kernel-host.js";
import type { NotebookService } from "./service.js";

/** `above`: cells above this one that may not have been run yet. */
export function inspectAt(
  notebook: NotebookService,
  code: string,
  cursor: number,
  detail: 0 | 1,
  above: readonly string[] = [],
): MimeBundle | null {
  notebook.open(code, "all", above);
  const { service, current: file } = notebook;
  // A cursor just behind a name, or inside the brackets of a call, asks about that name.
  const found = [cursor, cursor - 1, calleeBefore(code, cursor)]
    .filter((at) => at >= 0)
    .map((at) => ({ position: at, info: service.getQuickInfoAtPosition(file, at) }))
    // Of a name that is not known TypeScript says that it may be anything.
    .find(({ info }) => info !== undefined && info.kind !== ts.ScriptElementKind.unknown);
  if (!found?.info) return null;
  const { info, position } = found;
  // That a name comes from an earlier cell or an import is no news to the reader.
  const signature = ts
    .displayPartsToString(info.displayParts)
    .replace(/^\(alias\) /, "")
    .replace(/(?<=.)\nimport [^\n]*$/, "");
  const documentation = ts.displayPartsToString(info.documentation);
  const tags = (info.tags ?? []).map(({ name, text }) => `@${name} ${ts.displayPartsToString(text)}`.trimEnd());
  const definition = detail === 1 ? definitionText(notebook, file, position) : null;
  const prose = [documentation, tags.join("\n")].filter((part) => part !== "");
  return {
    "text/plain": [signature, ...prose, ...(definition ? [`${definition.place}\n${definition.text}`] : [])].join(
      "\n\n",
    ),
    "text/markdown": [
      fence(signature),
      ...prose,
      ...(definition ? [`*${definition.place}*`, fence(definition.text)] : []),
    ].join("\n\n"),
  };
}

const fence = (code: string): string => `\`\`\`typescript\n${code}\n\`\`\``;

/** The last character of the name whose call the cursor is in; -1 where it is in none. */
function calleeBefore(code: string, cursor: number): number {
  let depth = 0;
  for (let at = cursor - 1; at >= 0; at--) {
    if (code[at] === ")") depth++;
    else if (code[at] === "(" && depth-- === 0) return at - 1;
  }
  return -1;
}

interface Definition {
  place: string;
  text: string;
}

/** A definition is shown up to this length, in lines. */
const longest = 60;

function definitionText({ service }: NotebookService, file: string, position: number): Definition | null {
  const definitions = service.getDefinitionAtPosition(file, position) ?? [];
  // The name behind the cell that brings an earlier cell's is no definition; TypeScript then gives the other too.
  const [found] = [
    ...definitions.filter(({ fileName }) => fileName !== file),
    ...definitions.filter(({ fileName }) => fileName === file),
  ];
  const text = found && service.getProgram()?.getSourceFile(found.fileName)?.text;
  if (!found || text === undefined) return null;
  const span = found.contextSpan ?? found.textSpan;
  const lines = text.slice(span.start, ts.textSpanEnd(span)).split("\n");
  const cell = /__(?:cell|draft)_(\d+)__\.[jt]s$/.exec(found.fileName);
  return {
    place: cell ? "defined in the notebook" : `defined in ${found.fileName}`,
    text: lines.length > longest ? [...lines.slice(0, longest), "…"].join("\n") : lines.join("\n"),
  };
}
