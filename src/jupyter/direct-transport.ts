/** A kernel whose clients are in its own process: messages are handed over as they are, without sockets and signatures. */
import type { KernelOptions } from "./kernel.js";
import type { RequestChannel } from "./transport.js";
import { createHeaderFactory, type Message } from "./wire.js";

export interface DirectTransport {
  /** For {@link KernelOptions}. */
  readonly connect: KernelOptions["connect"];
  /** A message of a client. Its identities come back with what answers it; before the kernel is there it waits. */
  readonly send: (channel: RequestChannel, message: Message) => void;
}

/** `onMessage` gets what the kernel says, in order; the identities of a reply are those of its request. */
export function createDirectTransport(
  onMessage: (channel: RequestChannel | "iopub", message: Message) => void,
): DirectTransport {
  const header = createHeaderFactory();
  const waiting: [RequestChannel, Message][] = [];
  let receive: ((channel: RequestChannel, message: Message) => void) | null = null;
  return {
    connect(toKernel) {
      // The kernel takes messages when it has gone on from here with its transport.
      setImmediate(() => {
        receive = toKernel;
        for (const [channel, message] of waiting.splice(0)) toKernel(channel, message);
      });
      return Promise.resolve({
        reply(channel, request, { type, content, parent = request.header, metadata = {}, buffers = [] }) {
          const { identities } = request;
          onMessage(channel, { identities, header: header(type), parentHeader: parent, metadata, content, buffers });
        },
        publish({ type, content, parent = {}, metadata = {}, buffers = [] }) {
          const message = { identities: [], header: header(type), parentHeader: parent, metadata, content, buffers };
          onMessage("iopub", message);
        },
        flush: () => Promise.resolve(),
        close() {
          receive = () => undefined;
          return Promise.resolve();
        },
      });
    },
    send(channel, message) {
      if (receive) receive(channel, message);
      else waiting.push([channel, message]);
    },
  };
}
