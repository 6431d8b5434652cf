/** Modules of browser code, for tests of what in them needs no browser. */
import { join } from "node:path";
import { buildSync } from "esbuild";
import { packageFolder } from "../../src/core/version.js";

/** What a module below `browser` exports; `T` says as what the test takes it. */
export function browserModule<T>(path: string): T {
  const { outputFiles } = buildSync({
    entryPoints: [join(packageFolder, "browser", path)],
    bundle: true,
    write: false,
    format: "cjs",
    target: "es2022",
  });
  const module = { exports: {} };
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- esbuild gives a text, and it is our own.
  const run = new Function("module", outputFiles[0].text) as (module: object) => void;
  run(module);
  return module.exports as T;
}
