/** What a notebook kernel for TypeScript may be asked for, and how an answer of one is read. */
import type { Outcome, Probe } from "./probe.js";

export interface Feature {
  readonly group: string;
  readonly name: string;
  /** The test of this repository that holds our kernel to it: file below test/, and a title or a case in it. */
  readonly test: readonly [file: string, title: string];
  /** True where the kernel does it. What throws or does not answer is a no. */
  readonly probe: (kernel: Probe) => Promise<boolean>;
  /** Files in the notebook's folder. */
  readonly files?: Record<string, string>;
}

/** What it printed and gave, without colours. */
export const text = ({ printed, data }: Outcome): string =>
  (printed + (data["text/plain"] ?? "")).replace(/\u001b\[[\d;]*m/g, "");
export const ok = (outcome: Outcome): boolean => outcome.reply["status"] === "ok" && outcome.error === undefined;
export const types = ({ messages }: Outcome): string[] => messages.map(({ header }) => header.msg_type);
export const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Whether the cell runs without an error and what it prints or gives is matched. */
export const gives = (code: string, match: RegExp) => async (kernel: Probe) => {
  const outcome = await kernel.run(code);
  return ok(outcome) && match.test(text(outcome));
};
