import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { qualityPerClassSpec } from "../../widgets/quality-per-class.js";
import { themed } from "../../widgets/vega.js";
import { drawStrictly, textsOf } from "../helpers/figures.js";

describe("quality by class", () => {
  const one = (name: string, isThing: boolean, panopticQuality: number) => ({
    name,
    isThing,
    panopticQuality,
    segmentationQuality: Math.sqrt(panopticQuality),
    recognitionQuality: Math.sqrt(panopticQuality),
  });

  it("has the best class first, the means of things and stuff, and says which class is not there", async () => {
    const svg = await drawStrictly(
      themed(qualityPerClassSpec([one("car", true, 0.25), one("sky", false, 0.81), one("bus", true, NaN)])),
    );
    const texts = textsOf(svg);
    const names = texts.filter((text) => ["car", "sky", "bus"].includes(text));
    assert.deepEqual(names, ["sky", "car", "bus"]);
    assert.ok(svg.includes("PQ 53.0%, of things 25.0%, of stuff 81.0%"));
    assert.ok(texts.includes("not there"));
  });

  it("is refused in per cent", () =>
    assert.throws(() => qualityPerClassSpec([one("car", true, 25)]), {
      name: "ConfigError",
      message: /must be between 0 and 1, got panopticQuality = 25 of car; divide percentages by 100/,
    }));
});
