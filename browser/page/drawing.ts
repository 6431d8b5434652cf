/** What draws a live figure: the libraries that a page carries, and the interface that they are drawn through. */
import type { Json } from "./json.js";

/** A figure's specification and the element that it is drawn into. */
export interface Drawing {
  readonly figure: HTMLElement;
  readonly canvas: HTMLElement;
  readonly spec: Json;
  /** Frees what the last drawing holds. */
  finalize(): void;
}

export interface Plotly {
  react(element: HTMLElement, data: unknown, layout: Json, config: Json): Promise<unknown>;
  /** What this build of Plotly draws, by type of trace. */
  PlotSchema: { get(): { traces: Record<string, unknown> } };
}

interface Libraries {
  vegaEmbed?: (element: HTMLElement, spec: Json, options: Json) => Promise<{ finalize(): void }>;
  Plotly?: Plotly;
}

/** The page holds only the libraries that its figures need. */
export const libraries = window as unknown as Libraries;
