import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { plotlyFigure, plotlyJson } from "../../widgets/plotly.js";
import type { PlotlySpec } from "../../widgets/plotly-spec.js";
import { plotlyToVegaLite } from "../../widgets/plotly-to-vega-lite.js";
import { themed } from "../../widgets/vega.js";
import { drawStrictly, textsOf } from "../helpers/figures.js";

const heatmap = (reversed: boolean, names?: string[]): PlotlySpec => ({
  data: [
    {
      type: "heatmap",
      z: [
        [1, 2, 3],
        [4, 5, null],
      ],
      x: names ?? [-1, 0, 1],
      coloraxis: "coloraxis",
    },
  ],
  layout: {
    title: { text: "Heat" },
    height: 300,
    coloraxis: { colorscale: "diverging", cmin: -5, cmax: 5 },
    xaxes: { x: { title: { text: "offset" } } },
    yaxes: { y: { title: { text: "channel" }, ...(reversed ? { autorange: "reversed" } : {}) } },
  },
});

const curves: PlotlySpec = {
  data: [
    { type: "scatter", mode: "lines+markers", x: [1, 10, 100], y: [2, 3, 5], name: "a" },
    { type: "bar", x: ["p", "q"], y: [7, 11], xaxis: "x2", yaxis: "y2" },
  ],
  layout: {
    height: 400,
    subplotTitles: { x: "left", x2: "right" },
    xaxes: { x: { domain: [0, 0.45], type: "log" }, x2: { domain: [0.55, 1], anchor: "y2" } },
    yaxes: { y: {}, y2: { anchor: "x2" } },
  },
};

/** Centres of the rectangles of a picture, as [x, y, colour]. */
const cells = (svg: string): [x: number, y: number, fill: string][] =>
  [
    ...svg.matchAll(/<path aria-label="[^"]*" role="graphics-symbol"[^>]*d="M([\d.]+),([\d.]+)h[^>]*fill="([^"]*)"/g),
  ].map((match) => [Number(match[1]), Number(match[2]), match[3]]);

describe("a Plotly figure", () => {
  it("has Plotly's form first and Vega-Lite's for those who lack Plotly", async () => {
    assert.deepEqual(Object.keys(await plotlyFigure("f", heatmap(false)).bundle()).slice(0, 2), [
      "application/vnd.plotly.v1+json",
      "application/vnd.vegalite.v5+json",
    ]);
  });

  it("names axes and colours as Plotly reads them, and carries its dark colours", () => {
    const { layout } = plotlyJson(heatmap(true)) as { layout: Record<string, Record<string, unknown>> };
    assert.equal((layout.yaxis as { autorange?: string }).autorange, "reversed");
    const scale = layout.coloraxis.colorscale as [number, string][];
    assert.deepEqual(
      [scale[0], scale[4], scale[8]],
      [
        [0, "#123f73"],
        [0.5, "#f3f3f2"],
        [1, "#7f2410"],
      ],
    );
    assert.equal((layout.meta.dark as Record<string, unknown>).paper_bgcolor, "#171b20");
  });

  it("draws rows upwards, or downwards on a reversed axis, as Plotly does", async () => {
    const order = async (reversed: boolean) => {
      const drawn = cells(await drawStrictly(themed(plotlyToVegaLite(heatmap(reversed)))));
      // Cells come in the order of z, the absent one left out: the first is in row 0, the fourth in row 1.
      assert.equal(drawn.length, 5);
      return Math.sign(drawn[3][1] - drawn[0][1]);
    };
    assert.deepEqual([await order(false), await order(true)], [-1, 1]);
  });

  it("draws named rows upwards, or downwards on a reversed axis, as Plotly does", async () => {
    const order = async (reversed: boolean) => {
      const spec = heatmap(reversed);
      const trace = { ...spec.data[0], y: ["first", "second"] } as PlotlySpec["data"][number];
      const drawn = cells(await drawStrictly(themed(plotlyToVegaLite({ ...spec, data: [trace] }))));
      return Math.sign(drawn[3][1] - drawn[0][1]);
    };
    assert.deepEqual([await order(false), await order(true)], [-1, 1]);
  });

  it("puts zero in the middle colour of a diverging ramp", async () => {
    const spec = heatmap(false);
    const trace = { ...spec.data[0], z: [[-5, 0, 5]] } as PlotlySpec["data"][number];
    const drawn = cells(await drawStrictly(themed(plotlyToVegaLite({ ...spec, data: [trace] }))));
    assert.deepEqual(
      drawn.map((cell) => cell[2]),
      ["rgb(18, 63, 115)", "rgb(243, 243, 242)", "rgb(127, 36, 16)"],
    );
  });

  it("gives every cell of a heat map a whole number of pixels, so that no seams show", () => {
    const { width, height } = plotlyToVegaLite(heatmap(false)) as { width: number; height: number };
    assert.deepEqual([width % 3, height % 2, width > 100, height > 100], [0, 0, true, true]);
  });

  it("sets subplots beside each other under their titles", async () => {
    const svg = await drawStrictly(themed(plotlyToVegaLite(curves)));
    const texts = textsOf(svg);
    assert.ok(texts.includes("left") && texts.includes("right"));
    assert.equal(plotlyToVegaLite(curves).columns, 2);
  });
});
