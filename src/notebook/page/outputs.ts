/** Outputs of code cells in HTML: the richest form that needs no network, live where a library draws it. */
import type { Output } from "../file.js";
import { ansiToHtml } from "./ansi.js";
import type { Library } from "./assets.js";
import { codeHtml, type MarkdownPage } from "./markdown.js";
import { formulaHtml } from "./math.js";
import { dataUri, escapeHtml, scriptJson } from "./html.js";

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

const liveTypes: readonly (readonly [pattern: RegExp, library: Library])[] = [
  [/^application\/vnd\.plotly\.v\d+\+json$/, "plotly"],
  [/^application\/vnd\.vegalite\.v\d+\+json$/, "vega"],
  [/^application\/vnd\.vega\.v\d+\+json$/, "vega"],
];

/** The picture that stands for a bundle without JavaScript; null if it has none. */
function pictureHtml(bundle: Bundle, metadata: Bundle): string | null {
  const alternative = escapeHtml(textOf(bundle, "text/plain").split("\n")[0]);
  const vector = textOf(bundle, "image/svg+xml");
  if (vector !== "") {
    const address = dataUri("image/svg+xml", Buffer.from(vector).toString("base64"));
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

export function createOutputs(markdown: MarkdownPage): OutputPage {
  const libraries = new Set<Library>();

  function bundleHtml(bundle: Bundle, metadata: Bundle): string {
    const picture = pictureHtml(bundle, metadata);
    for (const [pattern, library] of liveTypes) {
      const type = Object.keys(bundle).find((key) => pattern.test(key));
      if (type === undefined) continue;
      libraries.add(library);
      const still = picture ?? textHtml("result", textOf(bundle, "text/plain"));
      return (
        `<figure class="live" data-library="${library}"><div class="still">${still}</div>` +
        `<script type="application/json">${scriptJson(bundle[type])}</script></figure>`
      );
    }
    if (bundle["text/html"] !== undefined) return `<div class="rich">${textOf(bundle, "text/html")}</div>`;
    if (picture !== null) return `<figure>${picture}</figure>`;
    if (bundle["text/markdown"] !== undefined)
      return `<div class="rich">${markdown.render(textOf(bundle, "text/markdown"))}</div>`;
    if (bundle["text/latex"] !== undefined) {
      const tex = textOf(bundle, "text/latex")
        .trim()
        .replace(/^\$\$?|\$\$?$/g, "");
      return `<div class="rich">${formulaHtml(tex, true)}</div>`;
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
