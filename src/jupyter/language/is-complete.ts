/** Whether a console should run what was typed or ask for another line. */
import ts from "typescript";
import { extensionOf, type NotebookLanguage } from "../notebook-language.js";
import { asModule } from "./parse-module.js";

export type Completeness = { status: "complete" | "invalid" | "unknown" } | { status: "incomplete"; indent: string };

export function isComplete(code: string, language: NotebookLanguage): Completeness {
  const { diagnostics = [] } = ts.transpileModule(code, {
    fileName: `cell${extensionOf(language)}`,
    reportDiagnostics: true,
    compilerOptions: {
      ...asModule,
      allowJs: true,
      target: ts.ScriptTarget.ESNext,
      module: ts.ModuleKind.ESNext,
      noEmit: true,
    },
  });
  if (diagnostics.length === 0) return { status: "complete" };
  // An error at the end of the text may be cured by more text; one before it is not.
  const end = code.trimEnd().length;
  const first = diagnostics[0];
  const isOpen = unterminated.has(first.code) || (first.code !== unterminatedText && (first.start ?? 0) >= end);
  return isOpen ? { status: "incomplete", indent: nextIndent(code) } : { status: "invalid" };
}

/** Messages that stand at the beginning of something that has no end: a template, a comment. */
const unterminated = new Set([
  1010, // '*/' expected
  1160, // Unterminated template literal
]);

/** A text in quotes cannot go on in the next line. */
const unterminatedText = 1002;

const step = "  ";

/** The indent of the last line, one step more for each bracket that it leaves open. */
function nextIndent(code: string): string {
  const scanner = ts.createScanner(ts.ScriptTarget.ESNext, false, ts.LanguageVariant.Standard, code);
  const last = code.slice(code.lastIndexOf("\n") + 1);
  const indent = /^\s*/.exec(last)![0];
  const lineStart = code.length - last.length;
  let open = 0;
  for (let token = scanner.scan(); token !== ts.SyntaxKind.EndOfFileToken; token = scanner.scan()) {
    if (scanner.getTokenStart() < lineStart) continue;
    if (opening.has(token)) open++;
    if (closing.has(token)) open--;
  }
  return open > 0 ? indent + step : indent;
}

const opening = new Set([ts.SyntaxKind.OpenBraceToken, ts.SyntaxKind.OpenBracketToken, ts.SyntaxKind.OpenParenToken]);
const closing = new Set([
  ts.SyntaxKind.CloseBraceToken,
  ts.SyntaxKind.CloseBracketToken,
  ts.SyntaxKind.CloseParenToken,
]);
