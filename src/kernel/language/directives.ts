/**
 * Comments at the head of a cell that speak to the kernel:
 *
 *     // @check warn            type errors of this cell are shown and it runs all the same
 *     // @check notebook off    from here on no cell is checked, unless it says otherwise
 *
 * Comments, so that the same cell runs in any other kernel.
 */

export const checkings = ["error", "warn", "off"] as const;
export type Checking = (typeof checkings)[number];

export interface Directives {
  cell: Checking | null;
  notebook: Checking | null;
}

const pattern = /^\s*\/\/\s*@check:?\s+(notebook\s+)?(error|warn|off)\s*$/;

export function readDirectives(code: string): Directives {
  const found: Directives = { cell: null, notebook: null };
  for (const line of code.split("\n")) {
    if (!/^\s*(\/\/.*)?$/.test(line)) break;
    const match = pattern.exec(line);
    if (match) found[match[1] ? "notebook" : "cell"] = match[2] as Checking;
  }
  return found;
}
