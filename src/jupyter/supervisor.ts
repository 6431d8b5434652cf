/**
 * Starts the process that runs the cells, talks to it, stops what it does, and notices when it ends. One supervisor
 * outlives many such processes.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { fds, type FencedEvent, type Request, type UrgentRequest } from "./child-protocol.js";
import { createFrameReader, encodeFrame } from "./frames.js";
import { createOutputMerger, type OrderedOutput } from "./merge-streams.js";

export interface SupervisorOptions extends OrderedOutput {
  folder: string;
  packageFolder: string;
  /** A process that was ready ended without being asked to. Reads "was killed by SIGSEGV", "exited with code 3". */
  onDeath: (reason: string) => void;
}

export interface Supervisor {
  /** Resolves when a process is ready for cells. */
  start(): Promise<void>;
  send(request: Request, buffers?: readonly Uint8Array[]): void;
  /** Gives a line to a cell that asked for input. */
  input(value: string): void;
  /** Stops what the process does, its variables intact; a second time, where that does not help, the process. */
  interrupt(): void;
  /** Ends the process, whatever it is doing. */
  stop(): Promise<void>;
}

/** An interrupt that is not obeyed for this long also goes to child processes, in milliseconds. */
const interruptPatience = 1000;
/** One that is not obeyed for this long is followed by force when it is repeated. */
const interruptDespair = 3000;
/** After its end, what a process has printed is waited for this long: another may hold its pipes open. */
const drainPatience = 500;

interface Running {
  child: ChildProcess;
  ready: boolean;
  /** Was asked to end, or is ended by us for this reason. */
  ending: boolean;
  endedBecause: string | null;
  /** When an interrupt was asked for that is not obeyed yet. */
  interruptedAt: number | null;
}

export function createSupervisor(options: SupervisorOptions): Supervisor {
  let current: Running | null = null;

  function start(): Promise<void> {
    const token = randomBytes(16).toString("hex");
    const child = spawn(process.execPath, [...nodeFlags, join(__dirname, "child", "main.js")], {
      cwd: options.folder,
      stdio: ["ignore", "pipe", "pipe", "pipe", "pipe", "pipe"],
      windowsHide: true,
      // A process group of its own, so that an interrupt can reach what a cell blocks on, and the end can end it.
      detached: process.platform !== "win32",
    });
    const running: Running = { child, ready: false, ending: false, endedBecause: null, interruptedAt: null };
    current = running;
    return new Promise((resolve, reject) => {
      const merger = createOutputMerger(token, {
        onText: options.onText,
        onEvent(event, buffers) {
          if (event.type !== "ready") return options.onEvent(event, buffers);
          running.ready = true;
          resolve();
        },
      });
      child.stdout!.on("data", (bytes: Buffer) => merger.push("stdout", bytes));
      child.stderr!.on("data", (bytes: Buffer) => merger.push("stderr", bytes));
      pipe(child, fds.events).on(
        "data",
        createFrameReader<FencedEvent>((event, buffers) => merger.event(event, buffers)),
      );
      pipe(child, fds.urgent).on(
        "data",
        createFrameReader<{ type: "obeyed" }>(() => (running.interruptedAt = null)),
      );
      // Writing to a process that has just died is no error of ours: its end is reported by its exit.
      for (const fd of [fds.requests, fds.events, fds.urgent]) pipe(child, fd).on("error", () => undefined);
      child.once("error", reject);
      child.once("exit", (code, signal) => {
        const reason = running.endedBecause ?? (signal ? `was killed by ${signal}` : `exited with code ${code}`);
        const timer = setTimeout(() => finish(reason), drainPatience);
        child.once("close", () => {
          clearTimeout(timer);
          finish(reason);
        });
      });
      let finished = false;
      function finish(reason: string): void {
        if (finished) return;
        finished = true;
        merger.end();
        signalGroup(child, "SIGKILL");
        if (current === running) current = null;
        reject(new Error(`kernel: the process that runs the cells ${reason} while it started`));
        if (running.ready && !running.ending) options.onDeath(reason);
      }
      const { folder, packageFolder } = options;
      write(child, fds.requests, { type: "start", token, folder, packageFolder } satisfies Request);
    });
  }

  return {
    start,

    send(request, buffers) {
      if (current) write(current.child, fds.requests, request, buffers);
    },

    input(value) {
      if (current) write(current.child, fds.urgent, { type: "input", value } satisfies UrgentRequest);
    },

    interrupt() {
      const running = current;
      if (!running) return;
      if (running.interruptedAt !== null && Date.now() - running.interruptedAt > interruptDespair) {
        running.endedBecause = "did not obey an interrupt and was ended";
        running.child.kill("SIGKILL");
        return;
      }
      const interruptedAt = (running.interruptedAt ??= Date.now());
      write(running.child, fds.urgent, { type: "interrupt" } satisfies UrgentRequest);
      setTimeout(() => {
        // Not where this one was obeyed and another has been asked for since.
        if (running.interruptedAt === interruptedAt) signalGroup(running.child, "SIGINT");
      }, interruptPatience).unref();
    },

    async stop() {
      if (!current) return;
      const { child } = current;
      current.ending = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once("exit", resolve));
      signalGroup(child, "SIGKILL");
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** One of the pipes beyond the usual three; Node's types know of five descriptors in all. */
const pipe = (child: ChildProcess, fd: number): Duplex => (child.stdio as unknown as Duplex[])[fd];

function write(child: ChildProcess, fd: number, message: object, buffers: readonly Uint8Array[] = []): void {
  pipe(child, fd).write(encodeFrame(message, buffers));
}

/** To the process and all that it has started, where the system has process groups. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (process.platform === "win32" || child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is empty: nothing is left to tell.
  }
}

// An interrupted timer callback would otherwise abort the process (Node checks its own bookkeeping of callbacks).
const nodeFlags = ["--no-force-async-hooks-checks"];
