/** Runs one compiled cell in this process's one scope. */
import { constants, Script } from "node:vm";
import type { CompiledCell } from "../child-protocol.js";
import type { CellInterface } from "../runtime-global.js";

/**
 * The value of the cell's last statement where that is an expression, else undefined. It comes in a box, so that a
 * promise as a value is shown as a promise and not waited for.
 */
export async function runScript(code: CompiledCell, script: string): Promise<{ value: unknown }> {
  let value: unknown;
  const run = new Script(code.javascript, {
    filename: script,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  }).runInThisContext() as (cell: CellInterface) => Promise<void> | void;
  await run({ result: (last) => void (value = last) });
  return { value };
}
