import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { heatMaps, heatMapsSpec } from "../../widgets/heat-maps.js";
import { themed } from "../../widgets/vega.js";
import { drawStrictly, textsOf } from "../helpers/figures.js";

const panels = [
  { title: "first", values: [Float32Array.of(0.25, 0.75, 0), Float32Array.of(1, 0, NaN)] },
  { title: "second", values: [[0.5, 0.5, 0]] },
];

describe("heat maps", () => {
  it("draw a cell for each number, rows and columns named by what they are", async () => {
    const svg = await drawStrictly(
      themed(heatMapsSpec({ panels, rowTitle: "query", columnTitle: "offset", firstColumn: -1 })),
    );
    const texts = textsOf(svg);
    for (const text of ["first", "second", "query", "offset", "-1"]) assert.ok(texts.includes(text), texts.join(", "));
    // 6 and 3 cells, less the one that is not a number.
    assert.equal(svg.match(/aria-label="[^"]*query: /g)?.length, 8);
  });

  it("have one scale of colours, around zero where they are diverging", () => {
    const domains = (colours?: "diverging") =>
      (
        heatMapsSpec({ panels: [{ title: "a", values: [[-2, 1]] }], colours }).concat as {
          encoding: { color: { scale: { domain: number[] } } };
        }[]
      ).map(({ encoding }) => encoding.color.scale.domain);
    assert.deepEqual([domains(), domains("diverging")], [[[-2, 1]], [[-2, 2]]]);
  });

  it("say in words what is seen", () => {
    assert.equal(
      heatMaps({ panels, valueTitle: "weight" }).description,
      "2 heat maps, row down and column across: first (2 x 3), highest 1 at row 1, column 0; second (1 x 3), highest 0.5 at " +
        "row 0, column 0. weight from 0 to 1.",
    );
    const signed = { panels: [{ title: "a", values: [[-3, 2, 7]] }], colours: "diverging", firstColumn: -1 } as const;
    assert.match(
      heatMaps(signed).description,
      /a \(1 x 3\), highest 7 at row 0, column 1, lowest -3 at row 0, column -1\./,
    );
    const seen = {
      panels: [
        {
          title: "seen",
          values: [
            [0, 1, 1],
            [1, 0, 0],
          ],
        },
        { title: "none", values: [[NaN]] },
      ],
    };
    assert.match(heatMaps(seen).description, /seen \(2 x 3\), 3 of 6 cells 1; none \(1 x 1\)\. /);
  });

  it("refuse rows of different lengths", () => {
    assert.throws(() => heatMapsSpec({ panels: [{ title: "odd", values: [[1], [1, 2]] }] }), {
      name: "ShapeError",
      message: "heatMaps: a panel must have rows of one length, got 2 of 1, 2 in odd; give [row][column]",
    });
    assert.throws(() => heatMapsSpec({ panels: [{ title: "none", values: [] }] }), /got 0 of {2}in none/);
  });
});
