import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { costCurvesSpec, type CostPoint } from "../../widgets/cost-curves.js";
import { themed } from "../../widgets/vega.js";
import { drawStrictly, textsOf } from "../helpers/figures.js";

const points: CostPoint[] = [
  { series: "axial", label: "S", values: { parameters: 12.4e6, top1: 0.775 } },
  { series: "axial", label: "M", values: { parameters: 24.8e6, top1: 0.79 } },
  { series: "convolution", values: { parameters: 25.6e6, top1: 0.769, seconds: 0.5 } },
];
const y = { value: "top1", title: "top-1", format: ".1%" };

describe("cost curves", () => {
  it("name their series, their axes and the points that have a label", async () => {
    const spec = costCurvesSpec({
      points,
      panels: [{ x: { value: "parameters", scale: "log" }, y }],
      title: "Figure 3",
    });
    const texts = textsOf(await drawStrictly(themed(spec)));
    for (const text of ["Figure 3", "axial", "convolution", "S", "M", "parameters", "top-1", "77.5%", "20M"])
      assert.ok(texts.includes(text), `${text} in ${texts.join(", ")}`);
  });

  it("leave room around the outermost points, by the scale's own measure", () => {
    const [panel] = costCurvesSpec({ points, panels: [{ x: { value: "parameters", scale: "log" }, y }] }).hconcat as {
      encoding: Record<"x" | "y", { scale: { domain: [number, number] } }>;
    }[];
    const ratio = (25.6 / 12.4) ** 0.06;
    const near = (actual: number, expected: number) =>
      assert.ok(Math.abs(actual / expected - 1) < 1e-3, `${actual} is not ${expected}`);
    near(panel.encoding.x.scale.domain[0], 12.4e6 / ratio);
    near(panel.encoding.x.scale.domain[1], 25.6e6 * ratio);
    near(panel.encoding.y.scale.domain[0], 0.769 - 0.06 * 0.021);
  });

  it("draw in each panel the points that have both of its values", async () => {
    const svg = await drawStrictly(themed(costCurvesSpec({ points, panels: [{ x: { value: "seconds" }, y }] })));
    assert.equal(svg.match(/aria-roledescription="point"/g)?.length, 1);
  });

  it("mark what they are told to mark, and write parts of one as decimals, not as thousandths", async () => {
    const measured = [16, 64, 512].map((side, i) => ({ series: "axial", values: { side, ms: [0.1, 2, 30][i] } }));
    const log = { scale: "log" } as const;
    const panels = [{ x: { value: "side", marks: [16, 64, 512], ...log }, y: { value: "ms", ...log } }];
    const texts = textsOf(await drawStrictly(themed(costCurvesSpec({ points: measured, panels }))));
    for (const text of ["16", "64", "512", "0.1"]) assert.ok(texts.includes(text), `${text} in ${texts.join(", ")}`);
    for (const text of ["200", "100m"]) assert.ok(!texts.includes(text), text);
  });

  it("say in words where each series begins and ends, and where it is highest or lowest between", () => {
    const told = (values: number[]) =>
      costCurvesSpec({
        points: values.map((v, i) => ({ series: "axial", values: { side: 3 + i, v } })),
        panels: [{ x: { value: "side" }, y: { value: "v", title: "top-1" } }],
      }).description;
    assert.equal(told([0.25, 1, 0.37]), "top-1 over side: axial from 0.25 at 3 to 0.37 at 5, highest 1 at 4.");
    assert.equal(told([7, 2, 5, 7]), "top-1 over side: axial from 7 at 3 to 7 at 6, lowest 2 at 4.");
    assert.equal(told([1, 2, 3]), "top-1 over side: axial from 1 at 3 to 3 at 5.");
    assert.equal(told([2]), "top-1 over side: axial 2 at 3.");
  });

  it("refuse values that a logarithmic axis cannot show", () => {
    const zero = [{ series: "a", values: { parameters: 0, top1: 1 } }];
    assert.throws(() => costCurvesSpec({ points: zero, panels: [{ x: { value: "parameters", scale: "log" }, y }] }), {
      name: "ConfigError",
      message: "costCurves: a logarithmic axis must have positive values, got 0 for parameters; use a linear one",
    });
  });
});
