/** Logs of runs as the repository keeps them. */
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";

interface StartLine {
  readonly event?: string;
  readonly config?: { readonly notes?: { readonly from?: unknown } };
}

/** Copies a log; the data set that the run was given keeps its name, and loses the folder, which is one machine's own. */
export function copyLog(from: string, to: string): void {
  const lines = readFileSync(from, "utf8")
    .split("\n")
    .map((line) => {
      if (!line.startsWith('{"event":"start"')) return line;
      const start = JSON.parse(line) as StartLine;
      const path = start.config?.notes?.from;
      if (typeof path !== "string") return line;
      // Of either system's paths.
      const name = basename(path.replaceAll("\\", "/"));
      return JSON.stringify({ ...start, config: { ...start.config, notes: { ...start.config?.notes, from: name } } });
    });
  writeFileSync(to, lines.join("\n"));
}
