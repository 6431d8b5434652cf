/**
 * TypeScript's language service over a notebook. Each cell is a module of its own; what earlier cells declared is
 * brought in by text added behind the cell, so that positions in the cell stay what they are:
 *
 * - `let` and `var`: declared with the type of `scope.x`, so that they can be assigned here too;
 * - constants, functions, classes, enums, types, and what was imported: imported from the scope.
 *
 * A cell that declares a name itself does not get the earlier one, so redefinition is no error. As long as every file imports the
 * same modules in the same order as before, TypeScript keeps its whole program, and a cell is checked in milliseconds. So the files
 * of many cells are there, empty, before the cells are, and what they import does not change with what they need (`cell-files.ts`).
 */
import ts from "typescript";
import { createCellFiles, shownModule, type Scope, type ScopeEntry } from "./cell-files.js";
import { extensionOf, type NotebookLanguage } from "../notebook-language.js";
import { declaredNames, exportedNames, type DeclaredName, type NameKind } from "./declared-names.js";
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
  /** What an earlier cell declared under this name. */
  kindOf(name: string): NameKind | undefined;
  /** Makes a file beside the notebook that exists only here. */
  addModule(name: string, text: string): void;
  /** Forgets every cell: the notebook starts anew. */
  reset(): void;
}

export type NotebookServiceOptions = ServiceHostOptions;

const globalsFile = "__kernel__.d.ts";

export function createNotebookService(options: NotebookServiceOptions): NotebookService {
  const { language } = options;
  const currentFile = `__cell__${extensionOf(language)}`;
  const host = createServiceHost(options, [globalsFile, `${shownModule.slice(2)}.ts`, currentFile]);
  const cells = createCellFiles(host, language, (scopeModule) => cellText("", [], scopeModule));
  const service = ts.createLanguageService(
    host,
    ts.createDocumentRegistry(ts.sys.useCaseSensitiveFileNames, host.folder, host.jsDocParsingMode),
  );
  const scope = new Map<string, ScopeEntry>();
  /** The texts of the cells that have been run. */
  const run = new Set<string>();
  /** Names of the files of cells that have not been run, as long as they are visible. */
  let drafts: string[] = [];
  let code = "";

  /** A cell's file: its text, then the names that it takes from a module, then what is said besides. */
  function cellText(text: string, brought: readonly ScopeEntry[], from: string, added = ""): string {
    return `${text}\n;\n${through(brought, from, language)}\n${added}\n`;
  }

  /** What is visible below these cells; writes those of them that have not been run as files of their own. */
  function withDrafts(unrun: readonly string[]): Scope {
    const written: string[] = [];
    let visible: Scope = scope;
    for (const text of unrun.filter((each) => !run.has(each))) {
      const module = `./__draft_${written.length + 1}__`;
      const { names, brought, added } = read(text, "mentioned", visible);
      if (names.length === 0) continue;
      const from = brought.map((entry) => fromModule(entry, language));
      host.setFile(fileOf(module), [text, ";", ...from, added, exported(imports(names))].join("\n"));
      written.push(module);
      visible = new Map([...visible, ...names.map((name) => [name.name, { ...name, module }] as const)]);
    }
    const isChanged = written.length > 0 || drafts.length > 0;
    for (const module of drafts.slice(written.length)) host.deleteFile(fileOf(module));
    drafts = written;
    if (isChanged) cells.show(visible, drafts);
    return visible;
  }

  const fileOf = (module: string): string => `${module.slice(2)}${extensionOf(language)}`;

  /** What a cell declares, what it sees of earlier cells, and what makes later cells see what it declares. */
  function read(
    text: string,
    which: "mentioned" | "all",
    visible: Scope = scope,
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
    const own = names.filter(({ name, kind }) => kind !== "import" && !already.has(name)).map(({ name }) => name);
    const added = [...implicit.map(({ declaration }) => declaration), exported(own)];
    return { names, brought, added: added.join("\n") };
  }

  host.setFile(globalsFile, kernelGlobals());
  host.setFile(currentFile, cellText("", [], shownModule));
  cells.show(scope);

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
      host.setFile(currentFile, cellText(text, brought, shownModule, added));
    },

    commit() {
      const { names, brought, added } = read(code, "mentioned");
      run.add(code);
      if (names.length === 0 && !bringsTypes(code)) return;
      const module = cells.add(names, scope, (scopeModule) =>
        cellText(code, brought, scopeModule, `${added}\n${exported(imports(names))}`),
      );
      for (const name of names) scope.set(name.name, { ...name, module });
      cells.show(scope);
    },

    kindOf: (name) => scope.get(name)?.kind,

    addModule: (name, text) => host.setFile(`${name}.ts`, text),

    reset() {
      scope.clear();
      run.clear();
      cells.reset();
      cells.show(scope);
    },
  };
}

/**
 * Whether a file gets types from the cell besides those that it names: a module may add to what is declared globally or by another
 * module, whether it is imported for that alone or for a name that a later cell hides.
 */
function bringsTypes(code: string): boolean {
  const { importedFiles, typeReferenceDirectives, referencedFiles } = ts.preProcessFile(code, true);
  const brought = importedFiles.length + typeReferenceDirectives.length + referencedFiles.length;
  return brought > 0 || /\bdeclare\s+(global|module)\b/.test(code);
}

const imports = (names: readonly DeclaredName[]): string[] =>
  names.filter(({ kind }) => kind === "import").map(({ name }) => name);

const exported = (names: readonly string[]): string => `export { ${names.join(", ")} };`;

const isAssignable = ({ kind }: ScopeEntry): boolean => kind === "variable";

/**
 * A variable of an earlier cell. In JavaScript there is no annotation that could hold its type, so it is given the value.
 *
 * TypeScript narrows the subject of `typeof` by the statements before it, calls among them, which may be assertions: a call of the
 * very variable would make its type hang on itself, and go unchecked. Within a type of functions nothing comes before.
 */
const declared = ({ name }: ScopeEntry, source: string, language: NotebookLanguage): string =>
  language === "typescript"
    ? `declare let ${name}: (() => typeof ${source}.${name}) extends () => infer T ? T : never;`
    : `var ${name} = ${source}.${name};`;

/** The same two imports whatever is brought. */
function through(brought: readonly ScopeEntry[], module: string, language: NotebookLanguage): string {
  const imported = brought.filter((entry) => !isAssignable(entry)).map(({ name }) => name);
  return [
    `import { ${imported.join(", ")} } from "${module}";`,
    `import ${language === "typescript" ? "type " : ""}* as __cell_scope__ from "${module}";`,
    ...brought.filter(isAssignable).map((entry) => declared(entry, "__cell_scope__", language)),
  ].join("\n");
}

/** From the very cell that declared it. */
function fromModule(entry: ScopeEntry, language: NotebookLanguage): string {
  const { name, module } = entry;
  if (isAssignable(entry) && language === "typescript") return declared(entry, `import("${module}")`, language);
  return `import { ${name} } from "${module}";`;
}
