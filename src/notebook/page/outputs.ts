/** Outputs of code cells in HTML: the richest form that needs no network, live where a library draws it. */
import type { Output } from "../nbformat.js";
import { ansiToHtml } from "./ansi.js";
import { codeHtml, withoutEmptyHeads, type MarkdownPage } from "./markdown.js";
import { base64OfText, dataUri, escapeHtml, scriptJson } from "./html.js";
import { embedPictures, type Pictures } from "./pictures.js";

/** What draws live figures. */
export type Library = "vega" | "plotly";

export interface OutputPage {
  html(output: Output): string;
  /** The libraries that the outputs rendered so far are drawn by. */
  readonly libraries: ReadonlySet<Library>;
}

type Bundle = Record<string, unknown>;

/** A form that is text; empty where the bundle has none. */
const textOf = (bundle: Bundle, type: string): string => {
  const form = bundle[type];
  return typeof form === "string" ? form : "";
};

const isObject = (value: unknown): value is Bundle => typeof value === "object" && value !== null;

/** The address of data that a specification of Vega or Vega-Lite loads; null where all of them are inside. */
function loadedFrom(spec: unknown): string | null {
  if (!isObject(spec)) return null;
  for (const [key, value] of Object.entries(spec)) {
    if (key === "values" || key === "datasets") continue;
    const sources = key === "data" ? [value].flat().filter(isObject) : [];
    const address = sources.map(({ url }) => url).find((url) => typeof url === "string");
    const found = address ?? loadedFrom(value);
    if (found !== null) return found;
  }
  return null;
}

/** What a figure says of itself in words: its specification's description, else the first line of its text. */
function alternativeOf(bundle: Bundle): string {
  for (const [type, spec] of Object.entries(bundle)) {
    if (!isObject(spec)) continue;
    if (/^application\/vnd\.vega/.test(type) && typeof spec.description === "string") return spec.description;
    const meta = isObject(spec.layout) ? spec.layout.meta : null;
    if (isObject(meta) && typeof meta.description === "string") return meta.description;
  }
  return textOf(bundle, "text/plain").split("\n")[0];
}

const liveTypes: readonly (readonly [pattern: RegExp, library: Library])[] = [
  [/^application\/vnd\.plotly\.v\d+\+json$/, "plotly"],
  [/^application\/vnd\.vegalite\.v\d+\+json$/, "vega"],
  [/^application\/vnd\.vega\.v\d+\+json$/, "vega"],
];

/** The picture that stands for a bundle without JavaScript; null if it has none. */
function pictureHtml(bundle: Bundle, metadata: Bundle): string | null {
  const alternative = escapeHtml(alternativeOf(bundle));
  const vector = textOf(bundle, "image/svg+xml");
  if (vector !== "") {
    const address = dataUri("image/svg+xml", base64OfText(vector));
    return `<img alt="${alternative}" src="${address}">`;
  }
  for (const type of ["image/png", "image/jpeg", "image/gif", "image/webp"]) {
    const pixels = textOf(bundle, type).replace(/\s/g, "");
    if (pixels === "") continue;
    const { width, height } = (metadata[type] ?? {}) as { width?: number; height?: number };
    const size = [width === undefined ? "" : ` width="${width}"`, height === undefined ? "" : ` height="${height}"`];
    return `<img alt="${alternative}"${size.join("")} src="${dataUri(type, pixels)}">`;
  }
  return null;
}

const textHtml = (kind: string, text: string): string =>
  `<pre class="${kind}">${ansiToHtml(text.replace(/\n+$/, ""))}</pre>`;

/** `pictures` answers the address of a picture in HTML with one that needs no network, or null if it has none. */
export function createOutputs(markdown: MarkdownPage, pictures: Pictures = () => null): OutputPage {
  const libraries = new Set<Library>();

  function bundleHtml(bundle: Bundle, metadata: Bundle): string {
    const picture = pictureHtml(bundle, metadata);
    for (const [pattern, library] of liveTypes) {
      const type = Object.keys(bundle).find((key) => pattern.test(key));
      if (type === undefined) continue;
      const still = picture ?? textHtml("result", textOf(bundle, "text/plain"));
      const address = library === "vega" ? loadedFrom(bundle[type]) : null;
      if (address !== null) {
        const note = `The data of this figure lie at ${escapeHtml(address)}; the page holds ${picture ? "its picture" : "no picture of it"}.`;
        return `<figure>${still}<figcaption>${note}</figcaption></figure>`;
      }
      libraries.add(library);
      const name = escapeHtml(alternativeOf(bundle));
      return (
        `<figure class="live" data-library="${library}" data-name="${name}"><div class="still">${still}</div>` +
        `<script type="application/json">${scriptJson(bundle[type])}</script></figure>`
      );
    }
    if (bundle["text/html"] !== undefined)
      return `<div class="rich">${embedPictures(withoutEmptyHeads(textOf(bundle, "text/html")), pictures)}</div>`;
    if (picture !== null) return `<figure>${picture}</figure>`;
    if (bundle["text/markdown"] !== undefined)
      return `<div class="rich">${markdown.render(textOf(bundle, "text/markdown"), pictures)}</div>`;
    if (bundle["text/latex"] !== undefined) {
      const tex = textOf(bundle, "text/latex")
        .trim()
        .replace(/^\$\$?|\$\$?$/g, "");
      return `<div class="rich">${markdown.math.formula(tex, true)}</div>`;
    }
    if (bundle["text/plain"] !== undefined) return textHtml("result", textOf(bundle, "text/plain"));
    if (bundle["application/json"] !== undefined)
      return `<pre class="result">${codeHtml(JSON.stringify(bundle["application/json"], null, 2), "json")}</pre>`;
    return "";
  }

  return {
    libraries,
    html(output) {
      switch (output.output_type) {
        case "stream":
          return textHtml(`stream ${output.name === "stderr" ? "stderr" : "stdout"}`, output.text);
        case "error": {
          const { ename, evalue, traceback } = output;
          const text = traceback.length > 0 ? traceback.join("\n") : `${ename}: ${evalue}`;
          return textHtml("error", text);
        }
        case "display_data":
        case "execute_result":
          return bundleHtml(output.data, output.metadata);
      }
    },
  };
}
