/**
 * Cells, and the files beside a notebook, are modules whether they import and export or not: only in a module is
 * `await` always an operator, also where a bracket, a sign or a template follows it.
 */
import ts from "typescript";

/** For the compiler; the parser needs `parseModule`. */
export const asModule = { moduleDetection: ts.ModuleDetectionKind.Force } as const;

/** The extension of `fileName` says what the text is in: `.ts`, `.js`, `.mjs`. */
export function parseModule(fileName: string, text: string): ts.SourceFile {
  const options: ts.CreateSourceFileOptions = {
    languageVersion: ts.ScriptTarget.ESNext,
    // What the compiler itself does for `asModule`; the property is not among its public types.
    setExternalModuleIndicator: (file) => void Object.assign(file, { externalModuleIndicator: true }),
  };
  return ts.createSourceFile(fileName, text, options, true);
}
