/** The model of a widget as its front end sees it (anywidget's front-end module: https://anywidget.dev/en/afm/). */
import type { Json } from "../protocol/messages.js";

type Listener = (...args: unknown[]) => void;

/** What a model says to the kernel. */
export interface ModelLink {
  /** The parts of the state that changed here. */
  update(changes: Json): void;
  custom(content: unknown, buffers: readonly ArrayBufferView[]): void;
}

export class WidgetModel {
  private readonly listeners = new Map<string, Set<Listener>>();
  private unsent: Json = {};

  constructor(
    readonly id: string,
    private state: Json,
    private readonly link: ModelLink,
  ) {}

  get(name: string): unknown {
    return this.state[name];
  }

  set(name: string, value: unknown): void {
    if (Object.is(this.state[name], value)) return;
    this.unsent[name] = value;
    this.take({ [name]: value });
  }

  /** Sends what was set to the kernel. */
  save_changes(): void {
    const changes = this.unsent;
    this.unsent = {};
    if (Object.keys(changes).length > 0) this.link.update(changes);
  }

  on(event: string, listener: Listener): void {
    const all = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, all.add(listener));
  }

  /** Without a listener, all of the event; without an event, all. */
  off(event?: string, listener?: Listener): void {
    if (event === undefined) this.listeners.clear();
    else if (listener === undefined) this.listeners.delete(event);
    else this.listeners.get(event)?.delete(listener);
  }

  send(content: unknown, _callbacks?: unknown, buffers: readonly ArrayBufferView[] = []): void {
    this.link.custom(content, buffers);
  }

  /** Takes changes of the state, from the kernel or from here, and tells those who listen. */
  take(changes: Json): void {
    this.state = { ...this.state, ...changes };
    for (const [name, value] of Object.entries(changes)) this.tell(`change:${name}`, value);
    this.tell("change");
  }

  tell(event: string, ...args: unknown[]): void {
    for (const listener of [...(this.listeners.get(event) ?? [])]) {
      try {
        listener(...args);
      } catch (error) {
        console.error(error);
      }
    }
  }
}
