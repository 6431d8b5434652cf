/** Compiler messages as a cell shows them: the message, the line, and a mark under the place. */
import ts from "typescript";
import type { ErrorContent } from "../child-protocol.js";
import { sourceExcerpt } from "../excerpt.js";
import { nameOf, type NotebookLanguage } from "../notebook-language.js";

export interface CellDiagnostic {
  code: number;
  message: string;
  /** From the start of the cell, in UTF-16 units. */
  start: number;
  /** Zero-based. */
  line: number;
  column: number;
  /** Length of the place, in UTF-16 units. */
  length: number;
}

export function toCellDiagnostics(diagnostics: readonly ts.Diagnostic[], source: string): CellDiagnostic[] {
  const file = ts.createSourceFile("cell.ts", source, ts.ScriptTarget.ESNext);
  return diagnostics
    .filter(({ category, start }) => category === ts.DiagnosticCategory.Error && (start ?? 0) <= source.length)
    .map(({ code, messageText, start = 0, length = 1 }) => {
      const { line, character } = file.getLineAndCharacterOfPosition(start);
      const message = ts.flattenDiagnosticMessageText(messageText, "\n");
      return { code, message, start, line, column: character, length };
    });
}

/** One message: `cell 3, line 2, column 7 - TS2322: ...` and the line with a mark. */
export function formatDiagnostic(diagnostic: CellDiagnostic, source: string, cell: string): string {
  const { code, message, line, column, length } = diagnostic;
  const place = `${cell}, line ${line + 1}, column ${column + 1}`;
  return `${place} - TS${code}: ${message}\n${sourceExcerpt(source, { line, column }, { length })}`;
}

export function diagnosticsError(
  diagnostics: readonly CellDiagnostic[],
  source: string,
  cell: string,
  ename: "SyntaxError" | "TypeError",
  language: NotebookLanguage,
): ErrorContent {
  const name = ename === "TypeError" ? "TypeScriptError" : ename;
  const first = diagnostics[0];
  return {
    ename: name,
    evalue: `${first.message.split("\n")[0]} (TS${first.code}, line ${first.line + 1})`,
    traceback: [
      `\u001b[31m${name}\u001b[39m: the cell was not run: ${diagnostics.length === 1 ? "one error" : `${diagnostics.length} errors`} in ${nameOf(language)}`,
      ...diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, source, cell)),
    ],
  };
}

/** An error that is said in one line. */
export const lineError = (ename: string, evalue: string): ErrorContent => ({
  ename,
  evalue,
  traceback: [`\u001b[31m${ename}\u001b[39m: ${evalue}`],
});
