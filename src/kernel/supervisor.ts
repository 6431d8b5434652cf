/**
 * Starts the process that runs the cells, talks to it, and notices when it ends. One supervisor outlives many such
 * processes.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { fds, type Event, type FencedEvent, type Request, type UrgentRequest } from "./child-protocol.js";
import { createFrameReader, encodeFrame } from "./frames.js";
import { createOutputMerger, type OrderedOutput } from "./outputs.js";

export interface SupervisorOptions extends OrderedOutput {
  folder: string;
  packageFolder: string;
  /** The process ended without being asked to. `reason` reads "was killed by SIGSEGV", "exited with code 3". */
  onDeath: (reason: string) => void;
}

export interface Supervisor {
  /** Resolves when a process is ready for cells. */
  start(): Promise<void>;
  send(request: Request, buffers?: readonly Uint8Array[]): void;
  urgent(request: UrgentRequest): void;
  /** Ends the process, whatever it is doing. */
  stop(): Promise<void>;
}

export function createSupervisor({ folder, packageFolder, onDeath, onText, onEvent }: SupervisorOptions): Supervisor {
  let child: ChildProcess | null = null;
  let stopping = false;

  function start(): Promise<void> {
    const token = randomBytes(16).toString("hex");
    const process_ = spawn(process.execPath, [...nodeFlags, join(__dirname, "child", "main.js")], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe", "pipe", "pipe", "pipe"],
      windowsHide: true,
    });
    child = process_;
    stopping = false;
    return new Promise((resolve, reject) => {
      const merger = createOutputMerger(token, {
        onText,
        onEvent(event: Event, buffers) {
          if (event.type === "ready") resolve();
          else onEvent(event, buffers);
        },
      });
      process_.stdout!.on("data", (bytes: Buffer) => merger.push("stdout", bytes));
      process_.stderr!.on("data", (bytes: Buffer) => merger.push("stderr", bytes));
      pipe(process_, fds.events).on(
        "data",
        createFrameReader<FencedEvent>((event, buffers) => merger.event(event, buffers)),
      );
      for (const fd of [fds.requests, fds.events, fds.urgent]) {
        // Writing to a process that has just died is no error of ours: its end is reported by `close`.
        pipe(process_, fd).on("error", () => undefined);
      }
      process_.once("error", reject);
      process_.once("exit", (code, signal) => {
        const reason = signal === null ? `exited with code ${code}` : `was killed by ${signal}`;
        // A child process of a cell may hold the pipes open long after: what it still prints is not waited for.
        const wait = setTimeout(() => finish(reason), 500);
        process_.once("close", () => {
          clearTimeout(wait);
          finish(reason);
        });
      });
      let finished = false;
      function finish(reason: string): void {
        if (finished) return;
        finished = true;
        merger.end();
        if (child === process_) child = null;
        reject(new Error(`kernel: the process that runs the cells ${reason} while it started`));
        if (!stopping) onDeath(reason);
      }
      write(process_, fds.requests, { type: "start", token, folder, packageFolder } satisfies Request);
    });
  }

  function write(to: ChildProcess, fd: number, message: object, buffers: readonly Uint8Array[] = []): void {
    pipe(to, fd).write(encodeFrame(message, buffers));
  }

  return {
    start,
    send(request, buffers) {
      if (child) write(child, fds.requests, request, buffers);
    },
    urgent(request) {
      if (child) write(child, fds.urgent, request);
    },
    async stop() {
      const process_ = child;
      if (!process_ || process_.exitCode !== null || process_.signalCode !== null) return;
      stopping = true;
      const ended = new Promise((resolve) => process_.once("exit", resolve));
      process_.kill("SIGKILL");
      await ended;
      if (child === process_) child = null;
    },
  };
}

/** One of the pipes beyond the usual three; Node's types know of five descriptors in all. */
const pipe = (child: ChildProcess, fd: number): Duplex => (child.stdio as unknown as Duplex[])[fd];

// An interrupted timer callback would otherwise abort the process (Node checks its own bookkeeping of callbacks).
const nodeFlags = ["--no-force-async-hooks-checks"];
