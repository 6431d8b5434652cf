/**
 * Imports of cells. A module is looked up from the notebook's folder, and where that has none, from this package, so
 * that `axial-lab`, `tslab` and the libraries that come with them can be imported from any notebook.
 */
import { readFile } from "node:fs/promises";
import { createRequire, Module } from "node:module";
import { join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { decodeText, parseJson } from "../../core/json.js";
import type { LocalModules } from "../child-protocol.js";
import { mangled, runtimeGlobal } from "../runtime-global.js";

import { createLocalModuleRunner } from "./run-local-modules.js";
import type { Tracebacks } from "./traceback.js";

/** The cell's own `import()`, which looks up from the notebook's folder. */
type NativeImport = (specifier: string, options?: ImportCallOptions) => Promise<Namespace>;
type Namespace = Record<string, unknown>;

export interface ModulesOptions {
  folder: string;
  packageFolder: string;
  tracebacks: Tracebacks;
  /** Called with each copy of tslab that a cell imports. */
  onTslab: (entry: string) => void;
}

export interface Modules {
  /** Takes in the TypeScript files that a cell brings with it. */
  update(modules: LocalModules): void;
}

/** Publishes what compiled cells call: the import helper, `import.meta`, and `require` as notebooks know it. */
export function installModules({ folder, packageFolder, tracebacks, onTslab }: ModulesOptions): Modules {
  const fromNotebook = createRequire(join(folder, "cell.js"));
  const fromPackage = createRequire(join(packageFolder, "cell.js"));

  function resolve(specifier: string): string {
    try {
      return fromNotebook.resolve(specifier);
    } catch (error) {
      if (!isMissing(error, specifier)) throw error;
      try {
        return fromPackage.resolve(specifier);
      } catch {
        throw error;
      }
    }
  }

  async function load(native: NativeImport, specifier: string, options?: ImportCallOptions): Promise<Namespace> {
    if (/\.json$/i.test(specifier)) return loadJson(specifier);
    try {
      return await native(specifier, options);
    } catch (error) {
      if (!isMissing(error, specifier)) throw error;
      let found: string;
      try {
        found = fromPackage.resolve(specifier);
      } catch {
        throw error;
      }
      return (await import(pathToFileURL(found).href)) as Namespace;
    }
  }

  async function loadJson(specifier: string): Promise<Namespace> {
    const value = parseJson(decodeText(await readFile(resolve(specifier))));
    return { ...(typeof value === "object" ? value : {}), default: value };
  }

  const namespaces = new WeakMap<object, Namespace>();

  /**
   * What TypeScript's types promise of a CommonJS module: all that it exports by name, and as the default its own
   * `default` where it was compiled from an ES module, else all of it. An ES module stays what it is.
   */
  async function interoperate(namespace: Namespace, specifier: string): Promise<Namespace> {
    const whole = namespace["default"];
    if ((typeof whole !== "object" && typeof whole !== "function") || whole === null) return namespace;
    if (!(await isCommonJs(namespace, whole, specifier))) return namespace;
    if ((whole as Namespace)["__esModule"] === true) return whole as Namespace;
    let made = namespaces.get(whole);
    if (!made) {
      made = Object.create(null, {
        ...(typeof whole === "object" ? Object.getOwnPropertyDescriptors(whole) : {}),
        ...(typeof whole === "function" ? functionProperties(whole) : {}),
        default: { value: whole, enumerable: true, writable: true, configurable: true },
      }) as Namespace;
      namespaces.set(whole, made);
    }
    return made;
  }

  /**
   * An ES module may pass on as its default what a CommonJS file exports (`ws` and many others do), so the default alone
   * tells nothing. It is that file's own namespace only where importing the file gives the same one.
   */
  async function isCommonJs(namespace: Namespace, whole: object, specifier: string): Promise<boolean> {
    const files = Object.values(fromNotebook.cache).flatMap((module) =>
      module?.exports === whole ? [module.filename] : [],
    );
    const query = /^(?:[./]|file:)[^?#]*([?#].*)$/.exec(specifier)?.[1] ?? "";
    for (const file of files) {
      // It is loaded already, so that nothing runs; what has no namespace (JSON, native code) fails.
      const own: unknown = await import(pathToFileURL(file).href + query).catch(() => null);
      if (own === namespace) return true;
    }
    // Loaded by a hook of the notebook's own, a CommonJS module is in no cache.
    return files.length === 0 && namespace["module.exports"] === whole;
  }

  // As in a script that is run, and in Node's console: `module.exports`, and `require.main === module`.
  const module = Object.assign(new Module("."), {
    filename: join(folder, "notebook"),
    paths: fromNotebook.resolve.paths("any") ?? [],
  });
  const require = Object.assign(
    (specifier: string): unknown => noteTslab(specifier, fromNotebook(resolve(specifier))),
    { ...fromNotebook, resolve, main: module },
  );

  function noteTslab<T>(specifier: string, loaded: T): T {
    if (specifier === "tslab") onTslab(resolve(specifier));
    return loaded;
  }

  const local = createLocalModuleRunner({
    register: (code, label, inFolder) => tracebacks.register(code, label, inFolder),
    importOther: async (native, specifier) => interoperate(await load(native, specifier), specifier),
  });
  const url = pathToFileURL(folder + sep).href;
  const runtime = {
    import: async (native: NativeImport, specifier: unknown, options?: ImportCallOptions): Promise<Namespace> => {
      const text = String(specifier);
      const own = local.import(text);
      if (own) return own;
      return noteTslab(text, await interoperate(await load(native, text, options), text));
    },
    meta: {
      url,
      dirname: folder,
      resolve: (specifier: string) => pathToFileURL(resolve(specifier)).href,
    },
  };
  const globals = {
    [runtimeGlobal]: runtime,
    require,
    [mangled("module")]: module,
    [mangled("exports")]: module.exports as unknown,
    __dirname: folder,
  };
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true, enumerable: false });
  }
  return { update: (modules) => local.update(modules) };
}

function functionProperties(exported: object): PropertyDescriptorMap {
  const own = new Set(["length", "name", "prototype", "arguments", "caller"]);
  const descriptors = Object.entries(Object.getOwnPropertyDescriptors(exported));
  return Object.fromEntries(descriptors.filter(([name]) => !own.has(name)));
}

/** Whether an import failed because this very module is not installed, and not because it failed itself. */
function isMissing(error: unknown, specifier: string): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") return false;
  if (/^[./]|^file:|^node:/.test(specifier)) return false;
  const name = specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
  return message.includes(`'${name}`);
}
