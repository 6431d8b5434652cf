import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { rowData } from "../../widgets/row-data.js";
import { loadVega } from "../../widgets/vega-bundle.js";

/** What Vega makes of the text, as it does when a figure is drawn. */
function read({ values, format }: Record<string, unknown>): Record<string, unknown>[] {
  return loadVega().vega.read(values as string, format as never) as Record<string, unknown>[];
}

describe("rows as text", () => {
  it("come back as they were: numbers as numbers, texts as texts, whatever signs they hold", () => {
    const rows = [
      { left: 3, name: "car, red", score: 0.972 },
      { left: -5, name: 'a "quoted"\nname', score: 1e-7 },
      { left: 7, name: "11", score: 0 },
    ];
    assert.deepEqual(
      read(rowData(rows)).map((row) => ({ ...row })),
      rows,
    );
  });

  it("lack a field where one of them lacks it, and have none for what is no number", () => {
    const [whole, lacking, odd] = read(rowData([{ a: 2, b: 0.5 }, { a: 3 }, { a: 5, b: NaN }]));
    assert.deepEqual([whole.b, lacking.b, odd.b], [0.5, undefined, null]);
  });

  it("are an empty list where there are none", () => assert.deepEqual(rowData([]), { values: [] }));
});
