/** What the build bundled for browsers (browser/build.mjs), as text to put into a page or to send to a front end. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { UnsupportedError } from "./errors.js";
import { packageFolder } from "./version.js";

const read = new Map<string, string>();

/** The text of a file below `dist/browser`: `page.js`, `widgets/attention-explorer.css`, ... */
export function browserFile(name: string): string {
  const known = read.get(name);
  if (known !== undefined) return known;
  const path = join(packageFolder, "dist", "browser", ...name.split("/"));
  try {
    const text = readFileSync(path, "utf8").trimEnd();
    read.set(name, text);
    return text;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UnsupportedError(
      `browserFile: what runs in the browser must be bundled, got no ${path} (${code}); run npm run build`,
    );
  }
}
