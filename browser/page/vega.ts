/** Live figures by Vega-Lite and Vega. */
import { libraries, type Drawing } from "./drawing.js";
import { merge, part, type Json } from "./json.js";

/** A wide figure is not shrunk beyond reading on a narrow screen: below this width, in CSS pixels, it scrolls. */
const leastWidth = 432;

export async function drawVega(drawing: Drawing, dark: boolean): Promise<void> {
  if (!libraries.vegaEmbed) return;
  const config = part(drawing.spec, "config");
  const spec: Json = { ...drawing.spec, config: dark ? merge(config, part(drawing.spec.usermeta, "dark")) : config };
  // The notebook names the grammar that other front ends know; the library here is newer and reads it as well.
  delete spec.$schema;
  drawing.finalize();
  const result = await libraries.vegaEmbed(drawing.canvas, spec, {
    mode: drawing.spec.marks === undefined ? "vega-lite" : "vega",
    // Expressions are interpreted: the page's own policy forbids code made from text.
    ast: true,
    renderer: "svg",
    actions: { export: true, source: false, compiled: false, editor: false },
    tooltip: { theme: dark ? "dark" : "light" },
  });
  drawing.finalize = () => result.finalize();
  // The label of an image mark is its address, and that is often the whole image.
  for (const image of drawing.canvas.querySelectorAll("[aria-label*='data:image']"))
    image.removeAttribute("aria-label");
  // A mark without a label is part of the drawing, and nothing to be heard.
  for (const symbol of drawing.canvas.querySelectorAll("[role='graphics-symbol']:not([aria-label])"))
    symbol.setAttribute("aria-hidden", "true");
  const picture = drawing.canvas.querySelector<SVGElement>("svg.marks");
  if (picture) picture.style.minWidth = `${Math.min(leastWidth, Number(picture.getAttribute("width")))}px`;
}
