/**
 * Bundles what runs in a reader's browser into dist/browser: scripts of pages as plain scripts, front ends of widgets as
 * ES modules, each with its style sheet beside it. Part of `npm run build`.
 */
import { readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { editorOptions } from "./editor/build.mjs";

const folder = path.dirname(fileURLToPath(import.meta.url));
const outputFolder = path.resolve(folder, "../dist/browser");

/** Every `main.ts` of a folder is the script of a page: `page/main.ts` becomes `page.js`. */
const pages = ["page", "contents"];
/** Every file of `widgets` is one widget's front end or its style; what they share lies in `widgets/shared`. */
const widgets = readdirSync(path.join(folder, "widgets")).filter((name) => /\.(ts|css)$/.test(name));

const options = {
  bundle: true,
  minify: true,
  target: "es2022",
  // Bundles are inlined into pages and specifications: nothing but ASCII, no licence comments of our own.
  charset: "ascii",
  legalComments: "none",
  logLevel: "warning",
};

const editorFolder = path.join(outputFolder, "editor");
// Names of chunks change with what they hold.
rmSync(editorFolder, { recursive: true, force: true });

await Promise.all([
  build({ ...options, ...editorOptions, outdir: editorFolder }),
  build({
    ...options,
    format: "iife",
    entryPoints: pages.map((name) => ({ in: path.join(folder, name, "main.ts"), out: name })),
    outdir: outputFolder,
  }),
  build({
    ...options,
    format: "esm",
    entryPoints: widgets.map((name) => path.join(folder, "widgets", name)),
    outdir: path.join(outputFolder, "widgets"),
  }),
]);
