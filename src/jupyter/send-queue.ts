/**
 * Sends on one ZeroMQ socket in order. A socket of zeromq.js takes one send at a time and throws at the second, so
 * every send of this kernel goes through a queue that awaits each.
 */

export interface SendQueue {
  send(frames: Uint8Array[]): void;
  /** Resolves when everything given so far has been handed to ZeroMQ. */
  flush(): Promise<void>;
}

export interface SendingSocket {
  send(frames: Uint8Array[]): Promise<void>;
}

export function createSendQueue(socket: SendingSocket, onError: (error: unknown) => void): SendQueue {
  const waiting: Uint8Array[][] = [];
  let running: Promise<void> | null = null;

  async function drain(): Promise<void> {
    // An index instead of shift(), which would cost the whole queue's length for every message.
    for (let next = 0; next < waiting.length; next++) {
      const frames = waiting[next];
      waiting[next] = [];
      try {
        await socket.send(frames);
      } catch (error) {
        onError(error);
      }
    }
    waiting.length = 0;
    running = null;
  }

  return {
    send(frames) {
      waiting.push(frames);
      running ??= drain();
    },
    flush: () => running ?? Promise.resolve(),
  };
}
