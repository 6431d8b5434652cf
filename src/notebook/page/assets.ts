/** What the page carries with it, read from the installed packages: fonts, the style of formulas, drawing libraries. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { dataUri } from "./html.js";
import type { Library } from "./outputs.js";

/** A file of an installed package: `entry` is a path that the package exports, `file` lies beside it. */
const packageFile = (entry: string, file: string): string => join(dirname(require.resolve(entry)), file);

const fontFace = (family: string, path: string, weight: number, style: string): string =>
  `@font-face{font-family:"${family}";font-weight:${weight};font-style:${style};font-display:swap;` +
  `src:url(${dataUri("font/woff2", readFileSync(path).toString("base64"))}) format("woff2")}`;

/** The two typefaces of the page: Source Serif 4 for prose, Source Sans 3 for headings and figures. */
export function textFonts(): string {
  const face = (name: string, family: string, weight: number, style: string): string =>
    fontFace(
      family,
      require.resolve(`@fontsource/${name}/files/${name}-latin-${weight}-${style}.woff2`),
      weight,
      style,
    );
  return [
    face("source-serif-4", "Source Serif 4", 400, "normal"),
    face("source-serif-4", "Source Serif 4", 400, "italic"),
    face("source-serif-4", "Source Serif 4", 600, "normal"),
    face("source-sans-3", "Source Sans 3", 400, "normal"),
    face("source-sans-3", "Source Sans 3", 600, "normal"),
  ].join("\n");
}

/** The fonts that KaTeX's class names call for; the first three are in almost every formula. */
const formulaFonts: readonly (readonly [font: string, needed: RegExp])[] = [
  ["Main-Regular", /class="katex/],
  ["Math-Italic", /mathnormal/],
  ["Size1-Regular", /size1|small-op/],
  ["Size2-Regular", /size2|large-op/],
  ["Size3-Regular", /size3/],
  ["Size4-Regular", /size4|delim-size4/],
  ["Main-Bold", /mathbf|textbf/],
  ["Main-Italic", /mathit|textit/],
  ["Math-BoldItalic", /boldsymbol/],
  ["AMS-Regular", /amsrm|mathbb/],
  ["Caligraphic-Regular", /mathcal/],
  ["Script-Regular", /mathscr/],
  ["Fraktur-Regular", /mathfrak/],
  ["SansSerif-Regular", /mathsf|textsf/],
  ["Typewriter-Regular", /mathtt|texttt/],
];

/** KaTeX's style with the fonts that `html` needs inside; empty if there is no formula. */
export function formulaStyle(html: string): string {
  if (!html.includes('class="katex')) return "";
  const sheet = readFileSync(packageFile("katex", "katex.min.css"), "utf8");
  return sheet.replace(/@font-face\{[^}]*\}/g, (rule) => {
    const file = /url\(fonts\/(KaTeX_([\w-]+)\.woff2)\)/.exec(rule);
    const needed = file && formulaFonts.some(([font, pattern]) => font === file[2] && pattern.test(html));
    if (!needed) return "";
    const font = readFileSync(packageFile("katex", join("fonts", file[1]))).toString("base64");
    return rule.replace(/src:[^;}]*/, `src:url(${dataUri("font/woff2", font)}) format("woff2")`);
  });
}

const libraryFiles: Record<Library, readonly (readonly [entry: string, file: string])[]> = {
  vega: [
    ["vega", "vega.min.js"],
    ["vega-lite", "vega-lite.min.js"],
    ["vega-embed", "vega-embed.min.js"],
  ],
  plotly: [["plotly.js-cartesian-dist-min", "plotly-cartesian.min.js"]],
};

/** The scripts of a library, as they may stand inside a `script` element. */
export const libraryScripts = (library: Library): string[] =>
  libraryFiles[library].map(([entry, file]) =>
    readFileSync(packageFile(entry, file), "utf8")
      .replace(/\/\/# sourceMappingURL=.*/g, "")
      .replace(/<\/script/gi, "<\\/script")
      .replace(/<!--/g, "<\\!--"),
  );
