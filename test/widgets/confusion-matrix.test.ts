import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { confusionMatrixSpec } from "../../widgets/confusion-matrix.js";
import { themed } from "../../widgets/vega.js";
import { textWidth } from "../../widgets/typeface.js";
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

  it("keeps two classes of one name apart", async () => {
    const counts = [
      [8, 2, 0],
      [1, 9, 0],
      [0, 0, 13],
    ];
    const svg = await drawStrictly(themed(confusionMatrixSpec({ classes: ["crane", "heron", "crane"], counts })));
    const cells = [...svg.matchAll(/aria-roledescription="rect mark"[^>]*d="M([\d.]+),([\d.]+)h/g)];
    assert.equal(new Set(cells.map(([, x, y]) => `${x},${y}`)).size, 9);
    assert.equal(textsOf(svg).filter((text) => text === "crane").length, 4);
  });

  it("cuts long names where they would run into each other, and numbers where cells are small", async () => {
    const drawn = async (count: number, name: (i: number) => string) => {
      const names = Array.from({ length: count }, (_, i) => name(i));
      const counts = names.map((_, i) => names.map((_, j) => (i === j ? 1000 : 0)));
      return textsOf(await drawStrictly(themed(confusionMatrixSpec({ classes: names, counts }))));
    };
    const long = await drawn(3, (i) => `a class with a very long name, ${i}`);
    for (const text of long.filter((text) => text.startsWith("a class"))) assert.ok(textWidth(text, 11.5) <= 120, text);
    const many = await drawn(60, (i) => `class ${i}`);
    assert.ok(!many.includes("1000"));
    const labels = many.filter((text) => text.startsWith("class "));
    assert.ok(labels.length > 10 && labels.length <= 120, `${labels.length} labels`);
  });

  it("says in words which classes are confused most", () => {
    const counts = [
      [7, 2, 0],
      [0, 5, 0],
      [3, 0, 11],
    ];
    assert.equal(
      confusionMatrixSpec({ classes, counts }).description,
      "Matrix of 3 classes by predicted class; 82.1% of 28 on the diagonal. Most often confused: 3 of owl taken for cat.",
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
