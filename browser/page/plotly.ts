/** Live figures by Plotly. */
import { libraries, type Drawing, type Plotly } from "./drawing.js";
import { merge, part } from "./json.js";

/** Plotly draws a type that it does not know as a scatter plot: then the picture is the truth. */
function assertDrawn({ PlotSchema }: Plotly, data: unknown): void {
  const known = PlotSchema.get().traces;
  const types = (Array.isArray(data) ? data : []).map((trace) => (trace as { type?: string }).type ?? "scatter");
  const unknown = types.find((type) => !Object.hasOwn(known, type));
  if (unknown !== undefined) throw new Error(`the page's Plotly does not draw ${unknown}; the picture is shown`);
}

export async function drawPlotly(drawing: Drawing, dark: boolean): Promise<void> {
  if (!libraries.Plotly) return;
  assertDrawn(libraries.Plotly, drawing.spec.data);
  const layout = part(drawing.spec, "layout");
  const coloured = dark ? merge(layout, part(layout.meta, "dark")) : layout;
  const config = { displaylogo: false, responsive: true, ...part(drawing.spec, "config") };
  // Plotly writes into what it is given.
  await libraries.Plotly.react(drawing.canvas, structuredClone(drawing.spec.data), structuredClone(coloured), config);
  // Drawn again, a figure without a height of its own takes that of its place, which has none but the figure's.
  const { canvas } = drawing;
  if (canvas.offsetHeight > 0) canvas.style.height = `${canvas.offsetHeight}px`;
}
