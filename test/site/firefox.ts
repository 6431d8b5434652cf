/**
 * Opens the site from a disk in a headless Firefox, which the suite does without: it must explain itself, find what is searched
 * for, draw a chapter's figures, classify a photo and show where each head looks at a place that is clicked.
 *
 *     npm run site && node dist/test/site/firefox.js FIREFOX [FOLDER] [PHOTO]
 *
 * FIREFOX is the program, such as `firefox-esr`; FOLDER the site, by default out/site; PHOTO a file, by default a plain one.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import sharp from "sharp";
import { FirefoxPage } from "../helpers/firefox.js";

const text = (selector: string): string => `document.querySelector(${JSON.stringify(selector)})?.textContent`;

async function landing(page: FirefoxPage, site: string, photo: string): Promise<void> {
  await page.goto(pathToFileURL(join(site, "index.html")).href);
  assert.match(await page.evaluate<string>(text(".commands")), /npm ci && npm start\nnpm ci && npm test/);
  await page.waitFor('document.querySelector(".live .status")?.textContent.startsWith("Ready")');
  await page.setFiles(".live input[type=file]", [photo]);
  await page.waitFor('document.querySelector(".live .looking:not([hidden])")');
  const said = await page.evaluate<string>(text(".live .status"));
  assert.match(said, /, by axial-resnet-imagenette in \d+ ms; WebAssembly with (relaxed )?SIMD on 1 thread/);
  const before = await page.evaluate<string>(text(".live .looking p"));
  await page.click(".live canvas.photo", -100, -100);
  const after = await page.evaluate<string>(text(".live .looking p"));
  assert.notEqual(after, before);
  const heads = await page.evaluate<number>('document.querySelectorAll(".live .heads figure").length');
  assert.ok(heads > 1, `${heads} heads`);
  console.log(`landing page: ${said}\n  clicked: ${after}`);
}

async function search(page: FirefoxPage, site: string): Promise<void> {
  await page.goto(pathToFileURL(join(site, "search.html")).href);
  await page.click("form.search input");
  await page.type("CrissCrossAttention");
  await page.waitFor('document.querySelector("form.search .results a")');
  console.log(`search: ${await page.evaluate<string>(text("form.search .results a"))}`);
}

/** The first chapter that has figures to move. */
async function chapter(page: FirefoxPage, site: string): Promise<void> {
  await page.goto(pathToFileURL(join(site, "book", "index.html")).href);
  const links = await page.evaluate<string[]>(
    "[...document.querySelectorAll(\"main a[href$='.html']\")].map((a) => a.href)",
  );
  for (const link of links) {
    await page.goto(link);
    await page.waitFor("document.documentElement.dataset.drawn !== undefined");
    const drawn = await page.evaluate<number>('document.querySelectorAll("main svg.marks, main canvas.marks").length');
    if (drawn === 0) continue;
    console.log(`book: ${link.split("/").at(-1)}, ${drawn} live figures`);
    return;
  }
  assert.fail(`no chapter of ${links.length} has a live figure`);
}

async function main(program: string, site: string, given: string | undefined): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "axial-lab-firefox-"));
  const photo = given ?? join(folder, "photo.jpg");
  if (given === undefined)
    await sharp({ create: { width: 317, height: 211, channels: 3, background: "#b0d070" } })
      .jpeg()
      .toFile(photo);
  const page = await FirefoxPage.open(program);
  try {
    console.log(await page.evaluate<string>("navigator.userAgent"));
    await landing(page, site, resolve(photo));
    await search(page, site);
    await chapter(page, site);
    assert.deepEqual(page.errors, []);
    console.log("no errors of scripts");
  } finally {
    await page.close();
    rmSync(folder, { recursive: true });
  }
}

void main(process.argv[2], resolve(process.argv[3] ?? join("out", "site")), process.argv[4]);
