import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { growth, measureScaling, scalingTable, type ScalingPoint } from "../../src/bench/scaling.js";

describe("the scaling of attention", () => {
  it("is measured for every series and length: the pairs that are seen, and memory that grows as L or as L squared", async () => {
    const heard: ScalingPoint[] = [];
    const lengths = [67, 134];
    const options = { threads: 2, rounds: 1, lengths, roundMilliseconds: 0 };
    const points = await measureScaling({ ...options, onPoint: (point) => heard.push(point) });
    assert.deepEqual(points, heard);
    assert.equal(points.length, 2 * 2 * 2 * lengths.length);
    const of = (form: string, span: string | number, length: number) =>
      points.find((p) => p.form === form && p.span === span && p.length === length && p.mode === "training")!;
    assert.deepEqual(
      lengths.map((length) => of("fused", "global", length).pairs),
      [67 ** 2, 134 ** 2],
    );
    assert.equal(of("fused", 65, 134).pairs, 134 * 65 - 32 * 33);
    const ratio = (form: string, span: string | number) => of(form, span, 134).peakBytes / of(form, span, 67).peakBytes;
    assert.ok(ratio("fused", "global") < 2.2 && ratio("fused", 65) < 2.2, "fused: with L");
    assert.ok(ratio("composed", "global") > 3, "composed: with L squared");
  });

  it("is summed up by the power that fits", () => {
    const power = (p: number) => growth([1, 2, 4, 8].map((x) => ({ x, y: 3 * x ** p })));
    assert.ok(Math.abs(power(1) - 1) < 1e-12 && Math.abs(power(2) - 2) < 1e-12);
    const point = { form: "fused", span: "global", mode: "training", rounds: [] } as const;
    const points = [
      { ...point, length: 64, pairs: 64 ** 2, milliseconds: 1, peakBytes: 2 ** 20 },
      { ...point, length: 128, pairs: 128 ** 2, milliseconds: 4, peakBytes: 2 ** 21 },
    ];
    assert.deepEqual(scalingTable(points, [64, 128, 256]).split("\n").slice(2), [
      "| fused, global, training | ms; grows with L x span | 1.00 | 4.00 |  | 1.00 |",
      "| fused, global, training | MiB; grows with L | 1.00 | 2.00 |  | 1.00 |",
    ]);
  });
});
