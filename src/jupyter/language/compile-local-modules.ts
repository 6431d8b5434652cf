/**
 * TypeScript files beside the notebook that a cell imports, and those that they import: compiled for the process that
 * runs the cells, which has no compiler.
 */
import { basename, dirname } from "node:path";
import ts from "typescript";
import type { LocalModule, LocalModules } from "../child-protocol.js";
import { createPositionMap } from "../position-map.js";
import { asModule } from "./parse-module.js";

export interface LocalModulesOptions {
  readFile: (path: string) => string | undefined;
  /** The file that this file imports by this name, or undefined where TypeScript finds none. */
  resolve: (specifier: string, fromFile: string) => string | undefined;
  experimentalDecorators: boolean;
}

/** `cellFile` is the service's name of the cell. */
export function findLocalModules(cellFile: string, code: string, options: LocalModulesOptions): LocalModules {
  const modules: Record<string, LocalModule> = {};

  function imports(text: string, file: string): Record<string, string> {
    const found: Record<string, string> = {};
    // Only a file that is named can be one of the notebook's own.
    for (const { fileName } of ts.preProcessFile(text, true, true).importedFiles) {
      if (!/^(\.|\/|[A-Za-z]:)/.test(fileName)) continue;
      const path = options.resolve(fileName, file);
      if (path === undefined || !isSource(path)) continue;
      found[fileName] = path;
      add(path);
    }
    return found;
  }

  function add(path: string): void {
    if (modules[path]) return;
    const source = options.readFile(path);
    if (source === undefined) return;
    const module = (modules[path] = compileModule(path, source, options));
    module.imports = imports(source, path);
  }

  return { imports: imports(code, cellFile), modules };
}

const isSource = (path: string): boolean =>
  /\.[cm]?tsx?$/.test(path) && !/\.d\.[cm]?ts$/.test(path) && !path.includes("/node_modules/");

const cache = new Map<string, { source: string; module: Omit<LocalModule, "imports"> }>();

function compileModule(path: string, source: string, { experimentalDecorators }: LocalModulesOptions): LocalModule {
  const known = cache.get(path);
  if (known?.source === source) return { ...known.module, imports: {} };
  const { outputText, sourceMapText } = ts.transpileModule(source, {
    fileName: path,
    compilerOptions: {
      ...asModule,
      target: ts.ScriptTarget.ES2022,
      // The one format that says before it runs what it imports, may await, and keeps imported names live.
      module: ts.ModuleKind.System,
      sourceMap: true,
      experimentalDecorators,
      emitDecoratorMetadata: experimentalDecorators,
    },
  });
  const compiled = outputText.replace(/\/\/# sourceMappingURL=.*\s*$/, "");
  const { mappings } = JSON.parse(sourceMapText ?? '{"mappings":""}') as { mappings: string };
  const module = {
    name: basename(path),
    folder: dirname(path),
    code: {
      javascript: compiled,
      source,
      map: createPositionMap([{ from: 0, to: compiled.length }], compiled, mappings),
    },
  };
  cache.set(path, { source, module });
  return { ...module, imports: {} };
}
