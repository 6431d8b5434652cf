/** The parts of an open notebook, as its commands know them. */
import type { EditedNotebook } from "../../../src/notebook/editing/document.js";
import type { Notices } from "../page/notices.js";
import type { Saver } from "../saving/saver.js";
import type { Executions } from "./executions.js";
import type { FindBar } from "./find-bar.js";
import type { KernelSession } from "./kernel-session.js";
import type { NotebookView } from "./view.js";

export interface NotebookContext {
  readonly path: string;
  readonly notebook: EditedNotebook;
  readonly view: NotebookView;
  readonly session: KernelSession;
  readonly executions: Executions;
  readonly saver: Saver;
  readonly find: FindBar;
  readonly notices: Notices;
}
