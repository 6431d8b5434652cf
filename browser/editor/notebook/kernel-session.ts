/** The kernel of a notebook: started or found, connected, interrupted, restarted; and what it is doing. */
import { connectKernel, type KernelClient, type KernelState } from "../protocol/kernel.js";
import type { Json, Message } from "../protocol/messages.js";
import {
  endSession,
  interruptKernel,
  kernelModel,
  kernelSpecs,
  restartKernel,
  startSession,
} from "../protocol/sessions.js";
import type { Connection } from "../protocol/socket.js";

export interface KernelInfo {
  readonly displayName: string;
  readonly language: string;
  readonly name: string;
}

export interface SessionListener {
  readonly onMessage: (message: Message) => void;
  readonly onState: () => void;
  readonly onConnected: () => void;
  /** The kernel is another one, or the same one with nothing of what it knew. */
  readonly onRestart: () => void;
}

export interface SessionArgs {
  readonly path: string;
  /** Of the notebook: its kernel's name. Another is taken where the server does not have it. */
  readonly preferred: string | undefined;
  /** The session id of the connection to a kernel, and the last message that was taken in over it. */
  readonly resume: (kernel: string) => { session: string; lastMessage: string | null };
  readonly listener: SessionListener;
}

export class KernelSession {
  client: KernelClient | null = null;
  info: KernelInfo | null = null;
  state: KernelState = "starting";
  connection: Connection = "connecting";
  /** Why there is no kernel, where there is none. */
  failure: string | null = null;
  private session = "";

  constructor(private readonly args: SessionArgs) {}

  /** Finds the notebook's kernel or starts one. Says in `failure` where that does not work. */
  async start(): Promise<void> {
    const { path, preferred, resume, listener } = this.args;
    this.failure = null;
    this.setState("starting");
    try {
      const specs = await kernelSpecs();
      const name = preferred !== undefined && preferred in specs.kernelspecs ? preferred : specs.default;
      const session = await startSession(path, name);
      const { spec } = specs.kernelspecs[session.kernel.name] ?? specs.kernelspecs[name];
      this.session = session.id;
      this.info = { name: session.kernel.name, displayName: spec.display_name, language: spec.language };
      this.client?.close();
      const { id } = session.kernel;
      this.client = connectKernel({
        id,
        ...resume(id),
        listener: {
          onMessage: listener.onMessage,
          onState: (state) => this.setState(state),
          onConnection: (connection) => {
            this.connection = connection;
            listener.onState();
            if (connection === "connected") listener.onConnected();
          },
        },
      });
    } catch (error) {
      this.failure = (error as Error).message;
      this.setState("dead");
    }
  }

  /** Asks what the kernel says of itself; the answer also shows that it is there. */
  async ready(): Promise<Json | null> {
    const client = this.client;
    const info = await client?.request("kernel_info_request", {}, 120_000).catch(() => null);
    if (info && this.client === client && this.state === "starting") this.setState("idle");
    return info ?? null;
  }

  /** Whether the kernel has nothing to do, and all that it had to say has come. */
  async isAtRest(): Promise<boolean> {
    const { client } = this;
    if (!client || !(await this.ready())) return false;
    const { execution_state: state } = await kernelModel(client.id);
    return state === "idle" && client === this.client;
  }

  async interrupt(): Promise<void> {
    if (this.client) await interruptKernel(this.client.id);
  }

  /** Restarts the kernel; a dead one is started anew, under another id where the server has forgotten it. */
  async restart(): Promise<void> {
    const { client } = this;
    client?.forgetRequests();
    this.setState("restarting");
    this.args.listener.onRestart();
    if (client && this.connection !== "ended") {
      const restarted = await restartKernel(client.id).then(
        () => true,
        () => false,
      );
      if (restarted) {
        this.setState("starting");
        client.retry();
        return void (await this.ready());
      }
    }
    client?.close();
    if (this.session !== "") await endSession(this.session).catch(() => undefined);
    await this.start();
    await this.ready();
  }

  private setState(state: KernelState): void {
    if (state === this.state) return;
    this.state = state;
    this.args.listener.onState();
  }
}
