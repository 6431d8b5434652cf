import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { relativeEncodingsSpec, type EncodingTable } from "../../widgets/relative-encodings.js";
import type { HeatmapTrace } from "../../widgets/plotly-spec.js";

/** Offsets from -2 to 2, three channels: 10 * offset + channel. */
const table: EncodingTable = {
  values: Float32Array.from({ length: 15 }, (_, i) => 10 * (Math.floor(i / 3) - 2) + (i % 3)),
  shape: [5, 3],
};
const wide: EncodingTable = { values: new Float32Array(7 * 5).fill(0.25), shape: [7, 5] };

describe("relative encodings", () => {
  it("have a row of cells a channel, and offsets from key left of to key right of the query", () => {
    const { data } = relativeEncodingsSpec([{ name: "layer", query: table }]);
    assert.equal(data.length, 1);
    assert.deepEqual((data[0] as { z: unknown }).z, [
      [-20, -10, 0, 10, 20],
      [-19, -9, 1, 11, 21],
      [-18, -8, 2, 12, 22],
    ]);
    assert.deepEqual((data[0] as { x: unknown }).x, [-2, -1, 0, 1, 2]);
  });

  it("leave out the kinds that no layer has, and keep the place of those that one lacks", () => {
    const { data, layout } = relativeEncodingsSpec([
      { name: "before", query: table, value: wide },
      { name: "after", query: null, value: wide },
    ]);
    assert.deepEqual(
      data.map((trace) => [trace.xaxis, (trace as HeatmapTrace).z[0][1]]),
      [
        ["x", -20],
        ["x2", null],
        ["x3", 0.25],
        ["x4", 0.25],
      ],
    );
    assert.deepEqual(Object.keys(layout.xaxes), ["x", "x2", "x3", "x4"]);
    assert.deepEqual(layout.subplotTitles, { x: "before", x2: "after" });
  });

  it("share one scale of colours around zero", () => {
    const { layout } = relativeEncodingsSpec([{ name: "a", query: table, value: wide }]);
    assert.deepEqual([layout.coloraxis?.cmin, layout.coloraxis?.cmax], [-22, 22]);
    // 100 small values and two large ones: the scale ends below the large ones.
    const outliers = { values: [...Array<number>(100).fill(1), 50, -50, 1, 1, 1], shape: [7, 15] as const };
    assert.equal(relativeEncodingsSpec([{ name: "a", query: outliers }]).layout.coloraxis?.cmax, 1);
  });

  it("show offsets within reach, and nothing beyond the table", () => {
    const narrow = relativeEncodingsSpec([{ name: "a", query: table }], { reach: 1 }).data[0] as HeatmapTrace;
    assert.deepEqual(narrow.z[0], [-10, 0, 10]);
    const beyond = relativeEncodingsSpec([{ name: "a", query: table, value: wide }]).data[0] as HeatmapTrace;
    assert.deepEqual(beyond.z[0], [null, -20, -10, 0, 10, 20, null]);
  });

  it("show how the last differs from the first when asked", () => {
    const later = { ...table, values: Float32Array.from(table.values, (value) => 1.5 * value) };
    const layers = [
      { name: "before", query: table },
      { name: "after", query: later, value: wide },
    ];
    const { data, layout } = relativeEncodingsSpec(layers, { change: true, reach: 2 });
    assert.deepEqual(Object.values(layout.subplotTitles ?? {}), ["before", "after", "change"]);
    assert.deepEqual((data[2] as HeatmapTrace).z[0], [-10, -5, 0, 5, 10]);
    assert.deepEqual((data[5] as HeatmapTrace).z[0], [null, null, null, null, null]);
  });

  it("stand where a table that reaches further one way says", () => {
    const lopsided = { values: [2, 3, 5, 7], shape: [4, 1] as const, before: 1 };
    const trace = relativeEncodingsSpec([{ name: "a", query: lopsided }]).data[0] as HeatmapTrace;
    assert.deepEqual([trace.x, trace.z], [[-2, -1, 0, 1, 2], [[null, 2, 3, 5, 7]]]);
  });

  it("refuse a table of another size than its shape says", () => {
    assert.throws(() => relativeEncodingsSpec([{ name: "stage 1", key: { values: [1, 2, 3], shape: [5, 3] } }]), {
      name: "ShapeError",
      message:
        "relativeEncodings: a table must hold offsets x channels numbers around offset 0, got 3 for shape [5, 3] (key of stage 1); " +
        "give the layer's tables as they are",
    });
  });
});
