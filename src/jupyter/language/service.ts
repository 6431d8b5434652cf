/**
 * TypeScript's language service over a notebook. Each cell is a module of its own; what earlier cells declared is
 * brought in by text added behind the cell, so that positions in the cell stay what they are:
 *
 * - `let` and `var`: `declare let x: typeof import("./cell").x`, so that they can be assigned and narrowed here too;
 * - functions, classes, enums, types: imported from the cell that declared them;
 * - imports: the same import again.
 *
 * A cell that declares a name itself does not get the earlier one, so redefinition is no error. The current cell gets
 * everything through one index of what is visible: as long as a file imports the same modules in the same order as
 * before, TypeScript keeps its whole program, and a cell is checked in milliseconds.
 */
import ts from "typescript";
import { declaredNames, exportedNames, type DeclaredName } from "./declared-names.js";
import { kernelGlobals } from "./kernel-globals.js";
import { parseModule } from "./parse-module.js";
import { createServiceHost, type ServiceHostOptions } from "./service-host.js";

export interface NotebookService {
  readonly service: ts.LanguageService;
  /** The service's name of the current cell. */
  readonly current: string;
  /** Files as the cells see them. */
  readonly files: {
    readFile: (path: string) => string | undefined;
    resolve: (specifier: string, fromFile: string) => string | undefined;
  };
  /** Makes this text the current cell. */
  open(code: string, scope?: "mentioned" | "all"): void;
  /** What the current cell declares is visible from now on. */
  commit(): void;
  /** Makes a file beside the notebook that exists only here. */
  addModule(name: string, text: string): void;
  /** Forgets every cell: the notebook starts anew. */
  reset(): void;
}

export type NotebookServiceOptions = ServiceHostOptions;

interface ScopeEntry extends DeclaredName {
  /** The module of the cell that declared it. */
  module: string;
}

const currentFile = "__cell__.ts";
/** Exports what is visible, and imports what was declared globally. */
const indexFile = "__cells__.ts";
const globalsFile = "__kernel__.d.ts";

export function createNotebookService(options: NotebookServiceOptions): NotebookService {
  const host = createServiceHost(options, [globalsFile, indexFile, currentFile]);
  const service = ts.createLanguageService(
    host,
    ts.createDocumentRegistry(ts.sys.useCaseSensitiveFileNames, host.folder),
  );
  const scope = new Map<string, ScopeEntry>();
  /** What brings types that later cells do not hide: cells that declare globally, and every module that cells import. */
  const lasting = new Set<string>();
  let count = 0;
  let code = "";

  function writeIndex(): void {
    const lines = [...scope.values()].map(({ name, kind, statement, module }) =>
      kind === "import" ? `${statement}\nexport { ${name} };` : `export { ${name} } from "${module}";`,
    );
    // References count at the head of a file only.
    const head = [...lasting].sort((a, b) => Number(b.startsWith("/")) - Number(a.startsWith("/")));
    host.setFile(indexFile, [...head, ...lines, "export {};"].join("\n"));
  }

  host.setFile(globalsFile, kernelGlobals());
  host.setFile(currentFile, throughIndex([]));
  writeIndex();

  return {
    service,
    current: `${host.folder}/${currentFile}`,
    files: {
      readFile: (path) => host.readFile(path),
      resolve: (specifier, fromFile) =>
        ts.resolveModuleName(specifier, fromFile, host.getCompilationSettings(), host).resolvedModule?.resolvedFileName,
    },

    open(text, visible = "mentioned") {
      code = text;
      host.refresh();
      const { brought, exports } = seen(text, scope, visible);
      host.setFile(currentFile, `${text}\n;\n${throughIndex(brought)}\n${exports}\n`);
    },

    commit() {
      const module = `./__cell_${++count}__`;
      const file = parseModule(currentFile, code);
      const names = declaredNames(file);
      for (const line of broughtTypes(code)) lasting.add(line);
      const isLasting = /\bdeclare\s+(global|module)\b/.test(code);
      if (names.length === 0 && !isLasting) return writeIndex();
      const { brought, exports } = seen(code, scope, "mentioned");
      host.setFile(`${module.slice(2)}.ts`, `${code}\n;\n${brought.map(fromModule).join("\n")}\n${exports}\n`);
      for (const name of names) scope.set(name.name, { ...name, module });
      if (isLasting) lasting.add(`import "${module}";`);
      writeIndex();
    },

    addModule: (name, text) => host.setFile(`${name}.ts`, text),

    reset() {
      for (let number = 1; number <= count; number++) host.deleteFile(`__cell_${number}__.ts`);
      scope.clear();
      lasting.clear();
      writeIndex();
    },
  };
}

/**
 * Statements by which a file gets the same types as the cell from elsewhere. A module may add to what is declared
 * globally or by another module, whether it is imported for that alone or for a name that a later cell takes.
 */
function broughtTypes(code: string): string[] {
  const { importedFiles, typeReferenceDirectives, referencedFiles } = ts.preProcessFile(code, true);
  return [
    ...typeReferenceDirectives.map(({ fileName }) => `/// <reference types="${fileName}" />`),
    ...referencedFiles.map(({ fileName }) => `/// <reference path="${fileName}" />`),
    ...importedFiles.map(({ fileName }) => `import ${JSON.stringify(fileName)};`),
  ];
}

/** What a cell sees of earlier cells, and the statement by which later cells see what it declares. */
function seen(
  code: string,
  scope: ReadonlyMap<string, ScopeEntry>,
  visible: "mentioned" | "all",
): { brought: ScopeEntry[]; exports: string } {
  const file = parseModule(currentFile, code);
  const own = declaredNames(file);
  const hidden = new Set(own.map(({ name }) => name));
  const mentioned = new Set(code.match(/[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/gu) ?? []);
  const brought = [...scope.values()].filter(
    ({ name }) => !hidden.has(name) && (visible === "all" || mentioned.has(name)),
  );
  const already = exportedNames(file);
  const exported = own.filter(({ name, kind }) => kind !== "import" && !already.has(name)).map(({ name }) => name);
  return { brought, exports: `export { ${exported.join(", ")} };` };
}

const isAssignable = ({ kind }: ScopeEntry): boolean => kind === "variable" || kind === "constant";
const keyword = ({ kind }: ScopeEntry): string => (kind === "variable" ? "let" : "const");

/** The same two imports whatever is brought. */
function throughIndex(brought: readonly ScopeEntry[]): string {
  const index = indexFile.replace(/\.ts$/, "");
  const imported = brought.filter((entry) => !isAssignable(entry)).map(({ name }) => name);
  const declared = brought.filter(isAssignable);
  return [
    `import { ${imported.join(", ")} } from "./${index}";`,
    `import type * as __cell_scope__ from "./${index}";`,
    ...declared.map((entry) => `declare ${keyword(entry)} ${entry.name}: typeof __cell_scope__.${entry.name};`),
  ].join("\n");
}

/** From the very cell that declared it: what a later cell makes of the name is nothing to this one. */
function fromModule(entry: ScopeEntry): string {
  const { name, kind, statement, module } = entry;
  if (kind === "import") return statement!;
  if (isAssignable(entry)) return `declare ${keyword(entry)} ${name}: typeof import("${module}").${name};`;
  return `import { ${name} } from "${module}";`;
}
