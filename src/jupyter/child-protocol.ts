/**
 * What the supervisor and the process that runs the cells say to each other.
 *
 * File descriptors of that process: 1 and 2 carry its output, raw, with markers in it (see `markers.ts`); 3 brings
 * requests to its main thread; 4 takes its events away, written synchronously so that they leave while it computes;
 * 5 brings what must arrive while the main thread is busy (interrupts, typed input) to a thread of its own.
 */
import type { MimeBundle } from "../core/kernel-host.js";
import type { PositionMap } from "./position-map.js";

export const fds = { stdout: 1, stderr: 2, requests: 3, events: 4, urgent: 5 } as const;

/** Cells are numbered by the supervisor; 0 is what belongs to no cell. */
export type CellId = number;

export interface ErrorContent {
  ename: string;
  evalue: string;
  traceback: string[];
}

/** A cell as JavaScript, ready to run. */
export interface CompiledCell {
  /** A script whose value is a function of one argument, the cell's interface (`CellInterface`). */
  javascript: string;
  /** The cell's TypeScript, for the lines of tracebacks. */
  source: string;
  /** Positions in `javascript` to positions in `source`; see `position-map.ts`. */
  map: PositionMap;
}

/** A TypeScript file beside the notebook, in the System module format. */
export interface LocalModule {
  code: CompiledCell;
  /** Its name and folder. */
  name: string;
  folder: string;
  /** Those of its imports that are such files too: names to paths. */
  imports: Record<string, string>;
}

export interface LocalModules {
  /** Imports of the cell: names to paths. */
  imports: Record<string, string>;
  /** By path: what the cell imports, and all that follows from that. */
  modules: Record<string, LocalModule>;
}

export type Request =
  | { type: "start"; token: string; folder: string; packageFolder: string }
  | {
      type: "execute";
      cell: CellId;
      count: number;
      code: CompiledCell;
      localModules: LocalModules;
      silent: boolean;
      allowStdin: boolean;
      /** Compiled expressions by the name that the client gave them. */
      userExpressions: Record<string, CompiledCell | ErrorContent>;
    }
  | {
      type: "comm";
      cell: CellId;
      action: "open" | "message" | "close";
      id: string;
      targetName: string;
      data: Record<string, unknown>;
      metadata: Record<string, unknown>;
    }
  | { type: "exit" };

/** To the thread that listens beside the main thread. */
export type UrgentRequest = { type: "interrupt" } | { type: "input"; value: string };

export type ExpressionResult =
  { status: "ok"; data: MimeBundle; metadata: Record<string, unknown> } | ({ status: "error" } & ErrorContent);

export type Event = { cell: CellId } & (
  | { type: "ready" }
  | {
      type: "display";
      data: MimeBundle;
      metadata: Record<string, unknown>;
      displayId?: string | undefined;
      update: boolean;
    }
  | { type: "result"; count: number; data: MimeBundle; metadata: Record<string, unknown> }
  | { type: "clear"; wait: boolean }
  | { type: "error"; error: ErrorContent }
  | { type: "input"; prompt: string; password: boolean }
  | {
      type: "comm";
      action: "open" | "message" | "close";
      id: string;
      targetName: string;
      data: Record<string, unknown>;
      metadata: Record<string, unknown>;
    }
  | { type: "comm-handled" }
  | {
      type: "done";
      error: ErrorContent | null;
      userExpressions: Record<string, ExpressionResult>;
      payload: Record<string, unknown>[];
    }
);

/** An event and the number of the fence that it stands behind on fds 1 and 2 (0: none). */
export type FencedEvent = Event & { fence: number; channels: number };
