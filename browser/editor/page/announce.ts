/** What a screen reader says by itself: one live region, to which the page tells what happened. */
import { el } from "./dom.js";

const region = el("div", { role: "status", "aria-live": "polite", class: "told" });

export const liveRegion = region;

/** Says it; said twice, it is heard twice. */
export function announce(text: string): void {
  region.textContent = "";
  // A reader hears what a region gets, not what it has already.
  setTimeout(() => (region.textContent = text), 50);
}
