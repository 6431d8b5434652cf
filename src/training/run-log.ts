/** The log of a run on disk: `log.jsonl`, one event a line, in order, and other formats of the same beside it. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomically } from "../core/atomic-file.js";
import { csvLine } from "../core/csv.js";
import { FileError } from "../core/errors.js";
import type { RunEvent } from "./events.js";
import { tableRow } from "./log-tables.js";
import { createEventRecorder } from "./tensorboard.js";

/** What is written beside `log.jsonl`: `steps.csv` and `epochs.csv`, or an event file for TensorBoard. */
export const logFormats = ["csv", "tensorboard"] as const;
/** One of `logFormats`. */
export type LogFormat = (typeof logFormats)[number];

export interface RunLog {
  /** Appends one event. Whole lines and records only, whatever happens to the process. */
  append(event: RunEvent): void;
}

/** What a format makes of events: what each appends to which file. Made anew for each log, it may count. */
type Formatter = (event: RunEvent) => readonly { file: string; data: string | Buffer }[];

const formatters: Record<LogFormat, () => Formatter> = {
  csv: () => {
    const columns: Record<string, readonly string[]> = {};
    return (event) => {
      const found = tableRow(event);
      if (found === null) return [];
      const { table, row } = found;
      const header = table in columns ? "" : csvLine((columns[table] = Object.keys(row)));
      return [{ file: `${table}.csv`, data: header + csvLine(columns[table].map((column) => row[column])) }];
    };
  },
  tensorboard: () => {
    const record = createEventRecorder();
    return (event) => [{ file: eventFile, data: record(event) }];
  },
};

/** The formats that a folder's files are of: what a resumed run goes on with where nothing else is said. */
export const formatsIn = (folder: string): LogFormat[] =>
  logFormats.filter((format) => existsSync(join(folder, format === "csv" ? "steps.csv" : eventFile)));

const eventFile = "events.out.tfevents.0.axial-lab";

const jsonl: Formatter = (event) => [{ file: "log.jsonl", data: `${JSON.stringify(event)}\n` }];

/** Opens the log in a folder: writes it anew with the events that a resumed run keeps, and goes on from there. */
export async function openRunLog(
  folder: string,
  kept: readonly RunEvent[],
  formats: readonly LogFormat[],
): Promise<RunLog> {
  const all = [jsonl, ...formats.map((format) => formatters[format]())];
  const made = (event: RunEvent) => all.flatMap((format) => format(event));
  const parts = new Map<string, Buffer[]>([["log.jsonl", []]]);
  for (const { file, data } of kept.flatMap(made)) {
    const part = typeof data === "string" ? Buffer.from(data) : data;
    const before = parts.get(file);
    if (before === undefined) parts.set(file, [part]);
    else before.push(part);
  }
  for (const [file, data] of parts) await writeFileAtomically(join(folder, file), data);
  return { append: (event) => made(event).forEach(({ file, data }) => appendFileSync(join(folder, file), data)) };
}

/**
 * Reads a log. A last line that a sudden end cut short is left out.
 *
 * @throws FileError where there is no such file, or a line of it is no event
 */
export function readRunLog(path: string): RunEvent[] {
  if (!existsSync(path))
    throw new FileError(`run log: the file must be there, got ${path}; give the log.jsonl of a run`);
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
      `run log: ${path} must hold one event a line, got ${JSON.stringify(line.slice(0, 40))} in line ${i + 1}; remove that line, or take the log of another run`,
    );
  });
}

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
