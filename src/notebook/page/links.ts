/** Links on a page that lead elsewhere than they were written to: from a notebook to the page made of it. */
import { Parser } from "htmlparser2";
import { escapeHtml } from "./html.js";

/** HTML with the address of each link answered by `link`; everything else as it is written. */
export function redirectLinks(html: string, link: (address: string) => string): string {
  let written = "";
  let at = 0;
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        if (name.toLowerCase() !== "a" || attributes.href === undefined) return;
        const address = link(attributes.href);
        if (address === attributes.href) return;
        const given = Object.entries({ ...attributes, href: address }).map(
          ([key, value]) => ` ${key}="${escapeHtml(value)}"`,
        );
        written += `${html.slice(at, parser.startIndex)}<${name}${given.join("")}>`;
        at = parser.endIndex + 1;
      },
    },
    { lowerCaseTags: false, lowerCaseAttributeNames: false, recognizeSelfClosing: true },
  );
  parser.end(html);
  return written + html.slice(at);
}
