/** The log of a run on disk: `log.jsonl`, one event a line, in order. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { writeFileAtomically } from "../core/atomic-file.js";
import { FileError } from "../core/errors.js";
import type { RunEvent } from "./events.js";

/** Reads a log. A last line that a sudden end cut short is left out; any other that is no event is a `FileError`. */
export function readRunLog(path: string): RunEvent[] {
  if (!existsSync(path)) throw new FileError(`run log: no file ${path}; give the log.jsonl of a run`);
  const lines = readFileSync(path, "utf8").split("\n");
  // What follows the last line's end is nothing, or a line without end.
  lines.pop();
  return lines.map((line, i) => {
    try {
      const event = JSON.parse(line) as Partial<RunEvent> | null;
      if (typeof event?.event === "string") return event as RunEvent;
    } catch {
      // Said below.
    }
    throw new FileError(
      `run log: ${path} must hold one event a line, got ${JSON.stringify(line.slice(0, 40))} in line ${i + 1}`,
    );
  });
}

/** Appends one event. Whole lines only, whatever happens to the process. */
export const appendToRunLog = (path: string, event: RunEvent): void =>
  appendFileSync(path, `${JSON.stringify(event)}\n`);

/** Replaces the whole log. */
export const writeRunLog = (path: string, events: readonly RunEvent[]): Promise<void> =>
  writeFileAtomically(path, [Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(""))]);

/** The events that a run resumed at this point keeps: what came later happens again. */
export function eventsBefore(
  events: readonly RunEvent[],
  { step, epoch }: { step: number; epoch: number },
): RunEvent[] {
  return events.filter((event) => {
    switch (event.event) {
      case "start":
        return (event.resumedFromStep ?? 0) <= step;
      case "step":
        return event.step <= step;
      case "epoch":
        return event.epoch < epoch;
      case "end":
        return false;
    }
  });
}
