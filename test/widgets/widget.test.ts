import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { inspect } from "node:util";
import { hostKey, type Comm, type CommMessage, type KernelHost } from "../../src/core/kernel-host.js";
import { createFigure } from "../../widgets/figure.js";
import { packState, unpackState } from "../../widgets/state-buffers.js";
import { createWidget } from "../../widgets/widget.js";

type Options = { id?: string; metadata?: Record<string, unknown>; buffers?: Uint8Array[] };

/** A kernel that records what goes over its comms, and lets a test be the front end. */
class FakeKernel {
  readonly sent: { comm: string; data: Record<string, unknown>; buffers: Uint8Array[] }[] = [];
  readonly opened: { target: string; data: Record<string, unknown>; options: Options }[] = [];
  readonly closed: string[] = [];
  private readonly onMessage = new Map<string, (message: CommMessage) => void>();
  private readonly onClose = new Map<string, (message: CommMessage) => void>();
  private readonly targets = new Map<string, (comm: Comm, message: CommMessage) => void>();

  private comm(id: string, targetName: string): Comm {
    return {
      id,
      targetName,
      send: (data, { buffers = [] } = {}) => void this.sent.push({ comm: id, data, buffers }),
      onMessage: (listener) => void this.onMessage.set(id, listener),
      onClose: (listener) => void this.onClose.set(id, listener),
      close: () => void this.closed.push(id),
    };
  }

  readonly host = {
    openComm: (target: string, data: Record<string, unknown>, options: Options = {}) => {
      this.opened.push({ target, data, options });
      return this.comm(options.id ?? "", target);
    },
    onCommOpen: (target: string, listener: (comm: Comm, message: CommMessage) => void) =>
      void this.targets.set(target, listener),
  } as Partial<KernelHost> as KernelHost;

  /** The front end sends a message on the first widget's comm, or on the one named. */
  receive(data: Record<string, unknown>, buffers: Uint8Array[] = [], id = this.opened[0].options.id ?? ""): void {
    this.onMessage.get(id)?.({ data, metadata: {}, buffers });
  }

  open(target: string, id: string): void {
    this.targets.get(target)?.(this.comm(id, target), { data: {}, metadata: {}, buffers: [] });
  }

  hangUp(): void {
    this.onClose.get(this.opened[0].options.id ?? "")?.({ data: {}, metadata: {}, buffers: [] });
  }
}

let kernel: FakeKernel;
beforeEach(() => {
  kernel = new FakeKernel();
  (globalThis as Record<symbol, unknown>)[hostKey] = kernel.host;
});
afterEach(() => delete (globalThis as Record<symbol, unknown>)[hostKey]);

const counter = () =>
  createWidget({ title: "A counter", esm: "export default {}", state: { count: 3, pixels: Uint8Array.of(5, 7) } });
const viewType = "application/vnd.jupyter.widget-view+json";

describe("a widget", () => {
  it("opens one comm with its whole state, bytes beside it", () => {
    counter();
    const [{ target, data, options }] = kernel.opened;
    assert.equal(target, "jupyter.widget");
    assert.deepEqual(options.metadata, { version: "2.1.0" });
    assert.deepEqual(data, {
      state: {
        _model_module: "anywidget",
        _model_name: "AnyModel",
        _model_module_version: "0",
        _view_module: "anywidget",
        _view_name: "AnyView",
        _view_module_version: "0",
        _view_count: null,
        _dom_classes: [],
        _anywidget_id: "axial-lab.A counter",
        _esm: "export default {}",
        _css: "",
        layout: null,
        tabbable: null,
        tooltip: null,
        count: 3,
      },
      buffer_paths: [["pixels"]],
    });
    assert.deepEqual(options.buffers, [Uint8Array.of(5, 7)]);
  });

  it("is shown by the id of its comm, and by its still figure where widgets do not run", async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="5" height="3"></svg>';
    const still = () => createFigure("still", {}, () => Promise.resolve(svg));
    const bundle = await createWidget({ title: "w", esm: "", state: {}, still }).bundle();
    assert.deepEqual(bundle[viewType], { version_major: 2, version_minor: 1, model_id: kernel.opened[0].options.id });
    assert.deepEqual(Object.keys(bundle), [viewType, "image/svg+xml", "image/png", "text/plain"]);
    assert.deepEqual(Object.keys(await counter().bundle()), [viewType, "text/plain"]);
  });

  it("sends what the code changes", () => {
    const widget = counter();
    widget.set({ count: 11 });
    widget.set({ pixels: Uint8Array.of(13) });
    assert.equal(widget.state.count, 11);
    assert.deepEqual(
      kernel.sent.map(({ data, buffers }) => ({ data, buffers })),
      [
        { data: { method: "update", state: { count: 11 }, buffer_paths: [] }, buffers: [] },
        { data: { method: "update", state: {}, buffer_paths: [["pixels"]] }, buffers: [Uint8Array.of(13)] },
      ],
    );
  });

  it("hears what the reader changes, bytes included, and takes nothing that is not its state", () => {
    const widget = counter();
    const heard: unknown[] = [];
    const stop = widget.onChange((changes) => heard.push(changes));
    kernel.receive({ method: "update", state: { count: 17, _esm: "evil", other: 1 }, buffer_paths: [] });
    kernel.receive({ method: "update", state: {}, buffer_paths: [["pixels"]] }, [Uint8Array.of(19)]);
    stop();
    kernel.receive({ method: "update", state: { count: 23 }, buffer_paths: [] });
    assert.deepEqual(heard, [{ count: 17 }, { pixels: Uint8Array.of(19) }]);
    assert.deepEqual(widget.state, { count: 23, pixels: Uint8Array.of(19) });
  });

  it("echoes what the reader changes, for other pages on the same kernel", () => {
    counter();
    kernel.receive({ method: "update", state: { count: 17, other: 1 }, buffer_paths: [["pixels"]] }, [
      Uint8Array.of(2),
    ]);
    assert.deepEqual(
      kernel.sent.map(({ data, buffers }) => ({ data, buffers })),
      [
        {
          data: { method: "echo_update", state: { count: 17 }, buffer_paths: [["pixels"]] },
          buffers: [Uint8Array.of(2)],
        },
      ],
    );
  });

  it("passes over buffer paths that are none", () => {
    const widget = counter();
    kernel.receive({ method: "update", state: { count: 41 }, buffer_paths: "pixels" }, [Uint8Array.of(2)]);
    kernel.receive({ method: "update", state: {}, buffer_paths: [null, ["pixels"]] }, [
      Uint8Array.of(2),
      Uint8Array.of(43),
    ]);
    assert.deepEqual(widget.state, { count: 41, pixels: Uint8Array.of(43) });
  });

  it("takes the version of anywidget that it is given", () => {
    createWidget({ title: "w", esm: "", state: {}, anywidgetVersion: "~0.9.21" });
    const state = kernel.opened[0].data.state as Record<string, unknown>;
    assert.deepEqual([state._model_module_version, state._view_module_version], ["~0.9.21", "~0.9.21"]);
  });

  it("refuses a state that has a name of the protocol", () => {
    assert.throws(() => createWidget({ title: "w", esm: "", state: { layout: 1 } }), {
      name: "ConfigError",
      message: "createWidget: names of the state must be free in the widget protocol, got layout; choose another name",
    });
    assert.deepEqual(kernel.opened, []);
  });

  it("exchanges messages of its own", () => {
    const widget = counter();
    const heard: unknown[] = [];
    widget.onMessage((content, buffers) => heard.push([content, buffers]));
    kernel.receive({ method: "custom", content: { click: 3 } }, [Uint8Array.of(2)]);
    widget.send({ thanks: true });
    assert.deepEqual(heard, [[{ click: 3 }, [Uint8Array.of(2)]]]);
    assert.deepEqual(kernel.sent[0].data, { method: "custom", content: { thanks: true } });
  });

  it("gives its whole state to a page that asks for it", () => {
    counter().set({ count: 29 });
    kernel.receive({ method: "request_state" });
    const { data, buffers } = kernel.sent[1];
    assert.equal((data.state as { count: number })["count"], 29);
    assert.equal((data.state as { _model_name: string })._model_name, "AnyModel");
    assert.deepEqual([data.method, data.buffer_paths, buffers], ["update", [["pixels"]], [Uint8Array.of(5, 7)]]);
  });

  it("is among all states that a page asks for which was loaded anew, until it is closed", () => {
    counter();
    const second = counter();
    const [first] = kernel.opened.map(({ options }) => options.id ?? "");
    kernel.open("jupyter.widget.control", "control");
    kernel.receive({ method: "request_states" }, [], "control");
    const { data, buffers } = kernel.sent[0];
    const states = data.states as Record<
      string,
      { model_name: string; model_module: string; state: { count: number } }
    >;
    assert.equal(data.method, "update_states");
    assert.equal(Object.keys(states).length, 2);
    assert.deepEqual(
      [states[first].model_module, states[first].model_name, states[first].state.count],
      ["anywidget", "AnyModel", 3],
    );
    assert.deepEqual((data.buffer_paths as unknown[])[0], [first, "state", "pixels"]);
    assert.equal(buffers.length, 2);
    second.close();
    kernel.receive({ method: "request_states" }, [], "control");
    assert.deepEqual(Object.keys(kernel.sent[1].data.states as object), [first]);
    assert.equal(kernel.closed.length, 1);
  });

  it("goes on without views when the reader's side hangs up", async () => {
    const widget = counter();
    kernel.hangUp();
    widget.set({ count: 31 });
    assert.equal(widget.state.count, 31);
    assert.deepEqual(kernel.sent, []);
    assert.deepEqual(Object.keys(await widget.bundle()), ["text/plain"]);
  });

  it("is a still figure where there is no kernel of ours", async () => {
    delete (globalThis as Record<symbol, unknown>)[hostKey];
    const widget = counter();
    widget.set({ count: 37 });
    assert.deepEqual(await widget.bundle(), { "text/plain": "A counter" });
    assert.equal(inspect(widget), "Widget: A counter (await axial.widgets.show(widget) draws it)");
  });
});

describe("state on its way", () => {
  const state = {
    a: { b: [1, Uint8Array.of(2), { c: Float32Array.of(3) }], d: null },
    e: new DataView(new ArrayBuffer(2)),
  };

  it("leaves bytes at any depth, and gets them back by their paths", () => {
    const packed = packState(state);
    assert.deepEqual(packed.state, { a: { b: [1, null, {}], d: null } });
    assert.deepEqual(packed.paths, [["a", "b", 1], ["a", "b", 2, "c"], ["e"]]);
    assert.deepEqual(packed.buffers[1], new Uint8Array(Float32Array.of(3).buffer));
    const whole = unpackState(packed) as { a: { b: unknown[] }; e: unknown };
    assert.deepEqual(whole.a.b[1], Uint8Array.of(2));
    assert.deepEqual(whole.e, new Uint8Array(2));
  });

  it("follows no path out of the state", () => {
    const bytes = Uint8Array.of(1);
    unpackState({
      state: { a: 1 },
      paths: [["__proto__", "polluted"], ["a", "b"], ["x", "y"], []],
      buffers: [bytes, bytes, bytes, bytes],
    });
    assert.equal(Object.hasOwn(Object.prototype, "polluted"), false);
  });
});
