/** The pictures on buttons: lines in the colour of the text, 16 by 16. */

const paths = {
  add: "M8 3v10M3 8h10",
  below: "M3 3h10v4H3zM8 9.5v4M6 11.5h4",
  cut: "M4.5 10.5a1.8 1.8 0 1 0 .1 0M11.5 10.5a1.8 1.8 0 1 0 .1 0M5.5 10.7 11 2.5M10.5 10.7 5 2.5",
  copy: "M5.5 5.5h7.5v8H5.5zM10.5 5V2.5H3v8h2",
  paste: "M4 3.5H3v10h10v-10h-1M5.5 2.5h5v2.5h-5z",
  up: "M8 13V3M4 7l4-4 4 4",
  down: "M8 3v10M4 9l4 4 4-4",
  run: "M4.5 2.8v10.4L13 8z",
  runAll: "M2.5 3v10L8 8zM8 3v10l5.5-5z",
  stop: "M4 4h8v8H4z",
  restart: "M13 8a5 5 0 1 1-1.6-3.7M13.2 2v3h-3",
  find: "M7 2.8a4.2 4.2 0 1 0 .1 0M10.2 10.2 13.5 13.5",
  undo: "M3 6h6.5a3.5 3.5 0 0 1 0 7H6M5.5 3.2 2.8 6l2.7 2.8",
  redo: "M13 6H6.5a3.5 3.5 0 0 0 0 7H10M10.5 3.2 13.2 6l-2.7 2.8",
  save: "M3 3h8l2 2v8H3zM5.5 3v3.5h4V3M5.5 13V9.5h5V13",
  help: "M6 6.2a2 2 0 1 1 2.6 1.9c-.4.2-.6.5-.6 1v.6M8 12.2v.3",
  more: "M3.5 8h.1M8 8h.1M12.5 8h.1",
  remove: "M3 4.5h10M6.5 4V2.5h3V4M4.5 4.5l.6 9h5.8l.6-9",
} as const;

export type IconName = keyof typeof paths;

const namespace = "http://www.w3.org/2000/svg";

export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(namespace, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" }))
    svg.setAttribute(key, value);
  const path = document.createElementNS(namespace, "path");
  path.setAttribute("d", paths[name]);
  svg.append(path);
  return svg;
}
