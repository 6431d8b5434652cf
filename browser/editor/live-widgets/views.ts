/** Views of widgets: the widget's own module, run in this page, draws into the output that shows it. */
import { el } from "../page/dom.js";
import type { WidgetModel } from "./model.js";

/** Where outputs ask for the widget that they show. */
export interface WidgetViews {
  /**
   * Draws a model's widget over what `element` holds, now or as soon as the kernel has told of the model; without it
   * what is there stays. The function returned ends the view.
   */
  show(model: string, element: HTMLElement): () => void;
}

interface RenderArgs {
  readonly model: WidgetModel;
  readonly el: HTMLElement;
  /** Aborted when the view ends. */
  readonly signal: AbortSignal;
  readonly experimental: object;
}

interface FrontEnd {
  readonly initialize?: (args: { model: WidgetModel }) => unknown;
  readonly render?: (args: RenderArgs) => unknown;
}

const textOf = (model: WidgetModel, name: string): string => {
  const text = model.get(name);
  return typeof text === "string" ? text : "";
};

const modules = new Map<string, Promise<FrontEnd>>();
const initialized = new WeakSet<WidgetModel>();

async function load(source: string): Promise<FrontEnd> {
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  try {
    const module = (await import(address)) as { default?: FrontEnd | (() => FrontEnd | Promise<FrontEnd>) } & FrontEnd;
    const exported = module.default ?? module;
    return typeof exported === "function" ? await exported() : exported;
  } finally {
    URL.revokeObjectURL(address);
  }
}

function frontEnd(source: string): Promise<FrontEnd> {
  const known = modules.get(source) ?? load(source);
  modules.set(source, known);
  return known;
}

/** Draws a widget; the function returned ends the view and what it listens to. */
export function drawWidget(model: WidgetModel, element: HTMLElement): () => void {
  const ending = new AbortController();
  const root = el("div", { class: "widget" });
  const style = el("style");
  const restyle = (): void => void (style.textContent = textOf(model, "_css"));
  model.on("change:_css", restyle);
  restyle();
  const draw = async (): Promise<void> => {
    const { initialize, render } = await frontEnd(textOf(model, "_esm"));
    if (ending.signal.aborted) return;
    if (!initialized.has(model)) {
      initialized.add(model);
      await initialize?.({ model });
    }
    const { signal } = ending;
    element.replaceChildren(style, root);
    const end = await render?.({ model, el: root, signal, experimental: {} });
    if (typeof end !== "function") return;
    if (signal.aborted) (end as () => void)();
    else signal.addEventListener("abort", () => (end as () => void)());
  };
  draw().catch((error: unknown) => {
    console.error(error);
    element.prepend(el("p", { class: "widget-error" }, `The widget could not be drawn: ${String(error)}`));
  });
  // Keys pressed in a widget are not the notebook's.
  root.addEventListener("keydown", (event) => event.stopPropagation());
  return () => {
    model.off("change:_css", restyle);
    ending.abort();
  };
}
