import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { browserFile } from "../../src/core/browser-file.js";
import { notebookHtml } from "../../src/notebook/page.js";
import { encodingExplorer, panopticOverlay, receptiveFieldGrowth, type Figure } from "../../widgets/index.js";
import { closeBrowser, noChromium, openPage } from "../helpers/chromium.js";

after(closeBrowser);

async function pageOf(figure: Figure) {
  const page = await openPage({ viewport: { width: 900, height: 900 } });
  const outputs = [{ output_type: "display_data" as const, data: await figure.bundle(), metadata: {} }];
  const cell = { cell_type: "code" as const, id: "c", execution_count: 1, metadata: {}, source: "figure", outputs };
  await page.setContent(await notebookHtml({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [cell] }));
  await page.waitForSelector("html[data-drawn]");
  return page;
}

/** Milliseconds from moving a slider until the picture has changed: the first below 100, or the shortest; other work disturbs them. */
const answerTime = async (page: Awaited<ReturnType<typeof openPage>>, slider: string): Promise<number> =>
  page.evaluate(async (selector) => {
    const input = document.querySelector<HTMLInputElement>(selector)!;
    const move = (to: string) =>
      new Promise<number>((resolve) => {
        const started = performance.now();
        new MutationObserver((_, observer) => {
          observer.disconnect();
          resolve(performance.now() - started);
        }).observe(document.querySelector("svg.marks")!, { subtree: true, childList: true, attributes: true });
        input.value = to;
        input.dispatchEvent(new Event("input", { bubbles: true }));
      });
    let shortest = Infinity;
    // In whole rounds, so that the slider is left where a round leaves it.
    for (let moves = 0; moves === 0 || moves % 5 > 0 || (shortest >= 100 && moves < 100); moves++)
      shortest = Math.min(shortest, await move(["0", "1", "0", "2", "1"][moves % 5]));
    return shortest;
  }, slider);

describe("figures with controls, on a page", { skip: noChromium }, () => {
  it("show fewer layers of a receptive field when the slider goes back, within 100 ms", async () => {
    const window = { kind: "window", span: 3 } as const;
    const page = await pageOf(
      receptiveFieldGrowth({ size: [15, 15], series: [{ name: "a", layers: [window, window] }] }),
    );
    const seen = () => page.locator('svg.marks [aria-label*="seen after layers"]').count();
    assert.equal(await seen(), 25);
    const time = await answerTime(page, ".vega-bind input");
    await page.waitForFunction(
      () => document.querySelectorAll('svg.marks [aria-label*="seen after layers"]').length === 9,
    );
    assert.ok(time < 100, `${time.toFixed(0)} ms`);
    await page.context().close();
  });

  it("show another table of encodings when the epoch is moved, within 100 ms", async () => {
    const table = (scale: number) => ({
      values: Float32Array.from({ length: 29 * 16 }, (_, i) => scale * Math.sin(i)),
      shape: [29, 16] as const,
    });
    const page = await pageOf(
      encodingExplorer(
        [0, 1, 2].map((epoch) => ({ layer: "a", term: "query" as const, epoch, table: table(1 + epoch) })),
      ),
    );
    const time = await answerTime(page, ".vega-bind input[type=range]");
    await page.locator("svg.marks text", { hasText: "after 1 epochs" }).waitFor();
    assert.ok(time < 100, `${time.toFixed(0)} ms`);
    await page.context().close();
  });

  it("tell what a segment is when one points at it", async () => {
    const ids = Array.from({ length: 30 * 40 }, (_, i) => (i % 40 < 20 ? 1 : 2));
    const page = await pageOf(
      panopticOverlay({
        image: { values: new Uint8Array(30 * 40).fill(90), shape: [30, 40, 1] },
        ids,
        shape: [30, 40],
        segments: [
          { id: 1, category: "road", isThing: false },
          { id: 2, category: "car", isThing: true, score: 0.8 },
        ],
      }),
    );
    const box = (await page.locator("svg.marks").boundingBox())!;
    await page.mouse.move(box.x + 0.75 * box.width, box.y + 0.6 * box.height);
    const told = page.locator("#vg-tooltip-element.visible");
    await told.waitFor();
    const text = (await told.innerText()).replace(/\s+/g, " ");
    for (const part of ["class car", "instance car 1", "score 0.80", "area in pixels 600"])
      assert.ok(text.replace(/:/g, "").includes(part), text);
    await page.context().close();
  });
});

describe("the training monitor in a browser", { skip: noChromium }, () => {
  it("sends its stop once, and shows what the run says", async () => {
    const page = await openPage();
    await page.setContent("<div id=place></div>");
    const result = await page.evaluate(async (source) => {
      const { default: widget } = (await import(
        URL.createObjectURL(new Blob([source], { type: "text/javascript" }))
      )) as {
        default: { render(args: unknown): () => void };
      };
      const state: Record<string, unknown> = { status: "step 1 of 4", progress: 0.25, stopping: false, ended: false };
      let saved = 0;
      const listeners = new Map<string, () => void>();
      widget.render({
        el: document.querySelector("#place"),
        model: {
          get: (name: string) => state[name],
          set: (name: string, value: unknown) => (state[name] = value),
          save_changes: () => saved++,
          on: (name: string, listener: () => void) => listeners.set(name, listener),
          off: () => undefined,
        },
      });
      const button = document.querySelector("button")!;
      const before = button.textContent;
      button.click();
      button.click();
      const stopping = button.textContent;
      state.ended = true;
      listeners.get("change:ended")!();
      const bar = document.querySelector("progress")!.value;
      return { before, stopping, after: button.textContent, saved, stopped: state.stopping, bar };
    }, browserFile("widgets/training-monitor.js"));
    assert.deepEqual(result, {
      before: "stop",
      stopping: "stopping…",
      after: "ended",
      saved: 1,
      stopped: true,
      bar: 0.25,
    });
    await page.context().close();
  });
});
