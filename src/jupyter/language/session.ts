/** The language side of one notebook: cells in, scripts or compiler messages out. */
import { basename } from "node:path";
import ts from "typescript";
import type { CompiledCell, ErrorContent, LocalModules } from "../child-protocol.js";
import { compileCell } from "./compile.js";
import {
  diagnosticsError,
  formatDiagnostic,
  lineError,
  toCellDiagnostics,
  type CellDiagnostic,
} from "./diagnostics.js";
import { readSettings } from "./settings.js";
import { createNotebookService, type NotebookService, type NotebookServiceOptions } from "./service.js";
import { readDirectives, type Checking } from "./directives.js";
import { readHelpRequest } from "../execute-request.js";
import { habitMessage } from "./habits.js";
import { mangled } from "../runtime-global.js";
import { harmlessName } from "./hazards.js";
import { findLocalModules } from "./compile-local-modules.js";
import { asModule } from "./parse-module.js";

export interface CellResult {
  /** Null where the cell must not run. */
  code: CompiledCell | null;
  error: ErrorContent | null;
  /** Compiler messages for the reader, where checking only warns. */
  warnings: string;
  userExpressions: Record<string, CompiledCell | ErrorContent>;
  localModules: LocalModules;
}

export interface CompileRequest {
  code: string;
  /** How messages name the cell: `cell 3`. */
  label: string;
  userExpressions: Record<string, string>;
}

export interface DiagnoseRequest {
  code: string;
  /** The code cells above it in the notebook, whether they have been run or not. */
  above: readonly string[];
}

/** What the compiler says of a place in a cell that is being written. */
export interface CodeMark {
  /** UTF-16 positions in the cell. */
  start: number;
  end: number;
  message: string;
  /** `warning` where the cell runs all the same. */
  severity: "error" | "warning";
}

export interface LanguageSession {
  readonly notebook: NotebookService;
  compile(request: CompileRequest): CellResult;
  /** What `compile` would say of a cell, if those above it had been run; runs and remembers nothing. */
  diagnose(request: DiagnoseRequest): CodeMark[];
  reset(): void;
}

export interface LanguageSessionOptions extends Omit<NotebookServiceOptions, "settings"> {
  /** What type errors do, unless a cell says otherwise. */
  checking: Checking;
}

/** What every cell has as its own, under names that libraries take for a sign of where they run. */
const ownOfCells = ["module", "exports", "Deno"];
/** TypeScript's number of the message that a constant was assigned to. */
const assignedConstant = 2588;
const initialNames = (): Map<string, string> => new Map(ownOfCells.map((name) => [name, mangled(name)]));

export function createLanguageSession(options: LanguageSessionOptions): LanguageSession {
  const settings = readSettings(options.folder);
  const notebook = createNotebookService({ ...options, settings });
  let notebookChecking = options.checking;
  /** Names that have another name in JavaScript, because libraries look at globals of that name. */
  const renamed = initialNames();
  const { language } = options;
  const experimentalDecorators = settings.experimentalDecorators ?? false;

  function messages(file: string, code: string): CellDiagnostic[] {
    return toCellDiagnostics(notebook.service.getSemanticDiagnostics(file), code).map((diagnostic) => {
      const { message } = diagnostic;
      // To TypeScript a constant of an earlier cell is an import.
      const [, name] = /^Cannot assign to '(.*)' because it is an import\.$/.exec(message) ?? [];
      if (name === undefined || notebook.kindOf(name) !== "constant") return diagnostic;
      return { ...diagnostic, code: assignedConstant, message: message.replace("an import", "a constant") };
    });
  }

  return {
    notebook,

    compile({ code: written, label, userExpressions }) {
      const directives = readDirectives(written);
      if (directives.module !== null) notebook.addModule(directives.module, written);
      const code = directives.module !== null || directives.browser ? "" : (asObjectLiteral(written) ?? written);
      notebookChecking = directives.notebook ?? notebookChecking;
      const checking = directives.cell ?? notebookChecking;
      notebook.open(code);
      const own = compileCell(code, { renamed, experimentalDecorators, language });
      const syntax = toCellDiagnostics(own.syntaxErrors, code);
      const failed = (error: ErrorContent): CellResult => ({ ...nothing, error });
      if (syntax.length > 0) {
        const habit = habitMessage(code.split("\n")[syntax[0].line], language);
        if (habit !== null) return failed(lineError("SyntaxError", habit));
        return failed(diagnosticsError(syntax, code, label, "SyntaxError", language));
      }
      let warnings = "";
      if (checking !== "off") {
        const found = messages(notebook.current, code);
        if (found.length > 0 && checking === "error")
          return failed(diagnosticsError(found, code, label, "TypeError", language));
        warnings = found.map((diagnostic) => `${formatDiagnostic(diagnostic, code, label)}\n`).join("");
      }
      for (const { name, kind } of own.names) {
        const other = kind === "type" ? null : harmlessName(name);
        if (other !== null) renamed.set(name, other);
      }
      const typeOnlyModules = findTypeOnlyModules(notebook.service, notebook.current);
      const again = typeOnlyModules.size > 0 || own.names.some(({ name }) => renamed.has(name));
      const compiled = again ? compileCell(code, { renamed, typeOnlyModules, experimentalDecorators, language }) : own;
      const localModules = findLocalModules(notebook.current, code, { ...notebook.files, experimentalDecorators });
      notebook.commit();
      const expressions = Object.entries(userExpressions).map(([name, text]) => [name, compileExpression(text)]);
      return {
        code: compiled.code,
        error: null,
        warnings,
        userExpressions: Object.fromEntries(expressions) as CellResult["userExpressions"],
        localModules,
      };
    },

    diagnose({ code: written, above }) {
      const directives = readDirectives(written);
      if (directives.module !== null || directives.browser || readHelpRequest(written)) return [];
      const notebookWide = above.flatMap((text) => readDirectives(text).notebook ?? []).at(-1);
      const checking = directives.cell ?? directives.notebook ?? notebookWide ?? notebookChecking;
      const bracketed = asObjectLiteral(written);
      const code = bracketed ?? written;
      const syntax = toCellDiagnostics(
        compileCell(code, { renamed, experimentalDecorators, language }).syntaxErrors,
        code,
      );
      const found = syntax.length === 0 ? semantic() : (habitOf(syntax[0]) ?? syntax);
      const severity = syntax.length === 0 && checking === "warn" ? "warning" : "error";
      return found.map(({ start, length, message }) => {
        const from = Math.max(0, start - Number(bracketed !== null));
        return { start: from, end: Math.min(written.length, from + length), message, severity };
      });

      /** The whole line, where it is one of another notebook or of a terminal. */
      function habitOf(first: CellDiagnostic): CellDiagnostic[] | null {
        const line = code.split("\n")[first.line];
        const message = habitMessage(line, language);
        return message === null
          ? null
          : [{ ...first, message, start: first.start - first.column, length: line.length }];
      }

      function semantic(): CellDiagnostic[] {
        if (checking === "off") return [];
        notebook.open(code, "mentioned", above);
        return messages(notebook.current, code);
      }
    },

    reset() {
      notebook.reset();
      notebookChecking = options.checking;
      renamed.clear();
      for (const [name, other] of initialNames()) renamed.set(name, other);
    },
  };

  function compileExpression(text: string): CompiledCell | ErrorContent {
    const bracketed = `(${text})`;
    const { code, syntaxErrors } = compileCell(bracketed, { renamed, language });
    if (syntaxErrors.length === 0) return code;
    return diagnosticsError(
      toCellDiagnostics(syntaxErrors, bracketed),
      bracketed,
      "the expression",
      "SyntaxError",
      language,
    );
  }
}

/** `{ a: 1 }` as a cell is an object, as in every console, and not a block with a label in it. */
function asObjectLiteral(code: string): string | null {
  if (!/^\s*\{[^]*\}\s*$/.test(code)) return null;
  const text = `(${code})`;
  const { diagnostics = [] } = ts.transpileModule(text, { reportDiagnostics: true, compilerOptions: asModule });
  return diagnostics.length === 0 ? text : null;
}

const nothing: CellResult = {
  code: null,
  error: null,
  warnings: "",
  userExpressions: {},
  localModules: { imports: {}, modules: {} },
};

/** Modules of which the cell imports nothing but types by name: there may be nothing to import when it runs. */
function findTypeOnlyModules(service: ts.LanguageService, fileName: string): Set<string> {
  const program = service.getProgram();
  const file = program?.getSourceFile(fileName);
  const found = new Set<string>();
  if (!program || !file) return found;
  const checker = program.getTypeChecker();
  for (const statement of file.statements) {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    if (basename(statement.moduleSpecifier.text).startsWith("__cell")) continue;
    const bindings = statement.importClause?.namedBindings;
    if (!bindings || statement.importClause?.name || !ts.isNamedImports(bindings)) continue;
    const isType = ({ name }: ts.ImportSpecifier): boolean => {
      const symbol = checker.getSymbolAtLocation(name);
      if (!symbol) return false;
      const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      // An unresolved name is not known to be a type.
      return (target.flags & ts.SymbolFlags.Type) !== 0 && (target.flags & ts.SymbolFlags.Value) === 0;
    };
    if (bindings.elements.length > 0 && bindings.elements.every(isType)) found.add(statement.moduleSpecifier.text);
  }
  return found;
}
