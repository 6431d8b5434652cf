/**
 * Runs TypeScript files beside the notebook, compiled to the System module format: each declares its imports, is given
 * them, then runs. A file that has changed since it ran runs anew when it is next imported.
 */
import { constants, Script } from "node:vm";
import type { CompiledCell, LocalModule, LocalModules } from "../child-protocol.js";

type Namespace = Record<string, unknown>;
type Setter = (namespace: Namespace) => void;
type NativeImport = (specifier: string, options?: ImportCallOptions) => Promise<Namespace>;

interface Declaration {
  setters: (Setter | undefined)[];
  execute: () => unknown;
}

type Declare = (
  exports: (name: string | Namespace, value?: unknown) => unknown,
  context: { import: (specifier: string) => Promise<Namespace>; meta: object },
) => Declaration;

interface Loaded {
  code: CompiledCell;
  namespace: Namespace;
  importers: Setter[];
  hasBegun: boolean;
  run: Promise<void> | null;
  start: () => Promise<void>;
  /** Files whose change makes this one run anew. */
  imports: string[];
}

export interface LocalModuleRunner {
  /** Takes in what a cell brings with it. */
  update(modules: LocalModules): void;
  /** The namespace of the file that a cell imports by this name; null where that is no file of the notebook's. */
  import(specifier: string): Promise<Namespace> | null;
}

export interface LocalModuleOptions {
  /** Registers a script under a name of its own in a folder, which is returned. */
  register: (code: CompiledCell, label: string, folder: string) => string;
  /** Any other import of a file, by the file's own native import. */
  importOther: (native: NativeImport, specifier: string) => Promise<Namespace>;
}

export function createLocalModuleRunner({ register, importOther }: LocalModuleOptions): LocalModuleRunner {
  const known = new Map<string, LocalModule>();
  const loaded = new Map<string, Loaded>();
  let entries: Record<string, string> = {};

  /** Whether the file, and every file that it imports, is as it was when it ran. */
  function isFresh(path: string, seen = new Set<string>()): boolean {
    if (seen.has(path)) return true;
    seen.add(path);
    const module = loaded.get(path);
    const latest = known.get(path);
    if (!module || !latest || module.code.source !== latest.code.source) return false;
    return module.imports.every((each) => isFresh(each, seen));
  }

  function load(path: string): Loaded {
    const existing = loaded.get(path);
    if (existing) return existing;
    const { code, name, folder, imports } = known.get(path)!;
    const script = new Script(`(System,__import__)=>{${code.javascript}\n}`, {
      filename: register(code, name, folder),
      // The wrapper stands before the first line's text.
      columnOffset: -"(System,__import__)=>{".length,
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    });
    const native = nativeImportOf(folder);
    const importFrom = (specifier: string): Promise<Namespace> => {
      const local = imports[specifier];
      return local === undefined ? importOther(native, specifier) : namespaceOf(local);
    };
    let dependencies: string[] = [];
    let declare: Declare | undefined;
    const system = { register: (names: string[], body: Declare) => void ([dependencies, declare] = [names, body]) };
    (script.runInThisContext() as (system: object) => void)(system);

    const namespace: Namespace = Object.create(null) as Namespace;
    const module: Loaded = {
      code,
      namespace,
      importers: [],
      hasBegun: false,
      run: null,
      start,
      imports: Object.values(imports),
    };
    loaded.set(path, module);
    const exports = (first: string | Namespace, value?: unknown): unknown => {
      if (typeof first === "string") namespace[first] = value;
      else Object.assign(namespace, first);
      for (const setter of module.importers) setter(namespace);
      return value;
    };
    const { setters, execute } = declare!(exports, { import: importFrom, meta: { filename: path, dirname: folder } });
    // Files of the notebook's own may import each other in a circle: they are linked before any of them runs.
    dependencies.forEach((specifier, index) => {
      const local = imports[specifier];
      if (local === undefined) return;
      const other = load(local);
      other.importers.push((changed) => setters[index]?.(changed));
      setters[index]?.(other.namespace);
    });
    async function start(): Promise<void> {
      for (const [index, specifier] of dependencies.entries()) {
        const local = imports[specifier];
        if (local === undefined) setters[index]?.(await importFrom(specifier));
        // One that has begun and is not done waits for this one: a circle.
        else if (!loaded.get(local)!.hasBegun) await begin(loaded.get(local)!);
      }
      await execute();
    }
    return module;
  }

  function begin(module: Loaded): Promise<void> {
    module.hasBegun = true;
    return (module.run ??= module.start());
  }

  async function namespaceOf(path: string): Promise<Namespace> {
    if (!isFresh(path)) forget(path);
    const module = load(path);
    try {
      await begin(module);
    } catch (error) {
      loaded.delete(path);
      throw error;
    }
    return module.namespace;
  }

  /** Forgets the file and those below it that are to run anew. */
  function forget(path: string): void {
    const module = loaded.get(path);
    if (!module) return;
    loaded.delete(path);
    for (const each of module.imports) if (!isFresh(each)) forget(each);
  }

  return {
    update({ imports, modules }) {
      entries = { ...entries, ...imports };
      for (const [path, module] of Object.entries(modules)) known.set(path, module);
    },
    import(specifier) {
      const path = entries[specifier];
      return path === undefined ? null : namespaceOf(path);
    },
  };
}

/** An `import()` that looks up from a folder: that of a script in it. */
function nativeImportOf(folder: string): NativeImport {
  const script = new Script("(s,o)=>import(s,o)", {
    filename: `${folder}/[import].mjs`,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  return script.runInThisContext() as NativeImport;
}
