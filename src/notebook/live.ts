/**
 * What code in a cell may do with the notebook that it runs in: show and change displays, ask, and talk to the front
 * end. Published as `axial.notebook`; outside our kernel (a script, a test, another kernel) every call does nothing, so
 * that the same code runs anywhere.
 */
import { ConfigError } from "../core/errors.js";
import { kernelHost, type Comm, type CommMessage, type MimeBundle } from "../core/kernel-host.js";
import { assertKnownKeys, type KeysOf } from "../core/options.js";

/** How a value is displayed. */
export interface DisplayArgs {
  /** Names the display, so that another cell can change it. Default: a name of its own. */
  id?: string;
  /** By MIME type, as notebooks keep it: `{ "image/png": { width: 320 } }`. Default: none. */
  metadata?: Record<string, unknown>;
}

/** What stands below a cell, and can be changed there. */
export interface Display {
  readonly id: string;
  /** Shows this in its place, wherever it is shown. */
  update(bundle: MimeBundle, options?: Pick<DisplayArgs, "metadata">): void;
}

/** Whether the code runs in our kernel, where the calls below have an effect. */
export const isLive = (): boolean => kernelHost() !== null;

/**
 * Shows something below the running cell: the same thing in several MIME types, of which the reader takes the richest
 * that it can show. Bytes may be given as they are (`Uint8Array`).
 *
 *     const shown = axial.notebook.display({ "text/markdown": "**0** of 3", "text/plain": "0 of 3" });
 *     shown.update({ "text/markdown": "**1** of 3", "text/plain": "1 of 3" });
 *
 * @throws ConfigError where a key is no MIME type or there is none, and for an option that there is not
 */
export function display(bundle: MimeBundle, options: DisplayArgs = {}): Display {
  assertKnownKeys("notebook.display", options, { id: true, metadata: true });
  const { id = crypto.randomUUID(), metadata = {} } = options;
  assertBundle("notebook.display", bundle);
  kernelHost()?.display(bundle, { metadata, displayId: id });
  return displayOf(id);
}

/**
 * The display of this name, to be changed from any cell.
 *
 * @throws ConfigError from its `update`, where a key is no MIME type or there is none
 */
export function displayOf(id: string): Display {
  return {
    id,
    update(bundle, { metadata = {} } = {}) {
      assertBundle("notebook.display", bundle);
      kernelHost()?.display(bundle, { metadata, displayId: id, update: true });
    },
  };
}

/**
 * Takes away what the running cell has shown so far. `wait`: only when it shows something again. Default: at once.
 *
 * @throws ConfigError for an option that there is not
 */
export function clearOutput(options: { wait?: boolean } = {}): void {
  assertKnownKeys("notebook.clearOutput", options, { wait: true });
  const { wait = false } = options;
  kernelHost()?.clearOutput({ wait });
}

/**
 * Asks the reader for a line and waits for it. Null where nobody can answer.
 *
 * @throws InputNotAllowed where the front end takes no input (`notebook run`)
 */
export function prompt(message = "", options: { password?: boolean } = {}): string | null {
  return kernelHost()?.prompt(message, options) ?? null;
}

/** What the opening of a comm carries beside its data. */
export interface CommArgs {
  /** Default: an id of its own. */
  id?: string;
  /** Of the message. Default: none. */
  metadata?: Record<string, unknown>;
  /** Bytes that go with it. Default: none. */
  buffers?: Uint8Array[];
}

const commKeys: KeysOf<CommArgs> = { id: true, metadata: true, buffers: true };

/**
 * Opens a two-way channel to what the front end has registered under `targetName` (Jupyter messaging specification 5.4,
 * "Custom messages"). Outside our kernel it takes messages and brings none.
 *
 * @param data what the opening carries; default: nothing
 * @throws ConfigError for an option that there is not
 */
export function openComm(targetName: string, data: Record<string, unknown> = {}, options: CommArgs = {}): Comm {
  assertKnownKeys("notebook.openComm", options, commKeys);
  return kernelHost()?.openComm(targetName, data, options) ?? silentComm(targetName, options.id);
}

/** Calls back with each channel that the front end opens to this target; of two listeners for one the later counts. */
export function onCommOpen(targetName: string, listener: (comm: Comm, message: CommMessage) => void): void {
  kernelHost()?.onCommOpen(targetName, listener);
}

const silentComm = (targetName: string, id: string = crypto.randomUUID()): Comm => ({
  id,
  targetName,
  send: () => undefined,
  onMessage: () => undefined,
  onClose: () => undefined,
  close: () => undefined,
});

function assertBundle(where: string, bundle: MimeBundle): void {
  const types = Object.keys(bundle);
  const wrong = types.find((type) => !/^[\w.+-]+\/[\w.+-]+$/.test(type));
  if (types.length > 0 && wrong === undefined) return;
  throw new ConfigError(
    `${where}: the keys of a bundle must be MIME types, got ${wrong ?? "none"}; use { "text/plain": … }`,
  );
}
