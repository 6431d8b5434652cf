/** The text of a drawn cell as its reader sees it, and parts of it marked where they are found. */

/** What is in the page for others than who looks at it: formulas are there once more, for screen readers. */
const unseen = ".katex-mathml, svg, style";

/** The text nodes that are seen, in order. */
function textNodes(element: Element): Text[] {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const nodes: Text[] = [];
  while (walker.nextNode()) {
    const node = walker.currentNode as Text;
    if (node.parentElement?.closest(unseen) === null) nodes.push(node);
  }
  return nodes;
}

export const drawnTextOf = (element: Element): string =>
  textNodes(element)
    .map(({ data }) => data)
    .join("");

/** Marks a part of the text, by its offsets there, in place of what was marked before, and brings it into sight. */
export function markText(element: Element, from: number, to: number): void {
  const range = new Range();
  let at = 0;
  for (const node of textNodes(element)) {
    const end = at + node.length;
    if (at <= from && from < end) range.setStart(node, from - at);
    if (at < to && to <= end) range.setEnd(node, to - at);
    at = end;
  }
  // A browser without highlights shows the cell as the selected one, and no more.
  globalThis.CSS.highlights?.set("found", new Highlight(range));
  range.startContainer.parentElement?.scrollIntoView({ block: "nearest" });
}

export const unmarkText = (): void => void globalThis.CSS.highlights?.delete("found");
