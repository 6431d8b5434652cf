/** `process.exit` in a cell ends the cell and not the process: variables survive. */

export class ProcessExit extends Error {
  override readonly name = "ProcessExit";
  constructor(code: number | string | null | undefined) {
    super(`process.exit(${code === undefined ? "" : String(code)}) was called; the kernel goes on`);
  }
}

/** Returns the real one. */
export function installProcessExit(fail: (error: ProcessExit) => void): (code?: number) => never {
  const exit = process.exit.bind(process);
  process.exit = (code?: number | string | null): never => {
    const error = new ProcessExit(code ?? process.exitCode);
    process.exitCode = undefined;
    // Told at once, and thrown as well: code after `process.exit` never runs, and a `catch` does not undo it.
    fail(error);
    throw error;
  };
  return exit;
}
