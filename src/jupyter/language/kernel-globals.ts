/** Types of what cells find in the process that runs them and Node's types do not declare. */
import ts from "typescript";
import { dirname, join } from "node:path";

const prompt = `
/** Asks the reader for a line and waits for it. */
declare function prompt(message?: string, options?: { password?: boolean }): string;
`;

/**
 * `WebAssembly` is declared by TypeScript's library for browsers alone, of which nothing else is wanted here: Node has
 * no `document`. Its part is taken out of that file; the one type of browsers that it needs is declared inside.
 */
function webAssembly(): string {
  const library = ts.sys.readFile(join(dirname(ts.getDefaultLibFilePath({})), "lib.dom.d.ts")) ?? "";
  const [declaration = ""] =
    /^declare namespace WebAssembly \{$[^]*?^\}$/m.exec(library.replaceAll("\r\n", "\n")) ?? [];
  return declaration.replace("{", "{\n    type BufferSource = ArrayBufferView | ArrayBuffer;");
}

export const kernelGlobals = (): string => `${prompt}\n${webAssembly()}\n`;
