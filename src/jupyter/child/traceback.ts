/**
 * Errors of cells as the reader wants them: the message, the cell's own lines, and the frames that are not the
 * kernel's. The stack of every error is rewritten where it is made (`Error.prepareStackTrace`), so that an error that
 * a cell prints says `cell 3:2:7` too.
 */
import { join } from "node:path";
import { inspect } from "node:util";
import type { CompiledCell, ErrorContent } from "../child-protocol.js";
import { sourceExcerpt } from "../excerpt.js";
import { sourcePosition, type Position } from "../position-map.js";

export interface Tracebacks {
  /** Registers a script under a name of its own in its folder (default: the notebook's), which is returned. */
  register(code: CompiledCell, label: string, inFolder?: string): string;
  describe(error: unknown): ErrorContent;
}

interface KnownScript {
  code: CompiledCell;
  label: string;
}

/** Frames of the kernel itself, which say nothing to the reader. */
const kernelFolder = join(__dirname, "..");

export function createTracebacks(folder: string): Tracebacks {
  const scripts = new Map<string, KnownScript>();
  /** The latest text under each label that a frame may name. */
  const sources = new Map<string, string>();
  const scriptPattern = /\[[^[\]]*, script \d+\]\.mjs/;

  /** A stack line with its place in the cell instead of in the script; null where it is the kernel's or Node's. */
  function rewriteFrame(line: string): string | null {
    if (line.includes(kernelFolder) || /[( ]node:(vm|internal|async_hooks)\b/.test(line)) return null;
    const match = scriptPattern.exec(line);
    const script = match && scripts.get(match[0]);
    if (!match || !script) return line;
    const at = /^:(\d+):(\d+)/.exec(line.slice(match.index + match[0].length));
    const place = at && sourcePosition(script.code.map, { line: Number(at[1]) - 1, column: Number(at[2]) - 1 });
    if (!place) return null;
    const position = `${script.label}:${place.line + 1}:${place.column + 1}`;
    const name = /^\s+at (?:async )?(.+?) \(/.exec(line)?.[1]?.replace(/^Object\.|\s*\[as .*?\]/g, "");
    return `    at ${name === undefined || name === "<anonymous>" ? position : `${name} (${position})`}`;
  }

  const rewriteFrames = (lines: readonly string[]): string[] =>
    untilKernel(lines).flatMap((line) => rewriteFrame(line) ?? []);

  /** The place that a rewritten frame names. */
  function placeOf(frame: string): { source: string; position: Position } | null {
    const match = /(?:at |\()([^():]+):(\d+):(\d+)\)?$/.exec(frame);
    const source = match && sources.get(match[1]);
    return source ? { source, position: { line: Number(match[2]) - 1, column: Number(match[3]) - 1 } } : null;
  }

  Error.prepareStackTrace = (error, sites) =>
    [headOf(error), ...rewriteFrames(sites.map((site) => `    at ${String(site as { toString(): string })}`))].join(
      "\n",
    );

  function describe(error: unknown): ErrorContent {
    if (!isErrorLike(error)) {
      const text = typeof error === "string" ? error : inspect(error);
      return { ename: "Error", evalue: text, traceback: [`\u001b[31mthrown\u001b[39m: ${text}`] };
    }
    const ename = String(error.name || "Error");
    const evalue = String(error.message);
    const lines = String(error.stack ?? "").split("\n");
    const first = lines.findIndex((line) => /^\s+at /.test(line));
    const frames = first < 0 ? [] : rewriteFrames(lines.slice(first));
    const own = frames.map(placeOf).find((place) => place !== null);
    return {
      ename,
      evalue,
      traceback: [
        `\u001b[31m${ename}\u001b[39m: ${evalue}`,
        ...(own ? [sourceExcerpt(own.source, own.position)] : []),
        ...(frames.length > 0 ? [frames.join("\n")] : []),
        ...(isAggregate(error) ? error.errors.flatMap((each) => describe(each).traceback) : []),
        ...(error.cause === undefined ? [] : ["Caused by:", ...describe(error.cause).traceback]),
      ],
    };
  }

  return {
    register(code, label, inFolder = folder) {
      const name = `[${label}, script ${scripts.size + 1}].mjs`;
      scripts.set(name, { code, label });
      sources.set(label, code.source);
      // The folder makes Node look up what the script imports from there.
      return join(inFolder, name);
    },
    describe,
  };
}

/** What is below the kernel's own frames has called the kernel, and says nothing about the cell. */
function untilKernel(lines: readonly string[]): readonly string[] {
  const own = lines.findIndex((line) => line.includes(kernelFolder));
  return own > 0 ? lines.slice(0, own) : lines;
}

/** As V8 writes it, also of what is no Error: `console.trace` and `Error.captureStackTrace` give plain objects. */
function headOf(error: unknown): string {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    return "Error";
  }
}

function isErrorLike(value: unknown): value is Error {
  return (
    value instanceof Error ||
    (typeof value === "object" && value !== null && "stack" in value && "message" in value && "name" in value)
  );
}

const isAggregate = (error: Error): error is AggregateError =>
  error instanceof AggregateError || Array.isArray((error as Partial<AggregateError>).errors);
