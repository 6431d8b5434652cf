/** What Plotly draws of a specification, Vega-Lite's form draws as well. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { plotlyFigure } from "../../widgets/plotly.js";
import type { PlotlyAxis, PlotlySpec, PlotlyTrace } from "../../widgets/plotly-spec.js";
import { plotlyToVegaLite } from "../../widgets/plotly-to-vega-lite.js";
import { light } from "../../widgets/theme.js";
import { themed } from "../../widgets/vega.js";
import { drawStrictly, textsOf } from "../helpers/figures.js";

const spec = (data: PlotlyTrace[], x: PlotlyAxis = {}, y: PlotlyAxis = {}): PlotlySpec => ({
  data,
  layout: { height: 300, xaxes: { x }, yaxes: { y } },
});
const drawn = (...args: Parameters<typeof spec>) => drawStrictly(themed(plotlyToVegaLite(spec(...args))));

/** The corners of lines, one list a stretch without a gap. */
const stretches = (svg: string): [x: number, y: number][][] =>
  [...svg.matchAll(/aria-roledescription="line mark"[^>]*d="([^"]*)"/g)].flatMap(([, path]) =>
    path
      .split("M")
      .slice(1)
      .map((stretch) => stretch.split("L").map((corner) => corner.split(",").map(Number) as [number, number])),
  );
/** Bars as [left, top, width, height, fill]. */
const bars = (svg: string): [left: number, top: number, width: number, height: number, fill: string][] =>
  [
    ...svg.matchAll(
      /aria-roledescription="rect mark"[^>]*d="M([-\d.]+),([-\d.]+)h([-\d.]+)v([-\d.]+)h[^"]*"[^>]*fill="(#\w+)"/g,
    ),
  ].map(([, left, top, width, height, fill]) => [Number(left), Number(top), Number(width), Number(height), fill]);

describe("a Plotly figure in Vega-Lite", () => {
  it("joins points in their own order, also where x goes back", async () => {
    const [line] = stretches(await drawn([{ type: "scatter", mode: "lines", x: [1, 3, 2], y: [1, 2, 3] }]));
    assert.deepEqual(
      line.map(([x]) => x).map((x) => (x - line[0][0]) / (line[1][0] - line[0][0])),
      [0, 1, 0.5],
    );
  });

  it("breaks a line where a point is missing, or has no place on a logarithmic axis", async () => {
    const lengths = async (y: (number | null)[], axis: PlotlyAxis = {}) =>
      stretches(await drawn([{ type: "scatter", mode: "lines", x: [0, 1, 2, 3, 4], y }], {}, axis)).map(
        (stretch) => stretch.length,
      );
    assert.deepEqual(await lengths([2, 3, null, 5, 7]), [2, 2]);
    assert.deepEqual(await lengths([2, 3, 0, 5, 7], { type: "log" }), [2, 2]);
    assert.deepEqual(await lengths([2, 3, -1, 5, 7], { type: "log" }), [2, 2]);
  });

  it("sets the bars of several traces beside each other, each trace in its own colour", async () => {
    const svg = await drawn([
      { type: "bar", x: ["p", "q"], y: [2, 3], name: "a" },
      { type: "bar", x: ["q", "p"], y: [5, 7], name: "b" },
    ]);
    const all = bars(svg);
    assert.equal(all.length, 4);
    const spans = all.map(([left, , width]) => [left, left + width]).sort(([a], [b]) => a - b);
    for (let i = 1; i < 4; i++) assert.ok(spans[i][0] >= spans[i - 1][1] - 0.01, JSON.stringify(spans));
    assert.deepEqual(new Set(all.map(([, , , , fill]) => fill)), new Set(light.series.slice(0, 2)));
    assert.deepEqual(
      textsOf(svg).filter((text) => /^[pqab]$/.test(text)),
      ["p", "q", "a", "b"],
    );
  });

  it("tells two traces of one name apart by colour, as Plotly does", async () => {
    const trace = { type: "scatter", mode: "markers", x: [1, 2], y: [1, 2], name: "same" } as const;
    const svg = await drawn([trace, { ...trace, y: [2, 1] }]);
    const colours = [...svg.matchAll(/aria-roledescription="point"[^>]*fill="(#\w+)"/g)].map(([, fill]) => fill);
    assert.deepEqual(new Set(colours), new Set(light.series.slice(0, 2)));
    assert.equal(textsOf(svg).filter((text) => text === "same").length, 2);
  });

  it("turns an axis around on every kind of trace", async () => {
    for (const autorange of [undefined, "reversed"] as const) {
      const [line] = stretches(
        await drawn([{ type: "scatter", mode: "lines", x: [1, 2], y: [1, 2] }], { autorange }, { autorange }),
      );
      assert.equal(line[0][0] < line[1][0], autorange === undefined);
      assert.equal(line[0][1] > line[1][1], autorange === undefined);
      const [low, high] = bars(await drawn([{ type: "bar", x: ["p", "q"], y: [1, 2] }], { autorange }));
      assert.equal(low[0] < high[0], autorange === undefined);
    }
  });

  it("reads dates written as text as dates", async () => {
    const [line] = stretches(
      await drawn([{ type: "scatter", mode: "lines", x: ["2024-01-01", "2024-01-11", "2024-01-16"], y: [1, 2, 3] }]),
    );
    const [first, second, third] = line.map(([x]) => x);
    assert.ok(Math.abs((second - first) / (third - first) - 10 / 15) < 1e-3);
  });

  it("reads numbers written as text as numbers, and names in the order of their appearance", async () => {
    const [line] = stretches(await drawn([{ type: "scatter", mode: "lines", x: ["1", "10"], y: [1, 2] }], {}));
    assert.equal(line.length, 2);
    const texts = textsOf(await drawn([{ type: "bar", x: ["zebra", "ant"], y: [1, 2] }]));
    assert.deepEqual(
      texts.filter((text) => /^[a-z]+$/.test(text)),
      ["zebra", "ant"],
    );
  });

  it("draws cells between unevenly spaced places to halfway between them", async () => {
    const svg = await drawn([{ type: "heatmap", z: [[1, 2, 3]], x: [0, 2, 8], coloraxis: "coloraxis" }]);
    const widths = [...svg.matchAll(/aria-roledescription="rect mark"[^>]*d="M[-\d.]+,[-\d.]+h([\d.]+)v/g)];
    const [first, second, third] = widths.map(([, width]) => Number(width));
    assert.deepEqual(
      [second / first, third / first].map((ratio) => Math.round(ratio * 100) / 100),
      [2, 3],
    );
  });

  it("writes the ends of a colour bar as they are", async () => {
    const layout = { coloraxis: { colorscale: "diverging", cmin: -0.739, cmax: 0.739 } } as const;
    const whole = spec([{ type: "heatmap", z: [[-0.739, 0.739]], coloraxis: "coloraxis" }]);
    const svg = await drawStrictly(themed(plotlyToVegaLite({ ...whole, layout: { ...whole.layout, ...layout } })));
    const bar = svg.slice(svg.indexOf("role-legend-label"));
    const [low, , zero, , high] = textsOf(bar);
    assert.deepEqual([low, zero, high], ["−0.739", "0", "0.739"]);
  });

  it("is refused for what only Plotly would draw", () => {
    const refused = (data: unknown, message: RegExp) =>
      assert.throws(() => plotlyFigure("f", spec([data as PlotlyTrace])), { name: "ConfigError", message });
    refused({ type: "pie", values: [1] }, /the type of a trace must be one of heatmap, scatter, bar, got pie/);
    refused({ type: "bar", x: [1], y: [1], orientation: "h" }, /a bar trace may have .*, got orientation; /);
    refused({ type: "scatter", mode: "text", x: [1], y: [1] }, /the mode of a scatter trace must be one of/);
    refused({ type: "bar", x: [1], y: [1], xaxis: "x2" }, /the axis of a trace must be one of x, got x2/);
  });
});
