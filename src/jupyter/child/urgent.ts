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

/** To the main thread. `alive` asks for a sign of life. */
export interface WakeUp {
  type: "interrupt" | "input" | "alive";
}

const { state, port, inputPort } = workerData as UrgentData;

/** The main thread has this long to obey by itself before it is stopped, in milliseconds. */
const patience = 100;
/** And this long between two attempts. */
const pause = 10;
/** A protected section has this long to end. */
const protectedPatience = 3000;

/** The main thread is asked for a sign of life so often after an interrupt, then more and more seldom. */
const watchPause = { shortest: 100, longest: 1600 };

const pipe = new Socket({ fd: fds.urgent, readable: true, writable: true });
/** Whether the interrupt that is being seen to has been obeyed; null between interrupts. */
let isUnderWay: (() => boolean) | null = null;
let isNextDue = false;
let isWatching = false;

const wake = (type: WakeUp["type"]): void => port.postMessage({ type } satisfies WakeUp);

async function interrupt(): Promise<void> {
  if (isUnderWay) {
    // Repeated, or meant for the next cell already.
    isNextDue ||= isUnderWay();
    return;
  }
  const before = Atomics.load(state, word.obeyed);
  const isObeyed = () => Atomics.load(state, word.obeyed) !== before;
  isUnderWay = isObeyed;
  Atomics.store(state, word.requested, 1);
  if (Atomics.compareExchange(state, word.input, inputState.waiting, inputState.interrupted) === inputState.waiting) {
    Atomics.notify(state, word.input);
  }
  const startedAt = Date.now();
  for (let attempt = 0; ; attempt++) {
    wake("interrupt");
    if (await within(attempt === 0 ? patience : pause, isObeyed)) break;
    const force = Date.now() - startedAt > protectedPatience;
    await askToStop(force, isObeyed);
  }
  isUnderWay = null;
  pipe.write(encodeFrame({ type: "obeyed" }));
  if (isNextDue) {
    isNextDue = false;
    return interrupt();
  }
  if (!isWatching) void watch();
}

/**
 * A cell that was interrupted while it awaited something goes on when that comes, perhaps with a loop without end. So
 * from the first interrupt on the main thread is asked for signs of life, and where it gives none, it is stopped if it
 * is at work for a cell that was interrupted.
 */
async function watch(): Promise<void> {
  isWatching = true;
  let asked = Atomics.load(state, word.alive);
  const isAlive = () => Atomics.load(state, word.alive) === asked;
  for (let pause = watchPause.shortest; ; pause = Math.min(2 * pause, watchPause.longest)) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    if (isUnderWay) pause = watchPause.shortest;
    if (isAlive()) {
      asked++;
      wake("alive");
    }
    const isOver = () => isAlive() || isUnderWay !== null;
    if (await within(patience, isOver)) continue;
    await askToStop(false, isOver);
  }
}

/**
 * What the main thread was asked and has not answered yet. It answers when it next runs JavaScript, not while it is in
 * a native call. A second question would be answered at the same moment, and end there instead of the code that the
 * first has stopped: so there is one at a time, whoever asks.
 */
let question: Promise<void> | null = null;

async function askToStop(force: boolean, isOver: () => boolean): Promise<void> {
  question ??= ask(force).finally(() => (question = null));
  let answered = false;
  void question.then(() => (answered = true));
  while (!(await within(patience, () => answered || isOver())));
}

function ask(force: boolean): Promise<void> {
  const session = new Session();
  session.connectToMainThread();
  const expression = `globalThis[Symbol.for(${JSON.stringify(stopKey)})](${force})`;
  return new Promise((resolve) => {
    session.post("Runtime.evaluate", { expression, returnByValue: true }, () => {
      session.disconnect();
      resolve();
    });
  });
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
    } else wake("input");
  }),
);
// The supervisor is gone, and the main thread may be in an endless loop.
pipe.on("close", () => process.kill(process.pid, "SIGKILL"));
