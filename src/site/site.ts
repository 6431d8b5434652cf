/** The site, as files by their paths from its folder: static, with relative links, complete on a disk. */
import { readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { packageFolder } from "../core/version.js";
import { asItIs, executed, writeBook } from "../cli/notebook-book.js";
import { brokenLinks } from "../notebook/links.js";
import { redirectLinks } from "../notebook/page/links.js";
import { apiPages } from "./api-pages.js";
import { readApi } from "./api.js";
import { from, navigation, navigationStyle, stylePath, styleSheet } from "./frame.js";
import { guidePages, readmePage } from "./guides.js";
import { landingPage } from "./landing.js";
import { netOfFolder, ownNet, type LiveNet } from "./live-net.js";
import { Sources } from "./repository.js";
import { searchPages } from "./search.js";

/** The pages that are made of this checkout, without the book and the sources that they lead to. */
function ownPages(sources: Sources, net: LiveNet): Map<string, string> {
  return new Map([
    ["index.html", landingPage(net)],
    readmePage("Results", "results.html", sources),
    readmePage("Layers and models", "models.html", sources),
    ...guidePages(sources),
    ...apiPages(readApi(), sources),
  ]);
}

export interface SiteOptions {
  /** A folder that `axial-lab export --to web` wrote: the live net of the landing page. Default: one of the package's own. */
  readonly net?: string;
  /** Run the notebooks that are kept without outputs: minutes. Default false: their pages have none. */
  readonly run?: boolean;
}

export interface Site {
  /** By their paths from the site's folder. */
  readonly files: ReadonlyMap<string, string | Uint8Array>;
  /** A line for each link that leads nowhere, and for each notebook that failed. */
  readonly broken: readonly string[];
}

/** All files of the site that is to lie in `out`, where the chapters are made first. */
export async function makeSite(out: string, options: SiteOptions = {}): Promise<Site> {
  const net = options.net === undefined ? await ownNet() : netOfFolder(options.net);
  const sources = new Sources();
  const { book, failed } = await makeBook(out, sources, options.run === true ? withOutputs : asItIs);
  const pages = ownPages(sources, net);
  for (const [path, html] of book) pages.set(path, html);
  for (const [path, html] of sources.pages()) pages.set(path, html);
  const files = new Map<string, string | Uint8Array>([...pages, ...searchPages(pages), [stylePath, styleSheet()]]);
  for (const [name, contents] of net.files) files.set(`net/${name}`, contents);
  const broken = brokenLinks(pages, (path) => files.has(path));
  return {
    files,
    broken: [...failed, ...broken.map(({ page, target, reason }) => `${page}: ${reason}, got ${target}`)],
  };
}

/** A cell's, in seconds. */
const timeout = 600;

/** The quick start is kept without outputs, so that a reader's own run makes them: here it is run. */
async function withOutputs(path: string): ReturnType<typeof asItIs> {
  const { notebook } = await asItIs(path);
  const isEmpty = notebook.cells.every((cell) => cell.cell_type !== "code" || cell.outputs.length === 0);
  return isEmpty ? executed(timeout)(path) : { notebook, failure: null };
}

/** The notebooks as pages of the site: their links to files of the repository lead to pages of those. */
async function makeBook(
  out: string,
  sources: Sources,
  read: typeof asItIs,
): Promise<{ book: Map<string, string>; failed: readonly string[] }> {
  const { files, failed } = await writeBook(join(packageFolder, "notebooks"), join(out, "book"), read);
  const book = new Map(
    files.map((file) => {
      const path = relative(out, file).split(sep).join("/");
      const inRepository = (address: string): string => {
        const [, target, rest] = /^([^?#]*)(.*)$/.exec(address)!;
        if (target === "" || /^[a-z][a-z0-9+.-]*:/i.test(target)) return address;
        const absolute = resolve(dirname(file), decodeURIComponent(target));
        if (!relative(out, absolute).startsWith("..")) return address;
        const place = sources.place(relative(packageFolder, absolute).split(sep).join("/"));
        return place === null ? address : from(path, place) + rest;
      };
      const html = redirectLinks(readFileSync(file, "utf8"), inRepository);
      const around = `<style>${navigationStyle}</style>${navigation(path)}`;
      return [path, html.replace(/<button class="theme"[^>]*><\/button>/, (button) => button + around)];
    }),
  );
  return { book, failed };
}
