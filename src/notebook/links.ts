/** Links of a book: between its pages, and whether all of them lead somewhere. */
import { Parser } from "htmlparser2";

export interface PageLinks {
  /** Addresses that the page leads to, as written. */
  readonly targets: readonly string[];
  /** Anchors on the page. */
  readonly anchors: ReadonlySet<string>;
}

export function linksOf(html: string): PageLinks {
  const targets: string[] = [];
  const anchors = new Set<string>();
  const parser = new Parser({
    onopentag(name, { id, href, name: named }) {
      if (id) anchors.add(id);
      if (name === "a" && named) anchors.add(named);
      if ((name === "a" || name === "area") && href !== undefined) targets.push(href);
    },
  });
  parser.end(html);
  return { targets, anchors };
}

const isElsewhere = (address: string): boolean => /^[a-z][a-z0-9+.-]*:|^\/\//i.test(address);

/** A path of a page from the folder of another, both from the book's folder, with `/` between folders. */
function resolved(from: string, path: string): string {
  const parts = from.split("/").slice(0, -1);
  for (const part of path.split("/"))
    if (part === "..") parts.push(...(parts.length > 0 && parts.at(-1) !== ".." ? (parts.pop(), []) : [".."]));
    else if (part !== "." && part !== "") parts.push(part);
  return parts.join("/");
}

export interface BrokenLink {
  readonly page: string;
  readonly target: string;
  readonly reason: "no such page" | "no such place on the page";
}

/**
 * Links that lead nowhere, of pages by their paths from the book's folder. Addresses on the network are not asked for;
 * `exists` answers for files that are no pages of the book.
 */
export function brokenLinks(
  pages: ReadonlyMap<string, string>,
  exists: (path: string) => boolean = () => false,
): BrokenLink[] {
  const found = new Map([...pages].map(([path, html]) => [path, linksOf(html)]));
  return [...found].flatMap(([page, { targets }]) =>
    targets.flatMap((target): BrokenLink[] => {
      if (isElsewhere(target)) return [];
      const [path, anchor = ""] = target.replace(/\?[^#]*/, "").split("#");
      const place = path === "" ? page : resolved(page, decoded(path));
      const there = found.get(place);
      if (!there) return exists(place) ? [] : [{ page, target, reason: "no such page" }];
      return anchor === "" || there.anchors.has(decoded(anchor))
        ? []
        : [{ page, target, reason: "no such place on the page" }];
    }),
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
