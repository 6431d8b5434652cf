import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withoutLogZeros } from "../../widgets/log-scales.js";
import { matrixCells } from "../../widgets/matrix.js";
import { themed } from "../../widgets/vega.js";
import type { VegaLiteSpec } from "../../widgets/vega-lite-spec.js";
import { drawStrictly, textsOf } from "../helpers/figures.js";

const log = { scale: { type: "log" }, type: "quantitative" };
const heat = (values: unknown[]): VegaLiteSpec => ({
  data: { values },
  mark: "rect",
  encoding: { x: { field: "x", type: "ordinal" }, color: { field: "count", ...log } },
});
const cells = (svg: string) => svg.match(/aria-roledescription="rect mark"/g)?.length ?? 0;
const note = (spec: VegaLiteSpec) => spec.title;

describe("a logarithmic scale", () => {
  it("leaves zeros and below out, and says how many", async () => {
    const spec = withoutLogZeros(heat([3, 0, 11, -2, 0].map((count, x) => ({ x, count }))));
    const svg = await drawStrictly(themed(spec));
    assert.equal(cells(svg), 2);
    assert.equal(note(spec), "log scale of count: 3 values of 0 and below left out");
    assert.ok(textsOf(svg).includes("log scale of count: 3 values of 0 and below left out"));
  });

  it("changes nothing a reader sees where all values are positive", () => {
    const spec = withoutLogZeros({ ...heat([{ x: 0, count: 2 }]), title: "Counts" });
    assert.equal(spec.title, "Counts");
  });

  it("counts the cells of a matrix, and keeps the subtitle that was there", () => {
    const matrix = matrixCells([
      [1, 0, 3],
      [0, 5, 0],
    ]);
    const spec = withoutLogZeros({
      ...matrix,
      title: { text: "Matrix", subtitle: "of counts" },
      mark: "rect",
      encoding: { color: { field: "value", ...log } },
    });
    assert.deepEqual(note(spec), {
      text: "Matrix",
      subtitle: ["of counts", "log scale of value: 3 values of 0 and below left out"],
    });
  });

  it("is found in layers that inherit it, in panels and in facets, once for the same rows", () => {
    const data = { values: [{ y: 0 }, { y: 7 }] };
    const layered = { data, encoding: { y: { field: "y", ...log } }, layer: [{ mark: "line" }, { mark: "point" }] };
    for (const spec of [layered, { hconcat: [layered] }, { ...layered, layer: [{ layer: layered.layer }] }])
      assert.equal(note(withoutLogZeros(spec)), "log scale of y: 1 value of 0 and below left out");
    const [line] = withoutLogZeros(layered).layer as VegaLiteSpec[];
    assert.deepEqual(line.transform, [{ filter: 'datum["y"] > 0' }]);
  });

  it("says so without a number where only the drawing knows the values", () => {
    const spec = withoutLogZeros({
      data: { values: [{ a: 1 }] },
      transform: [{ calculate: "datum.a - 1", as: "b" }],
      mark: "point",
      encoding: { x: { field: "b", ...log } },
    });
    assert.equal(note(spec), "log scale of b: values of 0 and below are left out");
  });

  it("of counts that are made in the drawing stays as it is", () => {
    const spec = { data: { values: [{ a: 0 }] }, mark: "bar", encoding: { y: { aggregate: "count", ...log } } };
    assert.deepEqual(withoutLogZeros(spec), spec);
  });
});
