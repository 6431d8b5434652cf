/**
 * A websocket to a kernel that is opened again whenever it breaks, for as long as the page is open. What is sent while
 * there is none waits. The same session id on each connection lets the server send again what was missed.
 */
import { decodeFrame, encodeFrame, subprotocol } from "./frames.js";
import type { Message } from "./messages.js";

export type Connection = "connecting" | "connected" | "ended";

export interface KernelSocketArgs {
  readonly kernel: string;
  readonly session: string;
  /** The last message that was taken in over an earlier connection, for the server to go on behind it. */
  readonly lastMessage: string | null;
  onMessage(message: Message): void;
  onConnection(connection: Connection): void;
  /** Asked before a further try: false where the kernel is no more, and the socket ends. */
  exists(): Promise<boolean>;
}

export interface KernelSocket {
  send(message: Message): void;
  /** Tries at once, where it is between two tries. */
  retry(): void;
  close(): void;
}

/** Between two tries, in milliseconds: doubled from the first to the second of these. */
const [shortestPause, longestPause] = [250, 8000];

const addressOf = (kernel: string, session: string, lastMessage: string | null): string => {
  const url = new URL(`api/kernels/${kernel}/channels`, document.baseURI);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.searchParams.set("session_id", session);
  if (lastMessage !== null) url.searchParams.set("last_msg_id", lastMessage);
  return url.href;
};

export function openKernelSocket(args: KernelSocketArgs): KernelSocket {
  let socket: WebSocket | null = null;
  let waiting: Message[] = [];
  let pause = shortestPause;
  let timer = 0;
  let ended = false;
  let { lastMessage } = args;

  const end = (): void => {
    ended = true;
    clearTimeout(timer);
    args.onConnection("ended");
  };

  const open = (): void => {
    clearTimeout(timer);
    args.onConnection("connecting");
    const opened = new WebSocket(addressOf(args.kernel, args.session, lastMessage), subprotocol);
    opened.binaryType = "arraybuffer";
    socket = opened;
    opened.addEventListener("open", () => {
      pause = shortestPause;
      const queued = waiting;
      waiting = [];
      for (const message of queued) opened.send(encodeFrame(message));
      args.onConnection("connected");
    });
    opened.addEventListener("message", ({ data }) => {
      if (socket !== opened || !(data instanceof ArrayBuffer)) return;
      const message = decodeFrame(data);
      lastMessage = message.header.msg_id;
      args.onMessage(message);
    });
    opened.addEventListener("close", () => {
      if (socket !== opened) return;
      socket = null;
      if (!ended) again();
    });
  };

  const again = (): void => {
    args.onConnection("connecting");
    timer = window.setTimeout(() => void next(), pause * (0.5 + Math.random() / 2));
    pause = Math.min(longestPause, pause * 2);
  };

  const next = async (): Promise<void> => {
    clearTimeout(timer);
    if (socket !== null || ended) return;
    // A server that is away says nothing of the kernel; one that answers does.
    const exists = await args.exists().catch(() => null);
    if (socket !== null || ended) return;
    if (exists === false) end();
    else if (exists === null) again();
    else open();
  };

  open();
  return {
    send(message) {
      if (socket?.readyState === WebSocket.OPEN) socket.send(encodeFrame(message));
      else waiting.push(message);
    },
    retry() {
      if (socket !== null || ended) return;
      pause = shortestPause;
      void next();
    },
    close() {
      ended = true;
      clearTimeout(timer);
      socket?.close();
      socket = null;
    },
  };
}
