import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { confusionMatrixSpec } from "../../widgets/confusion-matrix.js";
import { themed } from "../../widgets/vega.js";
import { drawStrictly, textsOf } from "../helpers/figures.js";

const classes = ["cat", "dog", "owl"];

describe("a confusion matrix", () => {
  it("has classes downwards and predictions to the right, zeros left blank", async () => {
    const svg = await drawStrictly(
      themed(
        confusionMatrixSpec({
          classes,
          counts: [
            [7, 2, 0],
            [0, 5, 0],
            [3, 0, 11],
          ],
        }),
      ),
    );
    const texts = textsOf(svg);
    assert.deepEqual(
      texts.filter((text) => /^\d+$/.test(text)),
      ["7", "2", "5", "3", "11"],
    );
    assert.ok(texts.includes("82.1% of 28 on the diagonal"), String(texts));
    // The 2 (a cat taken for a dog) stands right of the 7 and above the 5.
    const place = (text: string) =>
      new RegExp(`translate\\(([\\d.]+),([\\d.]+)\\)"[^>]*>${text}<`).exec(svg)!.slice(1).map(Number);
    const [[x7], [x2, y2], [, y5]] = ["7", "2", "5"].map(place);
    assert.ok(x2 > x7 && y2 < y5);
  });

  it("draws a class that no image had", async () => {
    await drawStrictly(
      themed(
        confusionMatrixSpec({
          classes,
          counts: [
            [0, 0, 0],
            [0, 5, 0],
            [3, 0, 11],
          ],
        }),
      ),
    );
  });

  it("refuses counts of another size", () => {
    assert.throws(
      () =>
        confusionMatrixSpec({
          classes,
          counts: [
            [1, 2],
            [3, 4],
          ],
        }),
      {
        name: "ShapeError",
        message:
          "confusionMatrix: counts must be classes x classes, got 2 x 2 for 3 classes; give one row and one column a class",
      },
    );
  });
});
