/** Names that compiled cells use to reach the process that runs them. */

/** The global that cells import through; see `child/modules.ts`. */
export const runtimeGlobal = "__axial__";

/** What a name of the notebook is called that must not become a global of the process; see `language/hazards.ts`. */
export const mangled = (name: string): string => `${name}$cell`;

/** The parameter of a compiled cell: the interface of its one run. */
export const cellParameter = "__cell__";

export interface CellInterface {
  /** Receives the value of the last statement. */
  result(value: unknown): void;
}
