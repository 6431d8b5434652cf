/**
 * Comments at the head of a cell that speak to the kernel; comments, so that the same cell runs in any other kernel.
 *
 *     // @check warn            type errors of this cell are shown and it runs all the same
 *     // @check notebook off    from here on no cell is checked, unless it says otherwise
 *     // @ts-check              TypeScript's own, for a JavaScript cell: the same as @check error
 *
 * And the two of tslab:
 *
 *     @module name    in a documentation comment: the cell is not run; later cells import it as "./name"
 *     @browser        in a documentation comment: the cell is not run here
 */

export const checkings = ["error", "warn", "off"] as const;
export type Checking = (typeof checkings)[number];

export interface Directives {
  cell: Checking | null;
  notebook: Checking | null;
  module: string | null;
  browser: boolean;
}

const check = /^\s*\/\/\s*@check:?\s+(notebook\s+)?(error|warn|off)\s*$/;

export function readDirectives(code: string): Directives {
  const found: Directives = { cell: null, notebook: null, module: null, browser: false };
  const documentation = /^\s*\/\*\*([^]*?)\*\//.exec(code)?.[1] ?? "";
  found.module = /@module\s+([\w-]+)/.exec(documentation)?.[1] ?? null;
  found.browser = /@browser\b/.test(documentation);
  for (const line of code.split("\n")) {
    if (!/^\s*(\/\/.*)?$/.test(line)) break;
    if (/^\s*\/\/\s*@ts-check\b/.test(line)) found.cell = "error";
    const match = check.exec(line);
    if (match) found[match[1] ? "notebook" : "cell"] = match[2] as Checking;
  }
  return found;
}
