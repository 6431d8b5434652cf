/** Talks to a reference: a child process that answers one JSON line to each JSON line (`test/bench/reference.py` is one). */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { createInterface } from "node:readline";
import { ConfigError, UnsupportedError } from "../core/errors.js";
import type { Mode } from "./cases.js";

export interface ReferenceRequest {
  readonly case: string;
  readonly mode: Mode;
  readonly threads: number;
  readonly memory?: boolean;
  /** Ask for the compiled form of the case. */
  readonly compiled?: boolean;
}

/** What a reference says: a time, a peak of memory, or that it lacks the case. */
export interface ReferenceAnswer {
  readonly milliseconds?: number;
  readonly threads?: number;
  readonly peakBytes?: number;
  readonly growthBytes?: number;
  readonly absent?: string;
}

export interface Reference {
  /** Such as `PyTorch 2.15.0`. */
  readonly name: string;
  /** Whether it has a compiled form of its cases beside the eager one. */
  readonly compiles: boolean;
  ask(request: ReferenceRequest): Promise<ReferenceAnswer>;
  close(): void;
}

/**
 * Starts the reference of this command line, words separated by spaces; quotes keep words together.
 *
 * @throws ConfigError where the command is empty, UnsupportedError where it does not start or ends early.
 */
export async function startReference(commandLine: string): Promise<Reference> {
  const words = (commandLine.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^(["'])(.*)\1$/, "$2"));
  if (words.length === 0)
    throw new ConfigError("bench: --reference must be a command, got an empty text; name a program and its arguments");
  const child = spawn(words[0], words.slice(1), { stdio: ["pipe", "pipe", "pipe"] });
  const nextLine = lineReader(child, commandLine);
  const greeting = JSON.parse(await nextLine()) as { reference: string; version: string; compiles?: boolean };
  return {
    name: `${greeting.reference} ${greeting.version}`,
    compiles: greeting.compiles === true,
    ask: async (request) => {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return JSON.parse(await nextLine()) as ReferenceAnswer;
    },
    close: () => {
      child.stdin.end();
    },
  };
}

/** Gives the child's lines one by one, and its last words where it ends instead. */
function lineReader(child: ChildProcessWithoutNullStreams, commandLine: string): () => Promise<string> {
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let lastWords = "";
  let failure: Error | undefined;
  child.stderr.on("data", (chunk: Buffer) => (lastWords = (lastWords + chunk.toString()).slice(-2000)));
  child.on("error", (error) => (failure = error));
  child.stdin.on("error", (error) => (failure ??= error));
  return async () => {
    const next: IteratorResult<string, unknown> = await lines.next();
    if (next.done !== true) return next.value;
    const reason = failure?.message ?? lastWords.trim().split("\n").pop() ?? "";
    throw new UnsupportedError(
      `bench: the reference must answer a line to each request, got an end: ${reason}; command: ${commandLine}`,
    );
  };
}
