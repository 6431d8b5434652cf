/**
 * The files that the cells of a notebook become for TypeScript. What a file imports does not change when a cell is added, or
 * TypeScript would go through the imports of the whole program again; only texts change:
 *
 *     __cell_3__     the third cell that declared something; what it mentions comes from __scope_2__
 *     __scope_3__    what is visible below it: its own names, and those of __scope_2__ that it does not hide
 *     __cells__      what is visible now, each name from the cell that declared it; the cell that is being looked at takes it
 *                    from here
 *
 * So the first cells are there, empty, from the beginning, and when they are used up, as many more.
 */
import { extensionOf, type NotebookLanguage } from "../notebook-language.js";
import type { DeclaredName } from "./declared-names.js";
import type { ServiceHost } from "./service-host.js";

/** A name and the module of the cell that declared it. */
export interface ScopeEntry extends DeclaredName {
  readonly module: string;
}

export type Scope = ReadonlyMap<string, ScopeEntry>;

export interface CellFiles {
  /** Keeps a cell, and returns its module. `text` gives its file, whose names come from the module that it is given. */
  add(names: readonly DeclaredName[], visible: Scope, text: (scopeModule: string) => string): string;
  /** Makes this visible. `drafts`: modules of further files that some of it comes from. */
  show(visible: Scope, drafts?: readonly string[]): void;
  /** Forgets all cells. */
  reset(): void;
}

/** The module of what is visible now. */
export const shownModule = "./__cells__";

/** Cells that are there, empty, before they are needed. */
const batch = 16;

const cellModule = (number: number): string => `./__cell_${number}__`;
const scopeModule = (number: number): string => `./__scope_${number}__`;

/** `empty`: the text of a cell of nothing, whose names come from this module. */
export function createCellFiles(
  host: ServiceHost,
  language: NotebookLanguage,
  empty: (scopeModule: string) => string,
): CellFiles {
  let used = 0;
  let there = 0;

  const writeCell = (number: number, text: string): void =>
    host.setFile(cellModule(number).slice(2) + extensionOf(language), text);

  function writeScope(number: number, own: readonly string[], others: readonly string[]): void {
    const lines = [exported(own, cellModule(number)), exported(others, scopeModule(number - 1))];
    host.setFile(`${scopeModule(number).slice(2)}.ts`, lines.join("\n"));
  }

  function makeEmpty(first: number, last: number): void {
    for (let number = first; number <= last; number++) {
      writeCell(number, empty(scopeModule(number - 1)));
      writeScope(number, [], []);
    }
  }

  function makeRoom(): void {
    makeEmpty(there + 1, there + batch);
    there += batch;
  }

  host.setFile(`${scopeModule(0).slice(2)}.ts`, "export {};");
  makeRoom();

  return {
    add(names, visible, text) {
      if (used === there) makeRoom();
      used++;
      writeCell(used, text(scopeModule(used - 1)));
      const own = new Set(names.map(({ name }) => name));
      const others = [...visible.keys()].filter((name) => !own.has(name));
      writeScope(used, [...own], others);
      return cellModule(used);
    },

    show(visible, drafts = []) {
      const cells = Array.from({ length: there }, (_, i) => cellModule(i + 1));
      const names = new Map([...cells, ...drafts].map((module): [string, string[]] => [module, []]));
      for (const { name, module } of visible.values()) names.get(module)!.push(name);
      host.setFile(`${shownModule.slice(2)}.ts`, [...names].map(([module, own]) => exported(own, module)).join("\n"));
    },

    reset() {
      makeEmpty(1, used);
      used = 0;
    },
  };
}

const exported = (names: readonly string[], module: string): string =>
  `export { ${names.join(", ")} } from "${module}";`;
