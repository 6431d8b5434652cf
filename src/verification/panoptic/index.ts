/** Verifies the panoptic cases: functions of plain arrays, parts of networks, and whole networks. */
import { readFile } from "node:fs/promises";
import { FileError } from "../../core/errors.js";
import type { Comparison } from "../compare.js";
import { losses } from "./losses.js";
import { merging, postProcessing, resizing, targets } from "./maps.js";
import { networks } from "./networks.js";
import { instancePrecision, meanIou, precision, quality } from "./metrics.js";
import { readStored, type StoredCase } from "./stored.js";

const ofTensors: readonly (readonly [prefix: string, verify: (stored: StoredCase) => Comparison[]])[] = [
  ["panoptic-targets", targets],
  ["panoptic-losses", losses],
  ["panoptic-post", postProcessing],
  ["panoptic-merge", merging],
  ["panoptic-resize", resizing],
  ["panoptic-metrics-instance-ap", instancePrecision],
  ["panoptic-aspp", networks],
  ["panoptic-decoder", networks],
  ["panoptic-head", networks],
  ["panoptic-net", networks],
];
const ofNumbers: readonly (readonly [prefix: string, verify: (file: unknown) => Comparison[]])[] = [
  ["panoptic-metrics-pq", quality],
  ["panoptic-metrics-ap", precision],
  ["panoptic-metrics-miou", meanIou],
];

/** What compares a case of panoptic functions, once it is read; null when it is no such case. */
export async function panopticTrial(path: string, name: string): Promise<(() => Comparison[]) | null> {
  if (path.endsWith(".json")) {
    const verify = ofNumbers.find(([prefix]) => name.startsWith(prefix))?.[1];
    if (verify === undefined)
      throw new FileError(`verify: a .json case must be one of metrics, got ${path}; give ${prefixes(ofNumbers)}`);
    const file = parse(await readFile(path, "utf8"), path);
    return () => verify(file);
  }
  const verify = ofTensors.find(([prefix]) => name.startsWith(prefix))?.[1];
  if (verify === undefined) return null;
  const stored = await readStored(path, name);
  return () => verify(stored);
}

const prefixes = (table: readonly (readonly [string, unknown])[]): string => table.map(([prefix]) => prefix).join(", ");

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new FileError(`verify: a case must be whole JSON, got ${path}; make the file again`);
  }
}
