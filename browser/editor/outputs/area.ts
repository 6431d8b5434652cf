/** The outputs of one cell, drawn by what draws them on the static page; an output that did not change is left alone. */
import type { Output } from "../../../src/notebook/nbformat.js";
import { createMarkdown } from "../../../src/notebook/page/markdown.js";
import { createOutputs } from "../../../src/notebook/page/outputs.js";
import type { Pictures } from "../../../src/notebook/page/pictures.js";
import { isDark } from "../../page/theme.js";
import { watchEdges } from "../../page/edges.js";
import { figuresIn, type Figures } from "../../page/figures.js";
import { el } from "../page/dom.js";
import { setForeignHtml } from "../page/foreign-html.js";
import { leadLinks } from "../page/links.js";
import type { WidgetViews } from "../live-widgets/views.js";
import { loadLibrary } from "./libraries.js";
import { whenNear } from "./near.js";
import { StreamView } from "./stream.js";

export interface OutputContext {
  /** The notebook's path: links and pictures are relative to it. */
  readonly path: string;
  readonly pictures: Pictures;
  readonly widgets: WidgetViews;
}

interface Shown {
  readonly element: HTMLElement;
  /** Draws the output as it is now; false where a new element is needed. */
  update(output: Output): boolean;
  /** Draws what is drawn in colours again. */
  recolour(): void;
  dispose(): void;
}

const widgetType = "application/vnd.jupyter.widget-view+json";

export class OutputArea {
  readonly element = el("div", { class: "outputs" });
  private shown: Shown[] = [];

  constructor(private readonly context: OutputContext) {}

  show(outputs: readonly Output[]): void {
    outputs.forEach((output, i) => {
      const before = this.shown[i] as Shown | undefined;
      if (before?.update(output)) return;
      const next = this.create(output);
      before?.dispose();
      if (before) before.element.replaceWith(next.element);
      else this.element.append(next.element);
      this.shown[i] = next;
    });
    for (const extra of this.shown.splice(outputs.length)) {
      extra.dispose();
      extra.element.remove();
    }
  }

  recolour(): void {
    for (const one of this.shown) one.recolour();
  }

  dispose(): void {
    this.show([]);
  }

  private create(output: Output): Shown {
    if (output.output_type === "stream") return streamShown(output.name, output.text);
    const model =
      "data" in output ? (output.data[widgetType] as { model_id?: string } | undefined)?.model_id : undefined;
    return this.htmlShown(output, model);
  }

  private htmlShown(output: Output, model: string | undefined): Shown {
    const element = el("div", { class: "output" });
    const { context } = this;
    const markdown = createMarkdown();
    const page = createOutputs(markdown, context.pictures);
    setForeignHtml(element, markdown.math.resolve(page.html(output)));
    leadLinks(element, context.path);
    const endEdges = watchEdges(element);
    let figures: Figures | null = null;
    let gone = false;
    const draw = async (): Promise<void> => {
      await Promise.all([...page.libraries].map(loadLibrary));
      if (gone) return;
      figures ??= figuresIn(element);
      await figures.draw(isDark());
    };
    // Until then the still picture is there.
    const isLive = page.libraries.size > 0 && model === undefined;
    const end = isLive ? whenNear(element, () => void draw().catch(console.error)) : () => undefined;
    const view = model === undefined ? null : context.widgets.show(model, element);
    const data = "data" in output ? output.data : output;
    return {
      element,
      update: (next) => ("data" in next ? next.data : next) === data,
      recolour: () => void (figures && draw().catch(console.error)),
      dispose() {
        gone = true;
        end();
        endEdges();
        figures?.finalize();
        view?.();
      },
    };
  }
}

function streamShown(name: "stdout" | "stderr", text: string): Shown {
  const view = new StreamView(name);
  view.show(text);
  return {
    element: view.element,
    update(next) {
      if (next.output_type !== "stream" || next.name !== name) return false;
      view.show(next.text);
      return true;
    },
    recolour: () => undefined,
    dispose: () => undefined,
  };
}
