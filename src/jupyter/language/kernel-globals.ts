/** Types of what cells find in the process that runs them and Node's types do not declare. */
import ts from "typescript";
import { dirname, join } from "node:path";

const prompt = `
/** Asks the reader for a line and waits for it. */
declare function prompt(message?: string, options?: { password?: boolean }): string;
`;

/** What cells of Deno's notebooks use, after Deno's own declarations; see `child/deno.ts`. */
const deno = `
declare namespace Deno {
  /** The notebook's interface of Deno, as far as it is there: displays and comms. */
  namespace jupyter {
    type MediaBundle = Record<string, unknown>;
    /** What says itself how it is shown. */
    interface Displayable {
      [$display](): MediaBundle | Promise<MediaBundle>;
    }
    interface DisplayOptions {
      /** The value is a bundle already. Default false. */
      raw?: boolean;
      /** Changes the display of this id instead of making one. Default false. */
      update?: boolean;
      display_id?: string;
    }
    const $display: unique symbol;
    /** Publishes display_data, update_display_data, clear_output, stream, comm_open, comm_msg or comm_close. */
    function broadcast(
      type: string,
      content: Record<string, unknown>,
      options?: { metadata?: Record<string, unknown>; buffers?: Uint8Array[] },
    ): Promise<void>;
    /** Shows a value below the running cell. */
    function display(value: unknown, options?: DisplayOptions): Promise<void>;
    /** The value as it would be shown. */
    function format(value: unknown): Promise<MediaBundle>;
    function html(texts: TemplateStringsArray, ...values: unknown[]): Displayable;
    function md(texts: TemplateStringsArray, ...values: unknown[]): Displayable;
    function svg(texts: TemplateStringsArray, ...values: unknown[]): Displayable;
    /** A picture, PNG or JPEG: its file or its bytes. */
    function image(pathOrBytes: string | Uint8Array): Displayable;
  }
}
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

export const kernelGlobals = (): string => `${prompt}\n${deno}\n${webAssembly()}\n`;
