/** Errors of cells as Jupyter shows them: the message, the cell's own lines, and the frames that are not ours. */
import { join } from "node:path";
import { inspect } from "node:util";
import type { CompiledCell, ErrorContent } from "../child-protocol.js";
import { sourceExcerpt } from "../excerpt.js";
import { sourcePosition, type Position } from "../position-map.js";

interface KnownCell {
  code: CompiledCell;
  label: string;
}

export interface Tracebacks {
  /** Registers a cell under a script name of its own, which is returned. */
  register(code: CompiledCell, label: string): string;
  describe(error: unknown): ErrorContent;
}

/** Frames of the kernel itself, which say nothing to the reader. */
const kernelFolder = join(__dirname, "..");

export function createTracebacks(folder: string): Tracebacks {
  const cells = new Map<string, KnownCell>();
  let serial = 0;

  /** A stack line with its place in a cell instead of in the script; null where it is the kernel's own. */
  function rewriteFrame(line: string): { text: string; place: Position | null; cell: KnownCell | null } | null {
    if (line.includes(kernelFolder) || /[( ]node:(vm|internal|async_hooks)\b/.test(line)) return null;
    for (const [script, cell] of cells) {
      const at = line.indexOf(script);
      if (at < 0) continue;
      const match = /^:(\d+):(\d+)/.exec(line.slice(at + script.length));
      if (!match) continue;
      const place = sourcePosition(cell.code.map, { line: Number(match[1]) - 1, column: Number(match[2]) - 1 });
      if (!place) return null;
      const position = `${cell.label}:${place.line + 1}:${place.column + 1}`;
      const name = /^\s+at (.+?) \(/
        .exec(line)?.[1]
        ?.replace(/^Object\.|\[as .*?\]/g, "")
        .trim();
      const inFunction = name !== undefined && name !== "<anonymous>" && name !== "eval" && name !== "async";
      return { text: `    at ${inFunction ? `${name} (${position})` : position}`, place, cell };
    }
    return { text: line, place: null, cell: null };
  }

  function describe(error: unknown): ErrorContent {
    if (!isErrorLike(error)) {
      const text = typeof error === "string" ? error : inspect(error);
      return { ename: "Error", evalue: text, traceback: [`\u001b[31mthrown\u001b[39m: ${text}`] };
    }
    const ename = String(error.name || "Error");
    const evalue = String(error.message);
    const lines = String(error.stack ?? "").split("\n");
    const firstFrame = lines.findIndex((line) => /^\s+at /.test(line));
    const frames = (firstFrame < 0 ? [] : untilKernel(lines.slice(firstFrame))).flatMap(
      (line) => rewriteFrame(line) ?? [],
    );
    const own = frames.find(({ place }) => place !== null);
    const excerpt = own ? [sourceExcerpt(own.cell!.code.source, own.place!)] : [];
    const trace = frames.map(({ text }) => text).join("\n");
    const cause = error.cause === undefined ? [] : ["Caused by:", ...describe(error.cause).traceback];
    const parts = isAggregate(error) ? error.errors.flatMap((each) => describe(each).traceback) : [];
    return {
      ename,
      evalue,
      traceback: [
        `\u001b[31m${ename}\u001b[39m: ${evalue}`,
        ...excerpt,
        ...(trace === "" ? [] : [trace]),
        ...parts,
        ...cause,
      ],
    };
  }

  return {
    register(code, label) {
      // The folder makes Node look up imports of the cell from there.
      const script = join(folder, `[${label}, script ${++serial}].mjs`);
      cells.set(script, { code, label });
      return script;
    },
    describe,
  };
}

/** What is below the kernel's own frames has called the kernel, and says nothing about the cell. */
function untilKernel(lines: readonly string[]): readonly string[] {
  const own = lines.findIndex((line) => line.includes(kernelFolder));
  return own > 0 ? lines.slice(0, own) : lines;
}

function isErrorLike(value: unknown): value is Error {
  return (
    value instanceof Error ||
    (typeof value === "object" && value !== null && "stack" in value && "message" in value && "name" in value)
  );
}

const isAggregate = (error: Error): error is AggregateError =>
  error instanceof AggregateError || Array.isArray((error as Partial<AggregateError>).errors);
