/** Shows downloads, unpacking and decoding: one line that lives on a terminal, else a line for each piece of work. */
import type { Progress } from "../data/index.js";

/** Where lines go. */
export interface Screen {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const titles: Readonly<Record<Progress["task"], string>> = {
  download: "downloading",
  verify: "verifying",
  unpack: "unpacking",
  decode: "decoding",
};

export interface DataProgress {
  readonly show: (progress: Progress) => void;
  /** Clears the living line. */
  readonly end: () => void;
}

/** `now` gives seconds. */
export function createDataProgress(screen: Screen, now = (): number => performance.now() / 1000): DataProgress {
  const clear = screen.isTTY ? "\r\u001b[2K" : "";
  let current = "";
  let shownAt = -Infinity;
  let first: { at: number; done: number } = { at: 0, done: 0 };

  return {
    show: ({ task, what, unit, done, total }) => {
      const title = `${titles[task]} ${what}`;
      const isNew = title !== current;
      if (isNew) {
        current = title;
        first = { at: now(), done };
        if (!screen.isTTY) screen.write(`${title}\n`);
      }
      const isDone = done === total;
      if (!screen.isTTY || (!isNew && !isDone && now() - shownAt < 0.1)) return;
      shownAt = now();
      const rate = (done - first.done) / (now() - first.at);
      const parts = [`${title}  ${amount(done, unit)}${total === null ? "" : ` of ${amount(total, unit)}`}`];
      if (total !== null) parts.push(`${Math.floor((100 * done) / total)} %`);
      if (rate > 0 && Number.isFinite(rate)) parts.push(`${amount(rate, unit)}/s`);
      if (rate > 0 && total !== null && !isDone) parts.push(`${Math.ceil((total - done) / rate)} s left`);
      screen.write(clear + parts.join("  ").slice(0, (screen.columns || 80) - 1));
    },
    end: () => {
      screen.write(clear);
      current = "";
    },
  };
}

/** 12.3 MB, 1,234 images. */
export function amount(count: number, unit: Progress["unit"]): string {
  if (unit === "images") return `${Math.round(count).toLocaleString("en")} images`;
  return count < 1e9 ? `${(count / 1e6).toFixed(1)} MB` : `${(count / 1e9).toFixed(2)} GB`;
}
