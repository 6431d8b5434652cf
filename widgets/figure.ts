/**
 * A figure: one MIME bundle, made when the figure is shown, that every reader of a notebook can show something of:
 * the specification's own type (live), `text/html`, `image/svg+xml` or `image/png` (GitHub, nbviewer), `text/plain`.
 */
import type { MimeBundle } from "../src/kernel/host.js";

export interface Figure {
  /** What is drawn, in one line; the `text/plain` form and the accessible name of the picture. */
  readonly title: string;
  /** The whole bundle, the static picture included. */
  bundle(): Promise<MimeBundle>;
}
