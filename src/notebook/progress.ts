/** A progress bar below a cell. */
import { ConfigError } from "../core/errors.js";
import type { MimeBundle } from "../core/kernel-host.js";
import { display } from "./live.js";
import { assertKnownKeys } from "../core/options.js";

/** How a progress bar is drawn. */
export interface ProgressArgs {
  /** What is done, before the bar. Default: nothing. */
  label?: string;
}

/** A progress bar below the running cell. */
export interface Progress {
  /** So much is done, 0 to the total; `note` stands behind the bar. */
  update(done: number, note?: string): void;
}

/** Between two changes, in milliseconds: more nobody sees. The first and the last are always shown. */
const pause = 100;

/**
 * Shows a bar that grows to `total`. Where nothing can be shown it does nothing; what it shows depends on how much is
 * done alone, so that a notebook that is run again is the same.
 *
 *     const bar = axial.notebook.progress(epochs, { label: "training" });
 *     for (let epoch = 1; epoch <= epochs; epoch++) bar.update(epoch, `loss ${loss}`);
 *
 * @throws ConfigError where `total` is no number above 0, and for an option that there is not
 */
export function progress(total: number, options: ProgressArgs = {}): Progress {
  assertKnownKeys("notebook.progress", options, { label: true });
  const { label = "" } = options;
  if (!(total > 0 && Number.isFinite(total)))
    throw new ConfigError(`notebook.progress: the total must be a number above 0, got ${total}; give what 100 % is`);
  const shown = display(barBundle(0, total, label, ""));
  let shownAt = 0;
  return {
    update(done, note = "") {
      const now = Date.now();
      if (done < total && now - shownAt < pause) return;
      shownAt = now;
      shown.update(barBundle(Math.max(0, Math.min(done, total)), total, label, note));
    },
  };
}

const columns = 30;

function barBundle(done: number, total: number, label: string, note: string): MimeBundle {
  const count = `${done} of ${total}`;
  const filled = Math.round((columns * done) / total);
  const bar = `[${"=".repeat(filled)}${" ".repeat(columns - filled)}]`;
  const parts = (middle: string) => [label, middle, count, note].filter((part) => part !== "");
  const name = label === "" ? "progress" : label;
  const element = `<progress max="${total}" value="${done}" aria-label="${escapeHtml(name)}"></progress>`;
  return {
    "text/plain": parts(bar).join(" "),
    "text/html": parts("\0")
      .map((part) => (part === "\0" ? element : escapeHtml(part)))
      .join(" "),
  };
}

const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`);
