/** Files as TypeScript's language service sees them: a few that exist only here, over those of the disk. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import ts from "typescript";
import type { NotebookLanguage } from "../notebook-language.js";
import type { NotebookSettings } from "./settings.js";

export interface ServiceHostOptions {
  /** The notebook's folder: what it imports is looked up from here, then from `packageFolder`. */
  folder: string;
  packageFolder: string;
  settings?: NotebookSettings;
  language: NotebookLanguage;
  /** Whether docblocks are read, which are shown with what a name is and never needed for checking. Default true. */
  documentation?: boolean;
}

export interface ServiceHost extends ts.LanguageServiceHost, Pick<ts.CompilerHost, "getModuleResolutionCache"> {
  /** The notebook's folder as TypeScript writes paths. */
  readonly folder: string;
  /** Makes or changes a file that exists only here. */
  setFile(name: string, text: string): void;
  deleteFile(name: string): void;
  /** Files of the disk outside `node_modules` are looked at again. */
  refresh(): void;
}

/**
 * `roots` are the names of files of `setFile` that the program starts from. They never change: where they do,
 * TypeScript looks up every import of every file again.
 */
export function createServiceHost(options: ServiceHostOptions, roots: readonly string[]): ServiceHost {
  const folder = slashes(options.folder);
  const packageFile = `${slashes(options.packageFolder)}/__package__.ts`;
  const files = new Map<string, { snapshot: ts.IScriptSnapshot; text: string; version: string }>();
  const onDisk = createDiskFiles();
  const compilerOptions = notebookCompilerOptions(options);
  const cache = ts.createModuleResolutionCache(folder, canonicalName, compilerOptions);
  const rootNames = [
    ...resolveNodeTypes([options.folder, options.packageFolder]),
    ...roots.map((name) => `${folder}/${name}`),
  ];
  let version = 0;

  const host: ServiceHost = {
    folder,
    setFile(name, text) {
      const path = `${folder}/${name}`;
      if (files.get(path)?.text === text) return;
      files.set(path, { snapshot: ts.ScriptSnapshot.fromString(text), text, version: `cell ${++version}` });
    },
    deleteFile: (name) => void files.delete(`${folder}/${name}`),
    refresh: () => onDisk.refresh(),

    jsDocParsingMode: parsingModeOf(options),
    getCompilationSettings: () => compilerOptions,
    useCaseSensitiveFileNames: () => ts.sys.useCaseSensitiveFileNames,
    // Keeps what is known of each package.json, which TypeScript else reads again for every file of every program.
    getModuleResolutionCache: () => cache,
    getCurrentDirectory: () => folder,
    getDefaultLibFileName: (settings) => ts.getDefaultLibFilePath(settings),
    getScriptFileNames: () => rootNames,
    getScriptVersion: (name) => files.get(name)?.version ?? onDisk.version(name),
    getScriptSnapshot: (name) => files.get(name)?.snapshot ?? onDisk.snapshot(name),
    fileExists: (name) => files.has(name) || ts.sys.fileExists(name),
    readFile: (name, encoding) => files.get(name)?.text ?? ts.sys.readFile(name, encoding),
    directoryExists: (name) => ts.sys.directoryExists(name),
    getDirectories: (name) => ts.sys.getDirectories(name),
    readDirectory: (...args) => ts.sys.readDirectory(...args),
    realpath: (name) => (files.has(name) ? name : (ts.sys.realpath?.(name) ?? name)),
    resolveModuleNameLiterals: (literals, containingFile, redirected, settings, sourceFile) =>
      literals.map((literal) => {
        const mode = ts.getModeForUsageLocation(sourceFile, literal, settings);
        const isCell = files.has(containingFile);
        // What a cell imports may have been installed since it was last looked for, so that is not cached.
        const cached = isCell ? undefined : cache;
        const from = (file: string) =>
          ts.resolveModuleName(literal.text, file, settings, host, cached, redirected, mode);
        const result = from(containingFile);
        return result.resolvedModule || !isCell || /^[./]/.test(literal.text) ? result : from(packageFile);
      }),
  };
  return host;
}

/** Without documentation as the compiler itself reads: types in JavaScript's docblocks, and nothing else. A quarter of the start. */
export const parsingModeOf = ({ documentation = true }: ServiceHostOptions): ts.JSDocParsingMode =>
  documentation ? ts.JSDocParsingMode.ParseAll : ts.JSDocParsingMode.ParseForTypeErrors;

function notebookCompilerOptions({ settings, language }: ServiceHostOptions): ts.CompilerOptions {
  return {
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.Preserve,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    moduleDetection: ts.ModuleDetectionKind.Force,
    customConditions: ["node"],
    lib: ["lib.esnext.d.ts"],
    types: [],
    strict: false,
    ...settings,
    allowJs: language === "javascript",
    // Messages are asked for only where a cell wants them.
    checkJs: language === "javascript",
    resolveJsonModule: true,
    allowImportingTsExtensions: true,
    esModuleInterop: true,
    skipLibCheck: true,
    noEmit: true,
  };
}

interface DiskFile {
  version: string;
  /** The refresh after which it was last looked at. */
  refresh: number;
  snapshot?: ts.IScriptSnapshot | undefined;
}

function createDiskFiles() {
  const known = new Map<string, DiskFile>();
  let refreshes = 0;

  function look(name: string): DiskFile {
    const entry = known.get(name);
    // Files outside `node_modules` may be edited while the notebook is open.
    if (entry && (name.includes("/node_modules/") || entry.refresh === refreshes)) return entry;
    const version = String(ts.sys.getModifiedTime?.(name)?.getTime() ?? "none");
    if (entry?.version === version) {
      entry.refresh = refreshes;
      return entry;
    }
    const fresh = { version, refresh: refreshes };
    known.set(name, fresh);
    return fresh;
  }

  return {
    refresh: () => void refreshes++,
    version: (name: string): string => look(name).version,
    snapshot(name: string): ts.IScriptSnapshot | undefined {
      const entry = look(name);
      if (!entry.snapshot) {
        const text = ts.sys.readFile(name);
        entry.snapshot = text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
      }
      return entry.snapshot;
    },
  };
}

const canonicalName = (name: string): string => (ts.sys.useCaseSensitiveFileNames ? name : name.toLowerCase());

const slashes = (path: string): string => path.replaceAll("\\", "/");

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
