/** Completion, from TypeScript's own: what can stand at the cursor, best first. */
import ts from "typescript";
import type { NotebookService } from "./service.js";

export interface Completions {
  matches: string[];
  /** UTF-16 positions of the text that a match replaces. */
  start: number;
  end: number;
  /** The kind of each match, as JupyterLab shows it. */
  kinds: string[];
}

/** More are of no use to a reader, and slow to send. */
const most = 500;

/** `above`: cells above this one that may not have been run yet. */
export function complete(
  notebook: NotebookService,
  code: string,
  cursor: number,
  above: readonly string[] = [],
): Completions {
  notebook.open(code, "all", above);
  const info = notebook.service.getCompletionsAtPosition(notebook.current, cursor, {
    includeCompletionsForModuleExports: false,
    includeCompletionsWithInsertText: false,
  });
  const start = info?.optionalReplacementSpan?.start ?? startOfWord(code, cursor);
  const typed = code.slice(start, cursor);
  const lower = typed.toLowerCase();
  const rank = ({ name }: ts.CompletionEntry) => (name.startsWith(typed) ? 0 : 1);
  const entries = (info?.entries ?? [])
    .filter(({ name, kind }) => kind !== ts.ScriptElementKind.warning && name.toLowerCase().startsWith(lower))
    .filter(({ name }) => !name.startsWith("__cell_") && !/^__axial__$/.test(name))
    // As typed before otherwise cased, then in TypeScript's order: locals before globals, deprecated last.
    .sort((a, b) => rank(a) - rank(b) || compare(a.sortText, b.sortText) || compare(a.name, b.name))
    .slice(0, most);
  return {
    matches: entries.map(({ name }) => name),
    kinds: entries.map(({ kind }) => kindName(kind)),
    start,
    end: info?.optionalReplacementSpan
      ? Math.max(cursor, Math.min(code.length, ts.textSpanEnd(info.optionalReplacementSpan)))
      : cursor,
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function startOfWord(code: string, cursor: number): number {
  return cursor - /[\p{ID_Continue}$]*$/u.exec(code.slice(0, cursor))![0].length;
}

function kindName(kind: ts.ScriptElementKind): string {
  switch (kind) {
    case ts.ScriptElementKind.functionElement:
    case ts.ScriptElementKind.localFunctionElement:
    case ts.ScriptElementKind.memberFunctionElement:
      return "function";
    case ts.ScriptElementKind.classElement:
    case ts.ScriptElementKind.localClassElement:
      return "class";
    case ts.ScriptElementKind.interfaceElement:
    case ts.ScriptElementKind.typeElement:
      return "interface";
    case ts.ScriptElementKind.enumElement:
    case ts.ScriptElementKind.enumMemberElement:
      return "enum";
    case ts.ScriptElementKind.moduleElement:
    case ts.ScriptElementKind.alias:
    case ts.ScriptElementKind.externalModuleName:
      return "module";
    case ts.ScriptElementKind.keyword:
      return "keyword";
    case ts.ScriptElementKind.memberVariableElement:
    case ts.ScriptElementKind.memberGetAccessorElement:
    case ts.ScriptElementKind.memberSetAccessorElement:
      return "property";
    default:
      return "instance";
  }
}
