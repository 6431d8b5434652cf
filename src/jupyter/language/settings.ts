/** What a `tsconfig.json` in the notebook's own folder may set; everything else is the kernel's to decide. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const respected = [
  "strict",
  "noImplicitAny",
  "strictNullChecks",
  "strictFunctionTypes",
  "strictPropertyInitialization",
  "useUnknownInCatchVariables",
  "noUncheckedIndexedAccess",
  "exactOptionalPropertyTypes",
  "experimentalDecorators",
  "emitDecoratorMetadata",
  "paths",
  "jsx",
  "jsxImportSource",
] as const;

export type NotebookSettings = Pick<ts.CompilerOptions, (typeof respected)[number]>;

/** Nothing where there is no such file; what is wrong in it is left out. */
export function readSettings(folder: string): NotebookSettings {
  const path = join(folder, "tsconfig.json");
  if (!existsSync(path)) return {};
  const { config } = ts.readConfigFile(path, (name) => ts.sys.readFile(name)) as { config?: object };
  // Through TypeScript's own reader, which follows `extends`; the files that it names are not looked for.
  const host = { ...ts.sys, readDirectory: () => [] };
  const { options } = ts.parseJsonConfigFileContent(config ?? {}, host, folder);
  return Object.fromEntries(respected.flatMap((name) => (name in options ? [[name, options[name]]] : [])));
}
