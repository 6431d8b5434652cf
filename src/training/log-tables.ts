/**
 * The log of a run as tables that other programs read, `steps.csv` and `epochs.csv`: one row an event, columns named as in
 * `log.jsonl`, measures with a dot (`validation.top1`).
 */
import type { CsvField } from "../core/csv.js";
import type { EpochDone, RunEvent, StepDone } from "./events.js";
import type { Measures } from "./task.js";

type Row = Readonly<Record<string, CsvField>>;

/** The table that an event belongs to and its row; null for events of none. */
export function tableRow(event: RunEvent): { table: "steps" | "epochs"; row: Row } | null {
  switch (event.event) {
    case "step":
      return { table: "steps", row: stepRow(event) };
    case "epoch":
      return { table: "epochs", row: epochRow(event) };
    default:
      return null;
  }
}

function stepRow({ step, epoch, loss, learningRate, imagesPerSecond, waited, ...rest }: StepDone) {
  const { gradientNorm, exchanging, overlapped } = rest;
  return { step, epoch, loss, learningRate, imagesPerSecond, waited, gradientNorm, exchanging, overlapped };
}

function epochRow({ training, validation, ...rest }: EpochDone): Row {
  const named = (split: string, measures: Measures) =>
    Object.fromEntries(Object.entries(measures).map(([name, value]) => [`${split}.${name}`, value]));
  return without("event", { ...rest, ...named("training", training), ...named("validation", validation) });
}

const without = (key: string, row: Row): Row =>
  Object.fromEntries(Object.entries(row).filter(([name]) => name !== key));
