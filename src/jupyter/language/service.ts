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
import { extensionOf, type NotebookLanguage } from "../notebook-language.js";
import { declaredNames, exportedNames, type DeclaredName } from "./declared-names.js";
import { implicitGlobals } from "./implicit-globals.js";
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
  /**
   * Makes this text the current cell. `unrun`: cells above it in the notebook; what those that have not been run as they
   * are would declare is visible to it alone. Default: none.
   */
  open(code: string, scope?: "mentioned" | "all", unrun?: readonly string[]): void;
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

/** Exports what is visible, and imports what was declared globally. */
const indexFile = "__cells__.ts";
const globalsFile = "__kernel__.d.ts";

export function createNotebookService(options: NotebookServiceOptions): NotebookService {
  const { language } = options;
  const currentFile = `__cell__${extensionOf(language)}`;
  const host = createServiceHost(options, [globalsFile, indexFile, currentFile]);
  const service = ts.createLanguageService(
    host,
    ts.createDocumentRegistry(ts.sys.useCaseSensitiveFileNames, host.folder),
  );
  const scope = new Map<string, ScopeEntry>();
  /** What brings types that later cells do not hide: cells that declare globally, and every module that cells import. */
  const lasting = new Set<string>();
  /** The texts of the cells that have been run. */
  const run = new Set<string>();
  /** Names of the files of cells that have not been run, as long as they are visible. */
  let drafts: string[] = [];
  let count = 0;
  let code = "";

  function writeIndex(visible: ReadonlyMap<string, ScopeEntry> = scope): void {
    const lines = [...visible.values()].map(({ name, kind, statement, module }) =>
      kind === "import" ? `${statement}\nexport { ${name} };` : `export { ${name} } from "${module}";`,
    );
    // References count at the head of a file only.
    const head = [...lasting].sort((a, b) => Number(b.startsWith("/")) - Number(a.startsWith("/")));
    host.setFile(indexFile, [...head, ...lines, "export {};"].join("\n"));
  }

  const cellFile = (number: number): string => `__cell_${number}__${extensionOf(language)}`;

  /** What is visible below these cells; writes those of them that have not been run as files of their own. */
  function withDrafts(unrun: readonly string[]): ReadonlyMap<string, ScopeEntry> {
    const written: string[] = [];
    let visible: ReadonlyMap<string, ScopeEntry> = scope;
    for (const text of unrun.filter((each) => !run.has(each))) {
      const module = `./__draft_${written.length + 1}__`;
      const { names, brought, added } = read(text, "mentioned", visible);
      if (names.length === 0) continue;
      const file = `${module.slice(2)}${extensionOf(language)}`;
      const from = brought.map((entry) => fromModule(entry, language));
      host.setFile(file, `${text}\n;\n${from.join("\n")}\n${added}\n`);
      written.push(file);
      visible = new Map([...visible, ...names.map((name) => [name.name, { ...name, module }] as const)]);
    }
    const isChanged = written.length > 0 || drafts.length > 0;
    for (const file of drafts.slice(written.length)) host.deleteFile(file);
    drafts = written;
    if (isChanged) writeIndex(visible);
    return visible;
  }

  /** What a cell declares, what it sees of earlier cells, and what makes later cells see what it declares. */
  function read(
    text: string,
    which: "mentioned" | "all",
    visible: ReadonlyMap<string, ScopeEntry> = scope,
  ): { names: DeclaredName[]; brought: ScopeEntry[]; added: string } {
    const file = parseModule(currentFile, text);
    const declared = declaredNames(file);
    const hidden = new Set(declared.map(({ name }) => name));
    const isKnown = (name: string) => hidden.has(name) || visible.has(name) || name in globalThis;
    const implicit = language === "javascript" ? implicitGlobals(file, isKnown) : [];
    const names = [...declared, ...implicit.map(({ name }): DeclaredName => ({ name, kind: "variable" }))];
    const mentioned = new Set(text.match(/[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/gu) ?? []);
    const brought = [...visible.values()].filter(
      ({ name }) => !hidden.has(name) && (which === "all" || mentioned.has(name)),
    );
    const already = exportedNames(file);
    const exported = names.filter(({ name, kind }) => kind !== "import" && !already.has(name)).map(({ name }) => name);
    const added = [...implicit.map(({ declaration }) => declaration), `export { ${exported.join(", ")} };`];
    return { names, brought, added: added.join("\n") };
  }

  host.setFile(globalsFile, kernelGlobals());
  host.setFile(currentFile, throughIndex([], language));
  writeIndex();

  return {
    service,
    current: `${host.folder}/${currentFile}`,
    files: {
      readFile: (path) => host.readFile(path),
      resolve: (specifier, fromFile) =>
        ts.resolveModuleName(specifier, fromFile, host.getCompilationSettings(), host).resolvedModule?.resolvedFileName,
    },

    open(text, which = "mentioned", unrun = []) {
      code = text;
      host.refresh();
      const { brought, added } = read(text, which, withDrafts(unrun));
      host.setFile(currentFile, `${text}\n;\n${throughIndex(brought, language)}\n${added}\n`);
    },

    commit() {
      const module = `./__cell_${++count}__`;
      const { names, brought, added } = read(code, "mentioned");
      run.add(code);
      for (const line of broughtTypes(code)) lasting.add(line);
      const isLasting = /\bdeclare\s+(global|module)\b/.test(code);
      if (isLasting) lasting.add(`import "${module}";`);
      if (names.length > 0 || isLasting) {
        const from = brought.map((entry) => fromModule(entry, language));
        host.setFile(cellFile(count), `${code}\n;\n${from.join("\n")}\n${added}\n`);
        for (const name of names) scope.set(name.name, { ...name, module });
      }
      writeIndex();
    },

    addModule: (name, text) => host.setFile(`${name}.ts`, text),

    reset() {
      for (let number = 1; number <= count; number++) host.deleteFile(cellFile(number));
      scope.clear();
      run.clear();
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

const isAssignable = ({ kind }: ScopeEntry): boolean => kind === "variable" || kind === "constant";

/**
 * A variable of an earlier cell. In JavaScript there is no annotation that could hold its type, so it is given the
 * value; that it was a constant is lost there.
 */
const declared = ({ name, kind }: ScopeEntry, source: string, language: NotebookLanguage): string =>
  language === "typescript"
    ? `declare ${kind === "variable" ? "let" : "const"} ${name}: typeof ${source}.${name};`
    : `var ${name} = ${source}.${name};`;

/** The same two imports whatever is brought. */
function throughIndex(brought: readonly ScopeEntry[], language: NotebookLanguage): string {
  const index = indexFile.replace(/\.ts$/, "");
  const imported = brought.filter((entry) => !isAssignable(entry)).map(({ name }) => name);
  return [
    `import { ${imported.join(", ")} } from "./${index}";`,
    `import ${language === "typescript" ? "type " : ""}* as __cell_scope__ from "./${index}";`,
    ...brought.filter(isAssignable).map((entry) => declared(entry, "__cell_scope__", language)),
  ].join("\n");
}

/** From the very cell that declared it: what a later cell makes of the name is nothing to this one. */
function fromModule(entry: ScopeEntry, language: NotebookLanguage): string {
  const { name, kind, statement, module } = entry;
  if (kind === "import") return statement!;
  if (isAssignable(entry) && language === "typescript") return declared(entry, `import("${module}")`, language);
  return `import { ${name} } from "${module}";`;
}
