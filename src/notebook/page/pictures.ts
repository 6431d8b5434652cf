/**
 * Pictures that HTML names, put inside the page: `img`, `source`, `video`, `input`, `object`, `embed`, SVG's `image`,
 * backgrounds and `url(…)` in styles. What has no contents here becomes a link where it was a picture alone, so that
 * the page never needs the network and the reader sees what is missing.
 */
import { Parser } from "htmlparser2";
import { escapeHtml } from "./html.js";

/** Answers a picture's address with one that needs no network, or null if it has none. */
export type Pictures = (address: string) => string | null;

/** Attributes that hold one address of a picture, by element. */
const addresses: Readonly<Record<string, readonly string[]>> = {
  img: ["src"],
  source: ["src"],
  input: ["src"],
  video: ["poster"],
  image: ["href", "xlink:href"],
  feimage: ["href", "xlink:href"],
  body: ["background"],
  table: ["background"],
  td: ["background"],
  th: ["background"],
};
/** Elements that hold a file of any kind; a picture in them becomes an `img`. */
const holders: Readonly<Record<string, string>> = { object: "data", embed: "src" };

const inside = (address: string): boolean => /^(data:|blob:|#)/i.test(address.trim());

type Attributes = Record<string, string>;

const tag = (name: string, attributes: Attributes, end: string): string =>
  `<${name}${Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${escapeHtml(value)}"`)
    .join("")}${end}`;

/** `srcset`: addresses, each with a width or density; those without contents are left out. */
function embeddedSet(set: string, pictures: Pictures): string {
  const candidates = [...set.matchAll(/(data:\S+|[^\s,]\S*?)(\s+[\d.]+[wx])?\s*(?:,\s|,?$|,(?=[^\s]))/g)];
  return candidates
    .flatMap(([, address, size = ""]) => {
      const local = inside(address) ? address : pictures(address);
      return local === null ? [] : [`${local}${size}`];
    })
    .join(", ");
}

const embeddedStyle = (css: string, pictures: Pictures): string =>
  css.replace(/url\(\s*(["']?)(.*?)\1\s*\)/gi, (whole, _quote, address: string) => {
    const local = inside(address) ? null : pictures(address);
    return local === null ? whole : `url("${local}")`;
  });

/** The attributes with pictures inside; null where nothing changes. */
function embeddedAttributes(name: string, attributes: Attributes, pictures: Pictures): Attributes | null {
  const changed: Attributes = { ...attributes };
  for (const [key, value] of Object.entries(attributes)) {
    const lower = key.toLowerCase();
    if (addresses[name]?.includes(lower) && !inside(value)) changed[key] = pictures(value) ?? value;
    else if (lower === "srcset") {
      changed[key] = embeddedSet(value, pictures);
      if (changed[key] === "") delete changed[key];
    } else if (lower === "style") changed[key] = embeddedStyle(value, pictures);
  }
  return Object.keys(attributes).every((key) => changed[key] === attributes[key]) ? null : changed;
}

/** HTML with its pictures inside; everything else stays as it is written, character by character. */
export function embedPictures(html: string, pictures: Pictures): string {
  const edits: { start: number; end: number; text: string }[] = [];
  let links = 0;
  /** Of an `object` whose picture stands for it: where its contents began, and how many lie in it. */
  let replaced: { start: number; depth: number } | null = null;
  let style = false;

  const parser = new Parser(
    {
      onopentag(given, attributes) {
        const name = given.toLowerCase();
        const { startIndex: start, endIndex } = parser;
        const end = endIndex + 1;
        if (replaced) {
          if (name === "object") replaced.depth++;
          return;
        }
        if (name === "a") links++;
        style = name === "style";
        const held = attributes[holders[name] ?? ""];
        if (held !== undefined) {
          const local = inside(held) ? null : pictures(held);
          if (local === null) return;
          const { width, height, style: look, class: classes, title } = attributes;
          const kept = { width, height, style: look, class: classes, title };
          const given = Object.entries(kept).filter((entry): entry is [string, string] => entry[1] !== undefined);
          const image = { src: local, alt: attributes["aria-label"] ?? title ?? "", ...Object.fromEntries(given) };
          edits.push({ start, end, text: tag("img", image, ">") });
          if (name === "object") replaced = { start: end, depth: 1 };
          return;
        }
        const changed = embeddedAttributes(name, attributes, pictures);
        const source = changed ?? attributes;
        if (name === "img" && source.src !== undefined && !inside(source.src) && source.srcset === undefined) {
          const text = escapeHtml(attributes.alt || source.src);
          const link = `<a href="${escapeHtml(source.src)}">${text}</a>`;
          edits.push({ start, end, text: links > 0 ? `<span class="absent">${text}</span>` : link });
        } else if (changed) edits.push({ start, end, text: tag(given, changed, html[end - 2] === "/" ? "/>" : ">") });
      },
      ontext(text) {
        const { startIndex: start, endIndex } = parser;
        if (!style || replaced || html.slice(start, endIndex + 1) !== text) return;
        const embedded = embeddedStyle(text, pictures);
        if (embedded !== text) edits.push({ start, end: endIndex + 1, text: embedded });
      },
      onclosetag(given, implied) {
        const name = given.toLowerCase();
        if (replaced) {
          if (name === "object" && --replaced.depth === 0) {
            edits.push({ start: replaced.start, end: implied ? html.length : parser.endIndex + 1, text: "" });
            replaced = null;
          }
          return;
        }
        if (name === "a") links = Math.max(0, links - 1);
        if (name === "style") style = false;
      },
    },
    { lowerCaseTags: false, lowerCaseAttributeNames: false, decodeEntities: true, recognizeSelfClosing: true },
  );
  parser.end(html);

  let written = "";
  let at = 0;
  for (const { start, end, text } of edits) {
    written += html.slice(at, start) + text;
    at = end;
  }
  return written + html.slice(at);
}
