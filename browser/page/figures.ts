/** The live figures of a page or a part of it, each drawn over its still picture, in the reader's colours. */
import type { Drawing } from "./drawing.js";
import type { Json } from "./json.js";
import { drawPlotly } from "./plotly.js";
import { drawVega } from "./vega.js";

function drawingOf(figure: HTMLElement): Drawing {
  const canvas = document.createElement("div");
  canvas.className = "canvas";
  const source = figure.querySelector("script")?.textContent ?? "{}";
  return { figure, canvas, spec: JSON.parse(source) as Json, finalize: () => undefined };
}

async function draw(drawing: Drawing, dark: boolean): Promise<void> {
  const { figure, canvas } = drawing;
  const still = figure.querySelector<HTMLElement>(".still");
  try {
    if (!canvas.isConnected) figure.append(canvas);
    await (figure.dataset.library === "plotly" ? drawPlotly : drawVega)(drawing, dark);
    if (canvas.childElementCount === 0) return;
    // The still picture takes its alternative text along when it is hidden.
    canvas.setAttribute("role", "group");
    canvas.setAttribute("aria-label", figure.dataset.name ?? "");
    if (still) still.hidden = true;
  } catch (error) {
    // The still picture is what the reader had before.
    canvas.remove();
    if (still) still.hidden = false;
    console.error(error);
  }
}

export interface Figures {
  /** Draws all of them, the first time or in other colours. */
  draw(dark: boolean): Promise<void>;
  /** Frees what they hold. */
  finalize(): void;
}

/** Finds the figures below an element. */
export function figuresIn(root: ParentNode): Figures {
  const drawings = [...root.querySelectorAll<HTMLElement>("figure.live")].map(drawingOf);
  return {
    async draw(dark) {
      for (const drawing of drawings) await draw(drawing, dark);
    },
    finalize() {
      for (const drawing of drawings) drawing.finalize();
    },
  };
}
