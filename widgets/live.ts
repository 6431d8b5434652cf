/**
 * A figure that is redrawn in place while something runs: one display, updated under its id.
 */
import { randomUUID } from "node:crypto";
import type { MimeBundle } from "../src/core/kernel-host.js";
import type { Figure } from "./figure.js";
import { findDisplay, type Display } from "./show.js";
import { assertKnownKeys, type KeysOf } from "../src/core/options.js";

/** How often a live figure is redrawn, and where. */
export interface LiveOptions {
  /** Shortest time between two frames, in milliseconds; frames that come sooner replace each other. Default 1000. */
  interval?: number;
  /** Where to show. Default: the kernel that this runs in; in a plain script nothing is shown. */
  display?: Display | null;
  /** The clock, in milliseconds. Default `Date.now`. */
  now?: () => number;
}

export const liveKeys: KeysOf<LiveOptions> = { interval: true, display: true, now: true };

/** A figure that is redrawn while something goes on. */
export interface LiveFigure {
  /**
   * Shows the next frame, at once or when its time has come. Takes a function, so that frames nobody sees are never
   * made. Frames carry the specification only; nothing here waits, so that it may be called from a training loop.
   */
  update(draw: () => Figure): void;
  /** Shows the last frame with its static pictures, which is what a saved notebook keeps. */
  end(): Promise<void>;
}

/**
 * A figure below the running cell that is redrawn while something goes on.
 *
 * @throws ConfigError for an option that there is not
 */
export function liveFigure(options: LiveOptions = {}): LiveFigure {
  assertKnownKeys("liveFigure", options, liveKeys);
  const { interval = 1000, now = Date.now } = options;
  const display = options.display === undefined ? findDisplay() : options.display;
  const displayId = `axial-${randomUUID()}`;
  let latest: (() => Figure) | null = null;
  let shownAt = -Infinity;
  let shown = false;

  const send = (bundle: MimeBundle): void => {
    display?.(bundle, { displayId, update: shown });
    shown = true;
    shownAt = now();
  };

  return {
    update(draw) {
      latest = draw;
      if (!display || now() - shownAt < interval) return;
      const figure = draw();
      send({ ...figure.live, "text/plain": figure.title });
    },
    async end() {
      if (!display || !latest) return;
      send(await latest().bundle());
      latest = null;
    },
  };
}
