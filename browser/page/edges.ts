/**
 * Marks what is wider than its place: the class `more-left` or `more-right` says on which side something is out of sight,
 * and the reader can scroll there by keyboard.
 */

const scrollers = "pre, .katex-display, .table, .rich, figure";

function mark(element: HTMLElement): void {
  const hidden = element.scrollWidth - element.clientWidth;
  // Fractions of a pixel are rounding.
  element.classList.toggle("more-left", element.scrollLeft > 1);
  element.classList.toggle("more-right", element.scrollLeft < hidden - 1);
  if (hidden > 1) element.tabIndex = 0;
  else element.removeAttribute("tabindex");
}

/** Watches those in an element while it lives, whatever is drawn in them later. The function returned ends it. */
export function watchEdges(root: HTMLElement): () => void {
  const all = [...root.querySelectorAll<HTMLElement>(scrollers)];
  const observer = new ResizeObserver((changed) => {
    for (const { target } of changed) mark(target.closest<HTMLElement>(scrollers)!);
  });
  for (const element of all) {
    element.addEventListener("scroll", () => mark(element), { passive: true });
    for (const each of [element, ...element.children]) observer.observe(each);
  }
  return () => observer.disconnect();
}

let watched: HTMLElement[] = [];

/** Looks at all of them, now, when they scroll and when the page changes its width. */
export function markEdges(): void {
  if (watched.length === 0) {
    watched = [...document.querySelectorAll<HTMLElement>(scrollers)].flatMap((element) =>
      element.matches("pre.code") ? [element, ...element.querySelectorAll("code")] : [element],
    );
    for (const element of watched) element.addEventListener("scroll", () => mark(element), { passive: true });
    window.addEventListener("resize", () => watched.forEach(mark));
  }
  watched.forEach(mark);
}
