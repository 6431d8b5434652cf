/**
 * The thread beside the main thread. It listens on the descriptor for urgent requests, so that an interrupt gets
 * through while a cell computes, and typed input reaches a cell that is blocked in `prompt()`.
 *
 * An interrupt first asks: the main thread obeys by itself where it is free (it waits for a timer, a promise, data).
 * Where it does not answer, the inspector has it call a function in the middle of its work, which terminates its
 * JavaScript, however deep, unless it is in a section that must not be cut short; no `catch` sees that.
 */
import { Session } from "node:inspector";
import { Socket } from "node:net";
import { workerData, type MessagePort } from "node:worker_threads";
import { fds, type UrgentRequest } from "../child-protocol.js";
import { createFrameReader, encodeFrame } from "../frames.js";
import { inputState, stopKey, word } from "./interrupt-state.js";

export interface UrgentData {
  state: Int32Array;
  /** Wakes the main thread's event loop: the interrupt, and input for `process.stdin`. */
  port: MessagePort;
  /** Read by the main thread while it is blocked: input for `prompt()`. */
  inputPort: MessagePort;
}

const { state, port, inputPort } = workerData as UrgentData;

/** The main thread has this long to obey by itself before it is stopped, in milliseconds. */
const patience = 100;
/** And this long between two attempts. */
const pause = 10;
/** A protected section has this long to end. */
const protectedPatience = 5000;

const pipe = new Socket({ fd: fds.urgent, readable: true, writable: true });
let interrupting = false;

async function interrupt(): Promise<void> {
  if (interrupting) return;
  interrupting = true;
  const before = Atomics.load(state, word.obeyed);
  const isObeyed = () => Atomics.load(state, word.obeyed) !== before;
  Atomics.store(state, word.requested, 1);
  if (Atomics.compareExchange(state, word.input, inputState.waiting, inputState.interrupted) === inputState.waiting) {
    Atomics.notify(state, word.input);
  }
  const startedAt = Date.now();
  const session = new Session();
  session.connectToMainThread();
  for (let attempt = 0; ; attempt++) {
    port.postMessage({ type: "interrupt" });
    if (await within(attempt === 0 ? patience : pause, isObeyed)) break;
    const force = Date.now() - startedAt > protectedPatience;
    await askToStop(session, force, isObeyed);
  }
  session.disconnect();
  interrupting = false;
  pipe.write(encodeFrame({ type: "obeyed" }));
}

/** The main thread answers when it next runs JavaScript: not while it is in a native call. */
async function askToStop(session: Session, force: boolean, isObeyed: () => boolean): Promise<void> {
  let answered = false;
  const expression = `globalThis[Symbol.for(${JSON.stringify(stopKey)})](${force})`;
  session.post("Runtime.evaluate", { expression, returnByValue: true }, () => (answered = true));
  while (!answered && !isObeyed()) await within(patience, () => answered || isObeyed());
}

async function within(milliseconds: number, isDone: () => boolean): Promise<boolean> {
  for (const deadline = Date.now() + milliseconds; !isDone() && Date.now() < deadline;) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return isDone();
}

pipe.on(
  "data",
  createFrameReader<UrgentRequest>((request) => {
    if (request.type === "interrupt") return void interrupt();
    inputPort.postMessage(request.value);
    if (Atomics.compareExchange(state, word.input, inputState.waiting, inputState.given) === inputState.waiting) {
      Atomics.notify(state, word.input);
    } else port.postMessage({ type: "input" });
  }),
);
// The supervisor is gone, and the main thread may be in an endless loop.
pipe.on("close", () => process.kill(process.pid, "SIGKILL"));
