/** Links and pictures of a notebook, whose addresses are relative to its file. */
import { escapedPath } from "../protocol/rest.js";

/** The address, within this page, of a notebook or a folder. */
export const pageAddress = (path: string): string => (path === "" ? "?" : `?path=${escapedPath(path)}`);

export const isNotebook = (path: string): boolean => path.endsWith(".ipynb");

export const folderOf = (path: string): string => path.split("/").slice(0, -1).join("/");

const isElsewhere = (address: string): boolean => /^([a-z][a-z\d+.-]*:|\/\/|#)/i.test(address);

/** A relative address as a path in the server's folder; null where it leads out of it or elsewhere. */
export function resolvedPath(notebook: string, address: string): string | null {
  if (isElsewhere(address)) return null;
  const [file] = address.split(/[?#]/);
  const parts: string[] = address.startsWith("/") ? [] : folderOf(notebook).split("/").filter(Boolean);
  for (const part of decodeURIComponent(file).split("/")) {
    if (part === "..") {
      if (parts.pop() === undefined) return null;
    } else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}

/** The address under which the server gives a file. */
export const fileAddress = (path: string): string => `files/${escapedPath(path)}`;

/** Lets links of drawn Markdown and HTML lead where they are meant to: other notebooks here, the rest in a new tab. */
export function leadLinks(element: HTMLElement, notebook: string): void {
  for (const link of element.querySelectorAll<HTMLAnchorElement>("a[href]")) {
    const address = link.getAttribute("href")!;
    if (address.startsWith("#")) continue;
    const path = resolvedPath(notebook, address);
    if (path !== null) link.href = isNotebook(path) ? pageAddress(path) : fileAddress(path);
    if (path === null || !isNotebook(path)) {
      link.target = "_blank";
      link.rel = "noopener noreferrer";
    }
  }
}
