/** The version of the installed package, read from its own `package.json`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The folder of the installed package: the one that holds `package.json`, three levels above this compiled file. */
export const packageFolder = join(__dirname, "..", "..", "..");

export const version = (JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8")) as { version: string })
  .version;
