import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { textOutline, textWidth } from "../../widgets/typeface.js";

// Expected numbers: fontTools 4 on the same WOFF files (hmtx advances, SVGPathPen); 1000 units to the em.
describe("the typeface of static pictures", () => {
  it("measures a line by the font's own advance widths", () => {
    assert.equal(Math.round(textWidth("Axial attention", 1000)), 6090);
    assert.equal(textWidth("é", 1000), 496);
  });

  it("finds Greek in its own file, in the bold weight too", () => {
    assert.equal(textWidth("σ", 1000, 600), 560);
  });

  it("counts 0.6 em for a character that it lacks", () => {
    assert.equal(textWidth("→", 10), 6);
  });

  it("outlines straight strokes as the font has them, y downwards", () => {
    assert.equal(textOutline("L", 0, 0, 1000), "M90 0L90 -656L173 -656L173 -71L460 -71L460 0Z");
  });

  it("splits curves at the implied points between controls", () => {
    assert.equal(
      textOutline("(", 0, 0, 1000),
      "M214 176Q152 75 117 -35.5Q82 -146 82 -278Q82 -410 117 -521Q152 -632 214 -732L265 -708Q207 -613 178.5 -502.5" +
        "Q150 -392 150 -278Q150 -164 178.5 -54Q207 56 265 152Z",
    );
  });

  it("puts a letter and its accent together", () => {
    const accent = "M187 -570L316 -735L406 -735L411 -726L253 -570Z";
    assert.ok(textOutline("é", 0, 0, 1000)?.endsWith(accent));
  });

  it("advances the pen by the width of each letter", () => {
    assert.equal(textOutline("LL", 7, 11, 1000)?.split("Z")[1].slice(0, 8), "M583 11L");
  });

  it("says that a line with a character it lacks has no outline", () => {
    assert.equal(textOutline("i → j", 0, 0, 12), null);
  });
});
