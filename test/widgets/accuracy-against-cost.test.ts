import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { accuracyAgainstCostSpec, paperPoints } from "../../widgets/accuracy-against-cost.js";
import { themed } from "../../widgets/vega.js";
import { drawStrictly } from "../helpers/figures.js";

describe("accuracy against cost", () => {
  it("has the paper's points as it prints them (Table 1)", () => {
    const point = (series: string, label?: string) =>
      paperPoints().find((one) => one.series === series && one.label === label)?.values;
    assert.deepEqual(point("paper: ResNet-50"), { parameters: 25.6e6, multiplyAdds: 4.1e9, top1: 0.769 });
    // Alone in its series, it is named in the legend.
    assert.deepEqual(point("paper: Conv-stem + axial attention (S)"), {
      parameters: 12.4e6,
      multiplyAdds: 2.8e9,
      top1: 0.775,
    });
  });

  it("draws what is printed hollow and what was measured filled", async () => {
    const own = [{ series: "ours", parameters: 5e6, multiplyAdds: 1e8, top1: 0.7 }];
    const fills = async (paper: boolean) =>
      [
        ...(await drawStrictly(themed(accuracyAgainstCostSpec(own, { paper })))).matchAll(
          /aria-roledescription="point"[^>]*/g,
        ),
      ].map(([mark]) => !/ fill="/.test(mark));
    assert.deepEqual(await fills(false), [false, false]);
    const both = await fills(true);
    assert.equal(both.filter((hollow) => !hollow).length, 2);
    assert.ok(both.filter((hollow) => hollow).length >= 10);
  });
});
