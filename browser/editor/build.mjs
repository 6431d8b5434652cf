/**
 * How the page of `axial-lab notebook edit` is bundled into dist/browser/editor: index.html, app.js, app.css, `fonts` and
 * `chunks`, which hold what is loaded when a notebook first needs it (Vega, Plotly, diagrams).
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const folder = path.dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);

/** `page-style`: the style of the static page, from what `tsc` compiled before; both pages then look the same. */
const pageStyle = {
  name: "page-style",
  setup(build) {
    build.onResolve({ filter: /^page-style$/ }, () => ({ path: "page-style", namespace: "page-style" }));
    build.onLoad({ filter: /.*/, namespace: "page-style" }, () => {
      const style = require.resolve("../../dist/src/notebook/page/style.js");
      return { contents: require(style).pageStyle, loader: "css" };
    });
  },
};

/** KaTeX lists three formats for each font; every browser that this page runs in reads the first. */
const formulaFonts = {
  name: "formula-fonts",
  setup(build) {
    build.onLoad({ filter: /katex\.min\.css$/ }, async ({ path: file }) => {
      const sheet = await readFile(file, "utf8");
      return {
        contents: sheet.replace(/(url\(fonts\/KaTeX_[\w-]+\.woff2\) format\("woff2"\)),[^;}]*/g, "$1"),
        loader: "css",
        resolveDir: path.dirname(file),
      };
    });
  },
};

export const editorOptions = {
  format: "esm",
  splitting: true,
  entryPoints: [
    { in: path.join(folder, "main.ts"), out: "app" },
    { in: path.join(folder, "style", "app.css"), out: "app" },
    { in: path.join(folder, "index.html"), out: "index" },
  ],
  loader: { ".html": "copy", ".woff2": "file" },
  assetNames: "fonts/[name]",
  chunkNames: "chunks/[name]-[hash]",
  plugins: [pageStyle, formulaFonts],
};
