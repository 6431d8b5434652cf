/**
 * The widgets of a kernel, by their comms (Jupyter widget messages, version 2): models that the kernel opens, changes
 * both ways, and, after the page was loaded anew, all that are open already.
 */
import { packState, pathsOf, unpackState } from "../../../widgets/state-buffers.js";
import { newId, type Json, type Message } from "../protocol/messages.js";
import type { KernelClient } from "../protocol/kernel.js";
import { WidgetModel, type ModelLink } from "./model.js";
import { drawWidget, type WidgetViews } from "./views.js";

const views = (buffers: readonly Uint8Array[]): DataView[] =>
  buffers.map((bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));

/** A copy, whole: what is sent later may have changed by then, and a view's buffer is often larger than the view. */
const bytesOf = (view: ArrayBufferView): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();

interface Waiting {
  readonly element: HTMLElement;
  end(): void;
}

export class WidgetManager implements WidgetViews {
  private readonly models = new Map<string, WidgetModel>();
  private readonly waiting = new Map<string, Set<Waiting>>();
  private control: string | null = null;

  /** `kernel` gives the one that is connected now, `session` the session id of that connection. */
  constructor(
    private readonly kernel: () => KernelClient | null,
    private readonly session: () => string,
  ) {}

  show(id: string, element: HTMLElement): () => void {
    const model = this.models.get(id);
    if (model) return drawWidget(model, element);
    const all = this.waiting.get(id) ?? new Set();
    const one: Waiting = { element, end: () => void all.delete(one) };
    this.waiting.set(id, all.add(one));
    return () => one.end();
  }

  /** Asks for all models that are open in the kernel. */
  requestStates(): void {
    this.control = newId();
    const open = { comm_id: this.control, target_name: "jupyter.widget.control", data: { states: {} } };
    this.kernel()?.send("shell", "comm_open", open, { metadata: { version: "1.0.0" } });
    this.send(this.control, { method: "request_states" });
  }

  /** The kernel is another: its widgets are gone, what they showed last stays. */
  clear(): void {
    this.models.clear();
    this.control = null;
  }

  /** Takes a message of iopub; others than a comm's are passed over. */
  onMessage({ header, parent_header: parent, content, buffers }: Message): void {
    const id = String(content.comm_id);
    const data = (content.data ?? {}) as Json;
    if (header.msg_type === "comm_open" && content.target_name === "jupyter.widget") {
      this.open(id, stateOf(data, buffers));
    } else if (header.msg_type === "comm_close") this.models.delete(id);
    else if (header.msg_type === "comm_msg" && id === this.control) this.takeStates(data, buffers);
    else if (header.msg_type === "comm_msg") this.receive(id, data, buffers, parent.session === this.session());
  }

  private receive(id: string, data: Json, buffers: readonly Uint8Array[], ours: boolean): void {
    const model = this.models.get(id);
    if (data.method === "custom") model?.tell("msg:custom", data.content, views(buffers));
    // The page that changed a value knows it; by now it may have a newer one.
    else if (data.method === "update" || (data.method === "echo_update" && !ours)) model?.take(stateOf(data, buffers));
  }

  private takeStates(data: Json, buffers: readonly Uint8Array[]): void {
    if (data.method !== "update_states") return;
    const paths = pathsOf(data.buffer_paths);
    const states = unpackState({ state: (data.states ?? {}) as Json, paths, buffers: views(buffers) });
    for (const [id, entry] of Object.entries(states))
      if (!this.models.has(id)) this.open(id, (entry as { state: Json }).state);
  }

  private open(id: string, state: Json): void {
    const link: ModelLink = {
      update: (changes) => {
        const { state: kept, paths, buffers } = packState(changes);
        this.send(id, { method: "update", state: kept, buffer_paths: paths }, buffers.map(bytesOf));
      },
      custom: (content, buffers) => this.send(id, { method: "custom", content }, buffers.map(bytesOf)),
    };
    const model = new WidgetModel(id, state, link);
    this.models.set(id, model);
    for (const one of this.waiting.get(id) ?? []) {
      const end = drawWidget(model, one.element);
      one.end = end;
    }
    this.waiting.delete(id);
  }

  private send(id: string, data: Json, buffers: readonly Uint8Array[] = []): void {
    this.kernel()?.send("shell", "comm_msg", { comm_id: id, data }, { buffers });
  }
}

const stateOf = (data: Json, buffers: readonly Uint8Array[]): Json =>
  unpackState({ state: (data.state ?? {}) as Json, paths: pathsOf(data.buffer_paths), buffers: views(buffers) });
