/**
 * A figure: one MIME bundle, made when the figure is shown, that every reader of a notebook can show something of.
 *
 * | type | read by |
 * |---|---|
 * | the specification's own (`live`) | JupyterLab, VS Code, our HTML page: drawn live |
 * | `image/svg+xml`, while it is small | GitHub, nbviewer, pages without JavaScript |
 * | `image/png` | the same, e-mail, PDF, and readers that do not trust SVG |
 * | `text/plain` | terminals |
 *
 * No `text/html` form: JupyterLab 4 ranks it above Vega-Lite (rank 50 against 57), so that a figure which had both
 * would never be drawn live there. `html()` gives it to those who want one.
 */
import type { MimeBundle } from "../src/core/kernel-host.js";
import { outlineText, svgToPng } from "./picture.js";

/** Asked by kernels for the bundle of a cell's last value. */
export const jupyterDisplay: unique symbol = Symbol.for("Jupyter.display");

/** Asked by Node's `console.log`, and so by kernels that do not know `jupyterDisplay`. */
export const nodeInspect: unique symbol = Symbol.for("nodejs.util.inspect.custom");

/** What a figure's bundle of MIME types leaves out. */
export interface BundleOptions {
  /** Leave out the static pictures: for the frames of a figure that is redrawn while it is watched. Default true. */
  pictures?: boolean;
}

/** Something drawn: live in notebooks, and as a picture everywhere. */
export interface Figure {
  /** What is drawn, in one line; the `text/plain` form. */
  readonly title: string;
  /** What is seen, in a sentence or two: the alternative text of the picture. */
  readonly description: string;
  /** The specification by its MIME type, in order of preference; empty for a figure that is only a picture. */
  readonly live: MimeBundle;
  /** A stand-alone document; its text is text, in the reader's fonts. */
  svg(): Promise<string>;
  /** `scale` pixels to the CSS pixel (default 2); the text needs no fonts. */
  png(scale?: number): Promise<Uint8Array>;
  /** The picture as one element, static and complete without JavaScript and network. */
  html(): Promise<string>;
  /** The whole bundle, the static pictures included. */
  bundle(options?: BundleOptions): Promise<MimeBundle>;
  [jupyterDisplay](): Promise<MimeBundle>;
}

/** Pictures above this size go into a notebook as PNG only. */
const largestSvg = 48_000;

const escapeHtml = (text: string): string =>
  text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");

/** Gives the root element of an SVG its accessible name. */
const named = (svg: string, name: string): string =>
  svg.replace(/<svg\b[^>]*>/, (tag) =>
    /\srole=/.test(tag) ? tag : `${tag.slice(0, -1)} role="img" aria-label="${escapeHtml(name)}">`,
  );

/**
 * Makes a figure of a title, its live forms and the way to draw it. The drawing is made once, when asked for.
 * `description` is the alternative text; default: the title.
 */
export function createFigure(
  title: string,
  live: MimeBundle,
  draw: () => Promise<string>,
  description: string = title,
): Figure {
  let drawn: Promise<string> | null = null;
  const svg = (): Promise<string> => (drawn ??= draw().then((picture) => named(picture, description)));
  const png = async (scale?: number): Promise<Uint8Array> => svgToPng(await svg(), scale);

  const bundle = async ({ pictures = true }: BundleOptions = {}): Promise<MimeBundle> => {
    if (!pictures) return { ...live, "text/plain": title };
    const vector = await svg();
    return {
      ...live,
      ...(vector.length <= largestSvg ? { "image/svg+xml": vector } : {}),
      "image/png": Buffer.from(await png()).toString("base64"),
      "text/plain": title,
    };
  };

  const figure: Figure = {
    title,
    description,
    live,
    svg,
    png,
    bundle,
    html: async () =>
      `<img style="max-width:100%" alt="${escapeHtml(description)}" src="data:image/svg+xml;base64,${Buffer.from(
        outlineText(await svg()),
      ).toString("base64")}">`,
    [jupyterDisplay]: () => bundle(),
  };
  Object.defineProperty(figure, nodeInspect, {
    value: () => `Figure: ${title} (await axial.widgets.show(figure) draws it)`,
  });
  return figure;
}
