import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, it } from "node:test";
import { hostKey, type DisplayOptions, type KernelHost, type MimeBundle } from "../../src/core/kernel-host.js";
import { createFigure } from "../../widgets/figure.js";
import { liveFigure } from "../../widgets/live.js";
import { findDisplay, save, show } from "../../widgets/show.js";

const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="5" height="3"><rect width="5" height="3"/></svg>';
const figure = (title: string) =>
  createFigure(title, { "application/x-test+json": { title } }, () => Promise.resolve(svg));

type Shown = [bundle: MimeBundle, options: DisplayOptions | undefined];

/** Publishes a kernel host that records what is displayed. */
function fakeKernel(): Shown[] {
  const shown: Shown[] = [];
  const host: Partial<KernelHost> = { display: (bundle, options) => shown.push([bundle, options]) };
  (globalThis as Record<symbol, unknown>)[hostKey] = host;
  return shown;
}

const tslabPath = join(tmpdir(), "elsewhere", "tslab", "dist", "jupyter.js");

afterEach(() => {
  delete (globalThis as Record<symbol, unknown>)[hostKey];
  delete require.cache[tslabPath];
});

describe("show", () => {
  it("gives our kernel the whole bundle of each figure, in order", async () => {
    const shown = fakeKernel();
    await show(figure("one"), figure("two"));
    assert.deepEqual(
      shown.map(([bundle]) => bundle["text/plain"]),
      ["one", "two"],
    );
    assert.deepEqual(Object.keys(shown[0][0]), ["application/x-test+json", "image/svg+xml", "image/png", "text/plain"]);
  });

  it("gives stock tslab the whole bundle through the module that its kernel has loaded", async () => {
    const written: unknown[] = [];
    const exports = { lastWriteDisplayData: (content: unknown, update: boolean) => written.push({ content, update }) };
    require.cache[tslabPath] = { exports } as NodeJS.Module;
    await show(figure("one"));
    const bundle = await figure("one").bundle();
    assert.deepEqual(written, [
      { content: { data: bundle, metadata: {}, transient: { display_id: undefined } }, update: false },
    ]);
  });

  it("finds no display in tslab's modules before a cell has run", () => {
    require.cache[tslabPath] = { exports: { lastWriteDisplayData: null } } as NodeJS.Module;
    assert.equal(findDisplay(), null);
  });

  it("draws nothing in a plain script", async () => {
    await show(createFigure("never drawn", {}, () => Promise.reject(new Error("drawn"))));
  });
});

describe("a live figure", () => {
  const live = () => {
    const shown: Shown[] = [];
    const clock = { time: 0 };
    const display = (bundle: MimeBundle, options?: DisplayOptions) => shown.push([bundle, options]);
    return { shown, clock, figure: liveFigure({ interval: 100, now: () => clock.time, display }) };
  };

  it("shows once and then updates the same display, at most once an interval", async () => {
    const { shown, clock, figure: moving } = live();
    for (const [time, title] of [
      [0, "a"],
      [50, "b"],
      [100, "c"],
      [199, "d"],
    ] as const) {
      clock.time = time;
      moving.update(() => figure(title));
    }
    await moving.end();
    assert.deepEqual(
      shown.map(([bundle, options]) => [bundle["text/plain"], options?.update]),
      [
        ["a", false],
        ["c", true],
        ["d", true],
      ],
    );
    assert.equal(new Set(shown.map(([, options]) => options?.displayId)).size, 1);
  });

  it("makes pictures for its last frame only", async () => {
    const { shown, figure: moving } = live();
    moving.update(() => figure("a"));
    await moving.end();
    assert.deepEqual(
      shown.map(([bundle]) => "image/png" in bundle),
      [false, true],
    );
  });

  it("never makes the frames that nobody sees", async () => {
    const unseen = liveFigure({ display: null });
    unseen.update(() => assert.fail("made"));
    await unseen.end();
  });
});

describe("save", () => {
  const folder = mkdtempSync(join(tmpdir(), "axial-save-"));
  afterEach(() => readdirSync(folder).forEach((file) => rmSync(join(folder, file))));

  it("writes the form that the name asks for", async () => {
    for (const name of ["f.svg", "f.png", "f.html", "f.json"]) await save(figure("one"), join(folder, name));
    const start = (name: string) => readFileSync(join(folder, name)).subarray(0, 4).toString("latin1");
    assert.deepEqual(["f.svg", "f.png", "f.html"].map(start), ["<svg", "\x89PNG", "<img"]);
    assert.deepEqual(JSON.parse(readFileSync(join(folder, "f.json"), "utf8")), { title: "one" });
  });

  it("refuses an ending that it does not know, and names those it does", async () => {
    await assert.rejects(save(figure("one"), "f.pdf"), {
      name: "ConfigError",
      message: "save: a figure is written as .svg, .png, .html, .json, got f.pdf; give the file one of these endings",
    });
  });
});
