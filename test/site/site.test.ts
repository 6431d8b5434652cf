import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { after, before, describe, it } from "node:test";
import { Parser } from "htmlparser2";
import sharp from "sharp";
import { catalogue } from "../../src/catalogue.js";
import { makeSite, type Site } from "../../src/site/site.js";
import { closeBrowser, noChromium, openPage } from "../helpers/chromium.js";
import { publicNames } from "../public-names.js";

/** Pictures without words for who does not see them. */
function wordless(html: string): string[] {
  const found: string[] = [];
  const parser = new Parser({
    onopentag(name, { alt, role, src = "", "aria-label": label, "aria-hidden": hidden }) {
      if (name === "img" && alt === undefined) found.push(`img ${src.slice(0, 40)}`);
      if (role === "img" && label === undefined && hidden === undefined) found.push(`${name} role=img`);
    },
  });
  parser.end(html);
  return found;
}

const withoutFigures = (html: string): string => html.replace(/data:image\/[a-z+]+;base64,[A-Za-z0-9+/=]+/g, "");

describe("the site", () => {
  const out = mkdtempSync(join(tmpdir(), "axial-site-"));
  let site: Site;
  before(async () => {
    site = await makeSite(out);
    for (const [path, contents] of site.files) {
      mkdirSync(dirname(join(out, path)), { recursive: true });
      writeFileSync(join(out, path), contents);
    }
  });
  after(async () => {
    await closeBrowser();
    rmSync(out, { recursive: true });
  });
  const pages = () =>
    [...site.files].filter(
      (file): file is [string, string] => file[0].endsWith(".html") && typeof file[1] === "string",
    );

  it("has no link that leads nowhere, pages and places on them", () => {
    assert.deepEqual(site.broken, []);
    assert.ok(pages().length > 50);
  });

  it("says every picture in words", () => {
    assert.deepEqual(pages().flatMap(([path, html]) => wordless(html).map((one) => `${path}: ${one}`)), []); // prettier-ignore
    assert.deepEqual(wordless('<img src="a.png"><svg role="img"></svg>').length, 2);
  });

  it("has pages below 300 kB before figures; those of the book carry what draws theirs", () => {
    const large = pages().filter(([path, html]) => !path.startsWith("book/") && withoutFigures(html).length > 300_000);
    assert.deepEqual(large.map(([path, { length }]) => `${path}: ${length}`), []); // prettier-ignore
  });

  it("has every public name, with its docblock", () => {
    const api = new Map(pages().filter(([path]) => path.startsWith("api/")));
    for (const { name, says } of publicNames()) {
      const [room, short] = name.includes(".") ? name.split(".") : ["axial", name];
      const page = api.get(`api/${room}.html`) ?? "";
      assert.ok(page.includes(`id="${short}"`), `${room} has no ${short}`);
      const [word] = /[A-Za-z]{6,}/.exec(says) ?? [""];
      assert.ok(page.includes(word), `${room}.${short} does not say ${word}`);
    }
    const layers = api.get("api/layers.html")!;
    for (const part of [
      "Input [B, H, W, Cin]",
      "Default 8",
      "arxiv.org/abs/2003.07853",
      "kernels/axial-attention.ts.html",
      'class="katex-display"',
      "Layers, each under the name of its equation in functions.",
    ])
      assert.ok(layers.includes(part), part);
  });

  it("leads from each layer of a paper to its equation's chapter, its test and its kernel", () => {
    const layers = pages().find(([path]) => path === "api/layers.html")![1];
    const entries = catalogue.filter(({ use }) => use.startsWith("new axial.layers."));
    assert.ok(entries.length > 6);
    for (const { use, files } of entries) {
      const [, name] = /axial\.layers\.(\w+)/.exec(use)!;
      const section = new RegExp(`<h2 id="${name}">[^]*?</section>`).exec(layers)![0];
      const words = ["source", "test", files.kernel && "kernel", files.lesson && "chapter"].filter(Boolean);
      for (const word of words) assert.match(section, new RegExp(`<a href="[^"]+">${word}</a>`), `${name}: ${word}`);
    }
  });

  it("carries a trained network of less than 5 MB", () => {
    const script = Buffer.from(site.files.get("net/net.js")!).toString();
    const { base64 } = JSON.parse(/axialNet=(\{.*\});/.exec(script)![1]) as { base64: string };
    assert.ok(Buffer.from(base64, "base64").length < 5_000_000);
  });

  it("opened from a disk explains itself and finds what is searched for", { skip: noChromium }, async () => {
    const page = await openPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    await page.goto(pathToFileURL(join(out, "index.html")).href);
    assert.match((await page.textContent(".commands"))!, /npm ci && npm start\nnpm ci && npm test/);
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).fontFamily.includes("Source Serif")), true);
    await page.click("nav.site >> text=Search");
    await page.fill("form.search input", "CrissCrossAttention");
    await page.locator("form.search .results a").first().click();
    await page.waitForURL(/CrissCrossAttention|criss/);
    assert.deepEqual(errors, []);
    await page.context().close();
  });

  it(
    "answers a photo that is dropped on the landing page, from the disk, and shows where each head looks",
    { skip: noChromium },
    async () => {
      const page = await openPage();
      page.setDefaultTimeout(60_000);
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(error.message));
      page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
      await page.goto(pathToFileURL(join(out, "index.html")).href);
      const photo = await sharp({ create: { width: 317, height: 211, channels: 3, background: "#b0d070" } })
        .jpeg()
        .toBuffer();
      const dropped = await page.evaluateHandle((base64) => {
        const bytes = Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
        const transfer = new DataTransfer();
        transfer.items.add(new File([bytes], "photo.jpg", { type: "image/jpeg" }));
        return transfer;
      }, photo.toString("base64"));
      await page.dispatchEvent("main", "drop", { dataTransfer: dropped });
      await page.waitForSelector(".live .looking:not([hidden])");
      const [first] = await page.locator(".live .classes li").allInnerTexts();
      assert.match(first, /^[A-Za-z ]+\s+\d+(\.\d)? %$/);
      assert.ok((await page.locator(".live .heads figure").count()) > 1);
      const before = await page.textContent(".live .looking p");
      await page.locator(".live canvas.photo").click({ position: { x: 5, y: 5 } });
      assert.notEqual(await page.textContent(".live .looking p"), before);
      assert.deepEqual(errors, []);
      await page.context().close();
    },
  );
});
