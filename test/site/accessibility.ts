/**
 * Looks at the site with axe-core in a headless Chromium, which the suite does without.
 *
 *     npm run site && node dist/test/site/accessibility.js AXE [FOLDER]
 *
 * AXE is `axe.min.js` of axe-core; FOLDER the site, by default out/site. Every page but for the sources, of which a few stand for all.
 */
import { readdirSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { violationsOn } from "../helpers/axe.js";
import { closeBrowser, openPage } from "../helpers/chromium.js";

/** Of the sources, which are all alike, these. */
const sources = [
  "source/src/index.html",
  "source/src/layers/axial-attention.ts.html",
  "source/src/engine/wasm/assembly/index.html",
];

/** From the site's folder. */
function pagesOf(folder: string): string[] {
  const all = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((path) => path.split(sep).join("/"));
  const shown = (path: string) => path.endsWith(".html") && (!path.startsWith("source/") || sources.includes(path));
  return all.filter(shown).sort();
}

async function main(axe: string, folder: string): Promise<void> {
  const pages = pagesOf(folder);
  let found = 0;
  for (const name of pages)
    for (const [colorScheme, width] of [
      ["light", 1280],
      ["dark", 390],
    ] as const) {
      const page = await openPage({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
      await page.goto(pathToFileURL(join(resolve(folder), name)).href);
      await page.waitForSelector("html[data-drawn]", { timeout: 60_000 });
      const violations = await violationsOn(page, axe);
      for (const line of violations) console.log(`${name} ${colorScheme} ${width}: ${line}`);
      found += violations.length;
      await page.context().close();
    }
  await closeBrowser();
  console.log(`${found} violations on ${pages.length} pages, light and wide, dark and narrow`);
  if (found > 0) process.exitCode = 1;
}

void main(process.argv[2], process.argv[3] ?? join("out", "site"));
