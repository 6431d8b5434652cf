import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { accuracyAgainstCostSpec, paperPoints } from "../../widgets/accuracy-against-cost.js";
import { themed } from "../../widgets/vega.js";
import { drawStrictly } from "../helpers/figures.js";

describe("accuracy against cost", () => {
  it("has the paper's points as it prints them (Table 1)", () => {
    const point = (series: string) => paperPoints().find((one) => one.series === series)?.values;
    assert.deepEqual(point("ResNet"), { parameters: 25.6e6, multiplyAdds: 4.1e9, top1: 0.769 });
    assert.deepEqual(point("Conv-stem + axial attention"), {
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

  it("gives what is measured the colour of the paper's row of its name, and a line of its own", async () => {
    const sizes = [4.9e6, 11e6].map((parameters, i) => ({
      parameters,
      multiplyAdds: 20 * parameters,
      top1: 0.7 + i / 20,
    }));
    const own = sizes.map((size) => ({ series: "Conv-stem + axial attention", ...size }));
    const svg = await drawStrictly(themed(accuracyAgainstCostSpec(own)));
    const attribute = (name: string, aria: RegExp): Set<string | undefined> =>
      new Set(
        [...svg.matchAll(/<path aria-label="([^"]*)"[^>]*>/g)]
          .filter(([, label]) => aria.test(label))
          .map(([mark]) => new RegExp(` ${name}="([^"]*)"`).exec(mark)?.[1])
          .filter((value) => value !== undefined && value !== "transparent"),
      );
    const marks = /series: Conv-stem \+ axial attention(?!,)/;
    assert.equal(attribute("stroke", marks).size + attribute("fill", marks).size, 2, "one colour, hollow and filled");
    assert.deepEqual(attribute("stroke", marks), attribute("fill", marks));
  });
});
