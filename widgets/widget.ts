/**
 * Widgets: a state that the code in the notebook and the reader's browser share, in both directions, after the protocol
 * of anywidget (https://anywidget.dev) over Jupyter's comms (widget messages, version 2.1).
 *
 * JupyterLab shows them where the Python package `anywidget` is installed beside it, VS Code as it is. Where there is no
 * kernel of ours (stock tslab, GitHub, our HTML page) the reader sees the figure given as `still`.
 */
import { randomUUID } from "node:crypto";
import { ConfigError } from "../src/core/errors.js";
import { kernelHost, type Comm, type CommMessage, type KernelHost, type MimeBundle } from "../src/core/kernel-host.js";
import { jupyterDisplay, nodeInspect, type Figure } from "./figure.js";
import { packState, pathsOf, unpackState, type Path } from "./state-buffers.js";

type State = Record<string, unknown>;

/** What a widget is made of. */
export interface WidgetArgs<S extends object> {
  /** What the widget is, in one line. */
  readonly title: string;
  /** An ES module for the browser with `export default { render({ model, el }) { ... } }`. */
  readonly esm: string;
  /** Style of what it draws. Default: none. */
  readonly css?: string;
  /**
   * What both sides share: JSON and typed arrays, which travel as bytes. Bytes arrive in the browser as `DataView`, and
   * here, where the reader changed them, as `Uint8Array`.
   */
  readonly state: S;
  /** What readers see who cannot run widgets; asked for when the widget is shown. Default: the title alone. */
  readonly still?: () => Figure;
  /** Versions of anywidget's browser part that will do, as a range of npm. Default "0": any before 1. */
  readonly anywidgetVersion?: string;
}

/** State that a notebook's kernel and its views in the browser share. */
export interface Widget<S extends object> {
  readonly title: string;
  /** The state as it is now; a copy, for it is changed by `set`. */
  readonly state: Readonly<S>;
  /** Changes the state here and in every view. */
  set(changes: Partial<S>): void;
  /** Calls back with what the reader changed; the function returned ends that. */
  onChange(listener: (changes: Partial<S>) => void): () => void;
  /** Calls back with messages that the view sent (`model.send`); the function returned ends that. */
  onMessage(listener: (content: unknown, buffers: readonly Uint8Array[]) => void): () => void;
  /** Sends a message to every view (`model.on("msg:custom", ...)`). */
  send(content: unknown, buffers?: readonly Uint8Array[]): void;
  bundle(): Promise<MimeBundle>;
  /** Ends the connection; the views stay as they are. */
  close(): void;
  [jupyterDisplay](): Promise<MimeBundle>;
}

/** Version of the widget messages, in the metadata of each `comm_open`. */
const protocolVersion = "2.1.0";

interface Model {
  readonly fixed: State;
  state(): State;
}

/** The open widgets of each kernel, by the id of their comm: what a page asks for that was loaded anew. */
const openModels = new WeakMap<KernelHost, Map<string, Model>>();

/** The models of a kernel; the first time, also the answer to `request_states` on the control comm. */
function modelsOf(host: KernelHost): Map<string, Model> {
  const known = openModels.get(host);
  if (known) return known;
  const models = new Map<string, Model>();
  openModels.set(host, models);
  host.onCommOpen("jupyter.widget.control", (comm) =>
    comm.onMessage(({ data }) => {
      if (data.method !== "request_states") return;
      const all = [...models].map(([id, model]) => {
        const { state, paths, buffers } = packState({ ...model.fixed, ...model.state() });
        const named = {
          model_name: model.fixed._model_name,
          model_module: model.fixed._model_module,
          model_module_version: model.fixed._model_module_version,
        };
        return { id, entry: { ...named, state }, paths: paths.map((path): Path => [id, "state", ...path]), buffers };
      });
      comm.send(
        {
          method: "update_states",
          states: Object.fromEntries(all.map(({ id, entry }) => [id, entry])),
          buffer_paths: all.flatMap(({ paths }) => paths),
        },
        { buffers: all.flatMap(({ buffers }) => buffers) },
      );
    }),
  );
  return models;
}

const listeners = <L>(): { all: Set<L>; add: (listener: L) => () => void } => {
  const all = new Set<L>();
  return {
    all,
    add(listener) {
      all.add(listener);
      return () => void all.delete(listener);
    },
  };
};

/**
 * Makes a widget and, under our kernel, opens its connection.
 *
 *     const counter = createWidget({
 *       title: "A counter",
 *       esm: `export default { render({ model, el }) {
 *         el.onclick = () => { model.set("count", model.get("count") + 1); model.save_changes(); };
 *         const draw = () => { el.textContent = model.get("count"); };
 *         model.on("change:count", draw);
 *         draw();
 *       } }`,
 *       state: { count: 0 },
 *     });
 *     counter.onChange(({ count }) => console.log(count));
 *     counter                                                   // as the last line of a cell: shows it
 *
 * @throws ConfigError where the state has a name that the widget protocol has taken, such as `layout`
 */
export function createWidget<S extends object>(args: WidgetArgs<S>): Widget<S> {
  const { title, esm, css = "", still, anywidgetVersion = "0" } = args;
  const id = randomUUID();
  let state: S = { ...args.state };
  const changed = listeners<(changes: Partial<S>) => void>();
  const messages = listeners<(content: unknown, buffers: readonly Uint8Array[]) => void>();
  const fixed: State = {
    _model_module: "anywidget",
    _model_name: "AnyModel",
    _model_module_version: anywidgetVersion,
    _view_module: "anywidget",
    _view_name: "AnyView",
    _view_module_version: anywidgetVersion,
    _view_count: null,
    _dom_classes: [],
    _anywidget_id: `axial-lab.${title}`,
    _esm: esm,
    _css: css,
    layout: null,
    tabbable: null,
    tooltip: null,
  };

  const taken = Object.keys(state).find((name) => Object.hasOwn(fixed, name));
  if (taken !== undefined)
    throw new ConfigError(
      `createWidget: names of the state must be free in the widget protocol, got ${taken}; choose another name`,
    );

  const sendState = (comm: Comm, part: State, method: "update" | "echo_update" = "update"): void => {
    const { state: kept, paths, buffers } = packState(part);
    comm.send({ method, state: kept, buffer_paths: paths }, { buffers });
  };

  const receive = (comm: Comm, { data, buffers }: CommMessage): void => {
    switch (data.method) {
      case "update": {
        const paths = pathsOf(data.buffer_paths);
        const whole = unpackState({ state: (data.state ?? {}) as State, paths, buffers });
        // What the browser has no say in stays ours.
        const entries = Object.entries(whole).filter(([key]) => Object.hasOwn(state, key));
        const changes = Object.fromEntries(entries) as Partial<S>;
        state = { ...state, ...changes };
        // The page that changed it knows; others on the same kernel learn it by the echo.
        sendState(comm, changes, "echo_update");
        for (const listener of changed.all) listener(changes);
        return;
      }
      case "request_state":
        return sendState(comm, { ...fixed, ...state });
      case "custom":
        for (const listener of messages.all) listener(data.content, buffers);
    }
  };

  const host = kernelHost();
  let comm: Comm | null = null;
  if (host) {
    const { state: kept, paths, buffers } = packState({ ...fixed, ...state });
    const opened = host.openComm(
      "jupyter.widget",
      { state: kept, buffer_paths: paths },
      { id, metadata: { version: protocolVersion }, buffers },
    );
    const models = modelsOf(host);
    models.set(id, { fixed, state: () => state as State });
    opened.onMessage((message) => receive(opened, message));
    opened.onClose(() => {
      models.delete(id);
      comm = null;
    });
    comm = opened;
  }

  const bundle = async (): Promise<MimeBundle> => ({
    ...(comm
      ? { "application/vnd.jupyter.widget-view+json": { version_major: 2, version_minor: 1, model_id: id } }
      : {}),
    ...(still ? await still().bundle() : { "text/plain": title }),
  });

  const widget: Widget<S> = {
    title,
    get state() {
      return { ...state };
    },
    set(changes) {
      state = { ...state, ...changes };
      if (comm) sendState(comm, changes);
    },
    onChange: changed.add,
    onMessage: messages.add,
    send(content, buffers = []) {
      comm?.send({ method: "custom", content }, { buffers: [...buffers] });
    },
    bundle,
    close() {
      if (host) modelsOf(host).delete(id);
      comm?.close();
      comm = null;
    },
    [jupyterDisplay]: bundle,
  };
  Object.defineProperty(widget, nodeInspect, {
    value: () => `Widget: ${title} (await axial.widgets.show(widget) draws it)`,
  });
  return widget;
}
