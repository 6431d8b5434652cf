/**
 * A cell in TypeScript or JavaScript to a script that runs in the notebook's scope. Types are not looked at here (`service.ts`
 * does), so this works whatever the checking is set to.
 */
import ts from "typescript";
import { assemble, createPositionMap } from "../position-map.js";
import type { CompiledCell } from "../child-protocol.js";
import { extensionOf, type NotebookLanguage } from "../notebook-language.js";
import { declaredNames, type DeclaredName } from "./declared-names.js";
import { cellParameter } from "../runtime-global.js";
import { asModule, parseModule } from "./parse-module.js";
import { toScript } from "./to-script.js";

export interface CompileOptions {
  /** Names declared by earlier cells that were given another name in JavaScript; see `hazards.ts`. */
  renamed: ReadonlyMap<string, string>;
  typeOnlyModules?: ReadonlySet<string>;
  experimentalDecorators?: boolean;
  /** Default: TypeScript. */
  language?: NotebookLanguage;
}

export interface Compilation {
  code: CompiledCell;
  names: DeclaredName[];
  /** Syntax errors; the code must not run where there is any. */
  syntaxErrors: readonly ts.Diagnostic[];
}

export function compileCell(
  source: string,
  { renamed, typeOnlyModules, experimentalDecorators = false, language = "typescript" }: CompileOptions,
): Compilation {
  const fileName = `cell${extensionOf(language)}`;
  const file = parseModule(fileName, source);
  const names = declaredNames(file);
  const {
    outputText,
    sourceMapText,
    diagnostics = [],
  } = ts.transpileModule(source, {
    fileName,
    reportDiagnostics: true,
    transformers: { before: [captureResult] },
    compilerOptions: {
      ...asModule,
      allowJs: true,
      // What Node 20 lacks (using, decorators) is rewritten; everything else stays as it was written.
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.Preserve,
      verbatimModuleSyntax: true,
      sourceMap: true,
      experimentalDecorators,
      emitDecoratorMetadata: experimentalDecorators,
    },
  });
  const syntaxErrors = language === "typescript" ? diagnostics : diagnostics.filter(({ code }) => !loose.has(code));
  if (syntaxErrors.length > 0) return { code: { javascript: "", source, map: [] }, names, syntaxErrors };
  const compiled = outputText.replace(/\/\/# sourceMappingURL=.*\s*$/, "");
  const values = names.filter(({ kind }) => kind !== "type");
  const pieces = toScript(compiled, {
    userNames: new Set(values.map(({ name }) => name)),
    renamed,
    reset: new Set(values.filter(({ kind }) => kind === "enum" || kind === "namespace").map(({ name }) => name)),
    ...(typeOnlyModules ? { typeOnlyModules } : {}),
    isStrict: language === "typescript",
  });
  const { mappings } = JSON.parse(sourceMapText ?? '{"mappings":""}') as { mappings: string };
  return {
    code: {
      javascript: assemble(pieces, compiled),
      source,
      map: createPositionMap(pieces, compiled, mappings),
    },
    names,
    syntaxErrors: [],
  };
}

/** Messages about what loose code may have, as a script that is no module: octal numbers and escapes. */
const loose = new Set([1121, 1487, 1488]);

/** The value of a cell is that of its last statement, where that is an expression: hands it to the cell. */
const captureResult: ts.TransformerFactory<ts.SourceFile> = (context) => (file) => {
  const { factory } = context;
  const last = [...file.statements].reverse().find((statement) => !ts.isEmptyStatement(statement));
  if (!last || !ts.isExpressionStatement(last)) return file;
  const call = factory.createCallExpression(
    factory.createPropertyAccessExpression(factory.createIdentifier(cellParameter), "result"),
    undefined,
    [last.expression],
  );
  ts.setTextRange(call, last.expression);
  const statement = ts.setTextRange(factory.createExpressionStatement(call), last);
  return factory.updateSourceFile(
    file,
    file.statements.map((each) => (each === last ? statement : each)),
  );
};
