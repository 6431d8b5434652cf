/** A real browser for tests of what runs in one: Debian's and others' Chromium, found in the search path. */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";

const candidates = [
  process.env.CHROMIUM ?? "",
  ...(process.env.PATH ?? "")
    .split(delimiter)
    .flatMap((folder) => ["chromium", "chromium-browser", "google-chrome"].map((name) => join(folder, name))),
];
const executablePath = candidates.find((file) => file !== "" && existsSync(file));

/** For the options of a test: why it is skipped, or false where there is a browser. */
export const noChromium = executablePath === undefined && "no Chromium in the search path, and CHROMIUM names none";

let browser: Promise<Browser> | undefined;

/** A page in a context of its own. */
export async function openPage(options: BrowserContextOptions = {}): Promise<Page> {
  browser ??= chromium.launch({ executablePath, args: ["--no-sandbox"] });
  const context = await (await browser).newContext(options);
  context.setDefaultTimeout(15_000);
  return context.newPage();
}

/** For `after`: ends the browser. */
export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
  browser = undefined;
}
