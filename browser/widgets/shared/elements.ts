/** Elements and canvases of widgets. */

/** An element of a class at the end of another. */
export function append<K extends keyof HTMLElementTagNameMap>(
  name: K,
  parent: HTMLElement,
  className = "",
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  element.className = className;
  parent.append(element);
  return element;
}

/** A context for a canvas of this size in CSS pixels, sharp on dense screens, that enlarges with hard edges. */
export function prepareCanvas(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D {
  const density = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * density);
  canvas.height = Math.round(height * density);
  canvas.style.width = `${width}px`;
  const context = canvas.getContext("2d")!;
  context.scale(density, density);
  context.imageSmoothingEnabled = false;
  return context;
}

/** A colour between the stops of a ramp (`#rrggbb`, evenly spaced) for each share from 0 to 1. */
export function rampColours(ramp: readonly string[]): (share: number) => string {
  const stops = ramp.map((colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)));
  return (share) => {
    const at = Math.min(1, Math.max(0, share)) * (stops.length - 1);
    const low = Math.min(stops.length - 2, Math.floor(at));
    const mixed = stops[low].map((value, i) => Math.round(value + (at - low) * (stops[low + 1][i] - value)));
    return `rgb(${mixed.join(",")})`;
  };
}
