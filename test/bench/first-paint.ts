/**
 * How long pages take to be seen, in headless Chromium: the editor's pages from its server, those of the site from the disk. The
 * suite does without, for it must run alone:
 *
 *     npm run site && node dist/test/bench/first-paint.js [FOLDER]
 *
 * FOLDER: the site, by default out/site. Each page five times, each time in a browser context that has never seen it; printed are
 * the medians of the first contentful paint and, of the editor, of the moment at which cells or files are there. The exit code is 1
 * where one takes a second or more.
 */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Page } from "playwright-core";
import { packageFolder } from "../../src/core/version.js";
import { startEditor } from "../../src/editor/server.js";
import { closeBrowser, openPage } from "../helpers/chromium.js";

const times = 5;
/** In milliseconds. */
const bound = 1000;

const sitePages = ["index", "search", "api/layers", "docs/engine", "book/01-quick-start", "book/12-axial-deeplab"];
const notebooks = ["01-quick-start", "12-axial-deeplab"];

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];

/** From the navigation's start, in milliseconds. */
async function firstPaint(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const entry = () => performance.getEntriesByName("first-contentful-paint")[0] as PerformanceEntry | undefined;
    while (entry() === undefined) await new Promise((next) => setTimeout(next, 5));
    return entry()!.startTime;
  });
}

/** When the page says that it shows what it is for: the attribute is set in the same task. */
async function shown(page: Page): Promise<number> {
  await page.waitForSelector("html[data-shown]");
  return page.evaluate(() => (globalThis as unknown as { shownAt: number }).shownAt);
}

const noteShown = (): void => {
  const root = () => document.documentElement as HTMLElement | null;
  new MutationObserver((_, observer) => {
    if (root()?.dataset.shown === undefined) return;
    (globalThis as unknown as { shownAt: number }).shownAt = performance.now();
    observer.disconnect();
  }).observe(document, { attributes: true, subtree: true, attributeFilter: ["data-shown"] });
};

async function measure(name: string, address: string, isEditor: boolean): Promise<number> {
  const paints: number[] = [];
  const showings: number[] = [];
  for (let i = 0; i < times; i++) {
    const page = await openPage({ viewport: { width: 1280, height: 900 } });
    if (isEditor) await page.addInitScript(noteShown);
    await page.goto(address);
    paints.push(await firstPaint(page));
    if (isEditor) showings.push(await shown(page));
    await page.context().close();
  }
  const all = isEditor ? `, shown ${median(showings).toFixed(0)} ms` : "";
  console.log(`${name.padEnd(36)} first paint ${median(paints).toFixed(0)} ms${all}`);
  return Math.max(median(paints), isEditor ? median(showings) : 0);
}

async function main(site: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "axial-paint-"));
  for (const name of notebooks)
    copyFileSync(join(packageFolder, "notebooks", `${name}.ipynb`), join(folder, `${name}.ipynb`));
  const editor = await startEditor({ folder });
  // The browser itself starts with the first page.
  await (await openPage()).context().close();
  let worst = 0;
  try {
    const address = (path: string) => `${editor.origin}/?${new URLSearchParams({ token: editor.token, path })}`;
    worst = Math.max(worst, await measure("editor: files", address(""), true));
    for (const name of notebooks)
      worst = Math.max(worst, await measure(`editor: ${name}`, address(`${name}.ipynb`), true));
    for (const name of sitePages)
      worst = Math.max(worst, await measure(`site: ${name}`, pathToFileURL(join(resolve(site), `${name}.html`)).href, false)); // prettier-ignore
  } finally {
    await closeBrowser();
    await editor.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  if (worst >= bound) process.exitCode = 1;
}

void main(process.argv[2] ?? join("out", "site"));
