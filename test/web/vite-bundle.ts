/**
 * Bundles a page on `axial-lab/web` with Vite, which the suite does without: it has no address of Node in it, and the engine starts
 * in a headless Chromium.
 *
 *     node dist/test/web/vite-bundle.js VITE
 *
 * VITE is the folder of an installed vite.
 */
import { mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { packageFolder } from "../../src/core/version.js";
import { closeBrowser, openPage } from "../helpers/chromium.js";

const page = `
import { functions, start, tf } from "axial-lab/web";
const { reason } = await start();
const sum = tf.ones([2, 3]).sum().dataSync()[0];
document.body.textContent = reason + "; " + sum + "; " + typeof functions.axialAttention;
`;

interface Vite {
  build: (options: object) => Promise<unknown>;
  version: string;
}

async function main(vite: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "axial-vite-"));
  try {
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(packageFolder, join(folder, "node_modules", "axial-lab"), "dir");
    writeFileSync(
      join(folder, "index.html"),
      '<!doctype html><link rel="icon" href="data:,"><body><script type="module" src="main.js"></script>',
    );
    writeFileSync(join(folder, "main.js"), page);
    const { exports } = JSON.parse(readFileSync(join(vite, "package.json"), "utf8")) as { exports: { ".": unknown } };
    const entry = JSON.stringify(exports["."]).match(/\.\/dist\/node\/index\.js/)![0];
    const { build, version } = (await import(pathToFileURL(resolve(vite, entry)).href)) as Vite;
    await build({
      root: folder,
      logLevel: "warn",
      base: "./",
      build: { target: "es2022", chunkSizeWarningLimit: 2000 },
    });
    const assets = join(folder, "dist", "assets");
    const [script] = readdirSync(assets).filter((name) => name.endsWith(".js"));
    const text = readFileSync(join(assets, script), "utf8");
    if (/["']node:/.test(text)) throw new Error(`${script} names a module of Node`);
    const server = createServer(({ url }, response) => {
      const path = url === "/" ? "/index.html" : url!;
      response.writeHead(200, { "content-type": extname(path) === ".js" ? "text/javascript" : "text/html" });
      response.end(readFileSync(join(folder, "dist", path)));
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const opened = await openPage();
    await opened.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await opened.waitForFunction(() => document.body.textContent?.includes("; 6; function"));
    console.log(`vite ${version}: ${text.length} bytes; ${await opened.textContent("body")}`);
    server.close();
  } finally {
    await closeBrowser();
    rmSync(folder, { recursive: true });
  }
}

void main(process.argv[2]);
