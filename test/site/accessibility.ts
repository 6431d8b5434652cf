/**
 * Looks at the site with axe-core in a headless Chromium, which the suite does without.
 *
 *     npm run site && node dist/test/site/accessibility.js AXE [FOLDER]
 *
 * AXE is `axe.min.js` of axe-core; FOLDER the site, by default out/site. One page of each kind, light and dark, wide and narrow.
 */
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { closeBrowser, openPage } from "../helpers/chromium.js";

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly target: readonly string[] }[];
}

const pages = [
  "index",
  "search",
  "results",
  "models",
  "docs/index",
  "docs/engine",
  "api/index",
  "api/layers",
  "book/index",
];

async function main(axe: string, folder: string): Promise<void> {
  let found = 0;
  for (const colorScheme of ["light", "dark"] as const)
    for (const width of [1280, 390])
      for (const name of pages) {
        const page = await openPage({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
        await page.goto(pathToFileURL(join(resolve(folder), `${name}.html`)).href);
        await page.addScriptTag({ path: axe });
        const violations = await page.evaluate(async () => {
          const { axe } = globalThis as unknown as {
            axe: { run(options: object): Promise<{ violations: Violation[] }> };
          };
          // A page from a disk may not read its own style sheet, which axe would.
          return (await axe.run({ preload: false })).violations;
        });
        for (const { id, impact, nodes } of violations)
          console.log(
            `${name} ${colorScheme} ${width}: ${id} (${impact}) ${nodes.length}x ${nodes[0].target.join(" ")}`,
          );
        found += violations.length;
        await page.context().close();
      }
  await closeBrowser();
  console.log(`${found} violations on ${4 * pages.length} pages`);
  if (found > 0) process.exitCode = 1;
}

void main(process.argv[2], process.argv[3] ?? join("out", "site"));
