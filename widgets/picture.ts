/**
 * Static pictures of figures, made without a browser, a canvas or installed fonts: Vega-Lite to SVG, SVG to PNG.
 */
import { ConfigError } from "../src/core/errors.js";
import { textOutline, textWidth, weightOf } from "./typeface.js";
import { loadVega } from "./vega-bundle.js";

export interface PictureOptions {
  /** Told what Vega-Lite and Vega complain about. Default: nobody. */
  onWarning?: (message: string) => void;
}

/** Draws a Vega-Lite specification as a stand-alone SVG document. Throws ConfigError where data are not inside. */
export async function vegaLiteToSvg(
  specification: Record<string, unknown>,
  options: PictureOptions = {},
): Promise<string> {
  const { vega, vegaLite } = loadVega();
  const warn = (...messages: readonly unknown[]): typeof logger => {
    options.onWarning?.(messages.map(String).join(" "));
    return logger;
  };
  const quiet = (): typeof logger => logger;
  const logger = { level: () => vega.Warn, error: warn, warn, info: quiet, debug: quiet } as unknown as ReturnType<
    typeof vega.logger
  >;
  // Vega only logs what fails to load, and draws an empty picture.
  const asked: string[] = [];
  const load = (address: string): Promise<never> => {
    asked.push(address);
    return Promise.reject(new Error("not loaded"));
  };
  const loader = { ...vega.loader(), load };
  // A copy, because Vega marks the data objects that it is given.
  const compiled = vegaLite.compile(structuredClone(specification) as never, { logger }).spec;
  const view = new vega.View(vega.parse(compiled), { renderer: "none", logger, loader });
  try {
    const svg = await view.toSVG();
    if (asked.length > 0)
      throw new ConfigError(
        `vegaLiteToSvg: data must be inside the specification, got the address ${asked[0]}; give its rows as values`,
      );
    return svg;
  } finally {
    view.finalize();
  }
}

const entities: Record<string, string> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#160;": "\u00a0" };

/** Replaces the text of an SVG drawn by Vega or by us by its outlines, so that no font is needed to show it. */
export function outlineText(svg: string): string {
  const attribute = (tag: string, name: string): string | undefined =>
    new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];
  // Of a label that is left out, as on logarithmic axes, Vega writes an element without an end.
  const written = svg.replace(/<text\b[^>]*\/>/g, "");
  return written.replace(/<text\b([^>]*)>([^]*?)<\/text>/g, (original, tag: string, content: string) => {
    const size = parseFloat(attribute(tag, "font-size") ?? "11");
    const weight = weightOf(attribute(tag, "font-weight"));
    const anchor = attribute(tag, "text-anchor") ?? "start";
    const lines = content.includes("<tspan")
      ? [...content.matchAll(/<tspan\b([^>]*)>([^]*?)<\/tspan>/g)].map((match) => [match[1], match[2]])
      : [["", content]];
    let y = parseFloat(attribute(tag, "y") ?? "0");
    let path = "";
    for (const [lineTag, escaped] of lines) {
      const text = escaped.replace(/&(amp|lt|gt|quot|#160);/g, (entity) => entities[entity]);
      y += parseFloat(attribute(lineTag, "dy") ?? "0");
      const width = textWidth(text, size, weight);
      const start = parseFloat(attribute(lineTag, "x") ?? attribute(tag, "x") ?? "0");
      const x = start - (anchor === "middle" ? width / 2 : anchor === "end" ? width : 0);
      const outline = textOutline(text, x, y, size, weight);
      if (outline === null) return original;
      path += outline;
    }
    const kept = ["transform", "fill", "opacity"].flatMap((name) => {
      const value = attribute(tag, name);
      return value === undefined ? [] : [` ${name}="${value}"`];
    });
    return `<path${kept.join("")} d="${path}"/>`;
  });
}

/**
 * Renders an SVG document as PNG at `scale` times its size.
 *
 * Text becomes outlines first: the renderer knows only the fonts of the machine, and a bare one has none.
 */
export async function svgToPng(svg: string, scale = 2): Promise<Uint8Array> {
  const { default: sharp } = await import("sharp");
  return sharp(Buffer.from(outlineText(svg)), { density: 72 * scale, limitInputPixels: false })
    .png({ palette: true, quality: 95, dither: 0, effort: 10 })
    .toBuffer();
}
