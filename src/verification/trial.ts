/** Any reference case: one of a layer or network, or one of functions on plain arrays. */
import { basename } from "node:path";
import { readCase } from "./case.js";
import type { Comparison } from "./compare.js";
import { panopticTrial } from "./panoptic/index.js";
import { failure, judge, type CaseReport } from "./report.js";
import { verifyCase } from "./verify.js";

export interface Trial {
  readonly name: string;
  /** On the current engine; leaves no tensor behind. */
  verify(): Promise<CaseReport>;
}

/** Whether a file of a folder is a reference case, by its name. */
export const isCaseFile = (file: string): boolean =>
  file.endsWith(".safetensors") || /^panoptic-metrics-.*\.json$/.test(basename(file));

/** @throws FileError when the file is not a whole reference case. */
export async function readTrial(path: string): Promise<Trial> {
  const name = basename(path).replace(/\.(safetensors|json)$/, "");
  const compare = await panopticTrial(path, name);
  if (compare !== null) return { name, verify: () => Promise.resolve(judged(name, compare)) };
  const reference = await readCase(path);
  return { name, verify: () => verifyCase(reference) };
}

function judged(name: string, compare: () => Comparison[]): CaseReport {
  try {
    return judge(name, compare());
  } catch (error) {
    return failure(name, error);
  }
}
