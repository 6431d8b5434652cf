/** Live figures by Plotly. */
import { libraries, type Drawing } from "./drawing.js";
import { merge, part } from "./json.js";

export async function drawPlotly(drawing: Drawing, dark: boolean): Promise<void> {
  if (!libraries.Plotly) return;
  const layout = part(drawing.spec, "layout");
  const coloured = dark ? merge(layout, part(layout.meta, "dark")) : layout;
  const config = { displaylogo: false, responsive: true, ...part(drawing.spec, "config") };
  // Plotly writes into what it is given.
  await libraries.Plotly.react(drawing.canvas, structuredClone(drawing.spec.data), structuredClone(coloured), config);
}
