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

  it("refuse values that a logarithmic axis cannot show", () => {
    const zero = [{ series: "a", values: { parameters: 0, top1: 1 } }];
    assert.throws(() => costCurvesSpec({ points: zero, panels: [{ x: { value: "parameters", scale: "log" }, y }] }), {
      name: "ConfigError",
      message: "costCurves: a logarithmic axis must have positive values, got 0 for parameters; use a linear one",
    });
  });
});
