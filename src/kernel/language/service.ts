/**
 * TypeScript's language service over a notebook. Each cell is a module of its own; what earlier cells declared is
 * brought in by text added behind the cell, so that positions in the cell stay what they are:
 *
 * - `let` and `var`: `declare let x: typeof import("./cell").x`, so that they can be assigned and narrowed here too;
 * - functions, classes, enums, types: imported from the cell that declared them;
 * - imports: the same import again.
 *
 * A cell that declares a name itself does not get the earlier one, so redefinition is no error.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import ts from "typescript";
import { declaredNames, type DeclaredName } from "./declared-names.js";

export interface NotebookService {
  /** Makes this text the current cell and returns the service's name for it. */
  open(code: string, scope?: "mentioned" | "all"): string;
  /** What the current cell declares is visible from now on. */
  commit(): void;
  /** Forgets every cell: the notebook starts anew. */
  reset(): void;
  readonly service: ts.LanguageService;
  readonly scope: ReadonlyMap<string, ScopeEntry>;
}

export interface ScopeEntry extends DeclaredName {
  /** The service's name of the cell that declared it. */
  file: string;
}

export interface NotebookServiceOptions {
  /** The notebook's folder: what it imports is looked up from here, then from `packageFolder`. */
  folder: string;
  packageFolder: string;
  strict?: boolean;
  experimentalDecorators?: boolean;
}

export function createNotebookService(options: NotebookServiceOptions): NotebookService {
  const folder = slashes(options.folder);
  const cells = new Map<string, { text: string; version: number }>();
  const scope = new Map<string, ScopeEntry>();
  const snapshots = new Map<string, ts.IScriptSnapshot>();
  let count = 0;
  let current = "";
  let currentCode = "";
  let version = 0;

  const compilerOptions: ts.CompilerOptions = {
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.Preserve,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    moduleDetection: ts.ModuleDetectionKind.Force,
    customConditions: ["node"],
    lib: ["lib.esnext.d.ts"],
    types: [],
    strict: options.strict ?? false,
    experimentalDecorators: options.experimentalDecorators ?? false,
    allowJs: false,
    resolveJsonModule: true,
    allowImportingTsExtensions: true,
    esModuleInterop: true,
    skipLibCheck: true,
    noEmit: true,
  };
  const nodeTypes = resolveNodeTypes([options.folder, options.packageFolder]);
  const globals = `${folder}/__kernel__.d.ts`;

  const host: ts.LanguageServiceHost = {
    getCompilationSettings: () => compilerOptions,
    getCurrentDirectory: () => folder,
    getDefaultLibFileName: (settings) => ts.getDefaultLibFilePath(settings),
    getScriptFileNames: () => [...nodeTypes, globals, ...cells.keys()],
    getScriptVersion: (name) => String(cells.get(name)?.version ?? fileVersion(name)),
    getScriptSnapshot(name) {
      const cell = cells.get(name);
      if (cell) return ts.ScriptSnapshot.fromString(cell.text);
      if (name === globals) return ts.ScriptSnapshot.fromString(kernelGlobals);
      const key = `${name}|${fileVersion(name)}`;
      let snapshot = snapshots.get(key);
      if (!snapshot) {
        const text = ts.sys.readFile(name);
        if (text === undefined) return undefined;
        snapshots.set(key, (snapshot = ts.ScriptSnapshot.fromString(text)));
      }
      return snapshot;
    },
    fileExists: (name) => cells.has(name) || ts.sys.fileExists(name),
    readFile: (name, encoding) => cells.get(name)?.text ?? ts.sys.readFile(name, encoding),
    directoryExists: (name) => ts.sys.directoryExists(name),
    getDirectories: (name) => ts.sys.getDirectories(name),
    readDirectory: (...args) => ts.sys.readDirectory(...args),
    realpath: (name) => (cells.has(name) ? name : (ts.sys.realpath?.(name) ?? name)),
    resolveModuleNameLiterals: (literals, containingFile, redirected, settings, sourceFile) =>
      literals.map((literal) => resolve(literal, containingFile, redirected, settings, sourceFile)),
  };

  const cache = ts.createModuleResolutionCache(folder, (name) => name, compilerOptions);
  function resolve(
    literal: ts.StringLiteralLike,
    containingFile: string,
    redirected: ts.ResolvedProjectReference | undefined,
    settings: ts.CompilerOptions,
    sourceFile: ts.SourceFile,
  ): ts.ResolvedModuleWithFailedLookupLocations {
    const mode = ts.getModeForUsageLocation(sourceFile, literal, settings);
    // What a cell imports may have been installed since it was last looked for, so that is not cached.
    const from = (file: string) =>
      ts.resolveModuleName(literal.text, file, settings, host, cells.has(file) ? undefined : cache, redirected, mode);
    const result = from(containingFile);
    if (result.resolvedModule || !cells.has(containingFile) || /^[./]/.test(literal.text)) return result;
    return ts.resolveModuleName(
      literal.text,
      `${slashes(options.packageFolder)}/__package__.ts`,
      settings,
      host,
      cache,
      redirected,
      mode,
    );
  }

  /** Files outside `node_modules` may be edited while the notebook is open. */
  function fileVersion(name: string): string {
    if (name.includes("/node_modules/")) return "1";
    return String(ts.sys.getModifiedTime?.(name)?.getTime() ?? 1);
  }

  const service = ts.createLanguageService(host, ts.createDocumentRegistry(true, folder));

  return {
    service,
    scope,

    open(code, visible = "mentioned") {
      currentCode = code;
      current = `${folder}/__cell_${count + 1}__.ts`;
      cells.set(current, { text: code + suffix(code, scope, visible), version: ++version });
      return current;
    },

    commit() {
      const file = service.getProgram()?.getSourceFile(current);
      if (!file) return;
      count++;
      const own = declaredNames(ts.createSourceFile(current, currentCode, ts.ScriptTarget.ESNext, true));
      for (const name of own) scope.set(name.name, { ...name, file: current });
    },

    reset() {
      cells.clear();
      scope.clear();
    },
  };
}

/** What cells find in the process that runs them, beside what Node has. */
const kernelGlobals = `
/** Asks the reader for a line and waits for it. */
declare function prompt(message?: string, options?: { password?: boolean }): string;
`;

const slashes = (path: string): string => path.replaceAll("\\", "/");

/** The text behind the cell: what it sees of earlier cells, and what later cells may see of it. */
function suffix(code: string, scope: ReadonlyMap<string, ScopeEntry>, visible: "mentioned" | "all"): string {
  const own = declaredNames(ts.createSourceFile("cell.ts", code, ts.ScriptTarget.ESNext, true));
  const declaredHere = new Set(own.map(({ name }) => name));
  const mentioned = new Set(code.match(/[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/gu) ?? []);
  const lines: string[] = [];
  for (const entry of scope.values()) {
    if (declaredHere.has(entry.name)) continue;
    if (visible === "mentioned" && !mentioned.has(entry.name)) continue;
    lines.push(visibleName(entry));
  }
  const exported = own.filter(({ kind }) => kind !== "import").map(({ name }) => name);
  lines.push(`export { ${exported.join(", ")} };`);
  return `\n;\n${lines.join("\n")}\n`;
}

function visibleName({ name, kind, statement, file }: ScopeEntry): string {
  const module = JSON.stringify(file.replace(/\.ts$/, ""));
  switch (kind) {
    case "import":
      return statement!;
    case "variable":
      return `declare let ${name}: typeof import(${module}).${name};`;
    case "constant":
      return `declare const ${name}: typeof import(${module}).${name};`;
    case "function":
    case "class":
    case "enum":
    case "namespace":
    case "type":
      return `import { ${name} } from ${module};`;
  }
}

/** The types of Node: the notebook's own, or those that this package or tslab depends on. */
function resolveNodeTypes(folders: readonly string[]): string[] {
  for (const folder of folders) {
    const require = createRequire(join(folder, "cell.js"));
    for (const via of [null, "tslab/package.json"]) {
      try {
        const from = via === null ? require : createRequire(require.resolve(via));
        return [slashes(join(dirname(from.resolve("@types/node/package.json")), "index.d.ts"))];
      } catch {
        // Not installed there: the next one.
      }
    }
  }
  return [];
}
