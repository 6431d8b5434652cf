/** Names that compiled cells use to reach the process that runs them. */

/** The global that cells import through; see `child/modules.ts`. */
export const runtimeGlobal = "__axial__";

/** The parameter of a compiled cell: the interface of its one run. */
export const cellParameter = "__cell__";

export interface CellInterface {
  /** Receives the value of the last statement. */
  result(value: unknown): void;
}
