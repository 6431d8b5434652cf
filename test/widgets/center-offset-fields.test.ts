import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { centerOffsetFieldsSpec } from "../../widgets/center-offset-fields.js";
import { themed } from "../../widgets/vega.js";
import { drawStrictly } from "../helpers/figures.js";
import { image } from "./panoptic-picture.js";

describe("centres and offsets", () => {
  const shape = [3, 5] as const;
  const centers = Float32Array.from({ length: 15 }, (_, i) => (i === 7 ? 0.9 : 0));
  const offsets = Float32Array.from({ length: 30 }, (_, i) =>
    i % 2 === 0 ? 1 - Math.floor(i / 10) : 2 - (((i / 2) | 0) % 5),
  );

  it("has an arrow a pixel of the foreground, from its middle to its centre", () => {
    const foreground = Uint8Array.from({ length: 15 }, (_, i) => (i === 0 || i === 14 ? 1 : 0));
    const spec = centerOffsetFieldsSpec({ image, centers, offsets, shape, foreground });
    const [left, right] = spec.hconcat as { layer: { data: { values: string } }[] }[];
    assert.deepEqual(JSON.parse(left.layer[1].data.values), [{ left: 2, top: 1, right: 3, bottom: 2, value: 0.9 }]);
    assert.deepEqual(JSON.parse(right.layer[1].data.values), [
      { x: 0.5, y: 0.5, toX: 2.5, toY: 1.5, length: 2.24 },
      { x: 4.5, y: 2.5, toX: 2.5, toY: 1.5, length: 2.24 },
    ]);
    assert.match(spec.description as string, /at most 0\.9; right 2 arrows .* at most 2\.24 pixels long/);
  });

  it("is drawn, and refused for fields of another size", async () => {
    await drawStrictly(themed(centerOffsetFieldsSpec({ image, centers, offsets, shape })));
    assert.throws(() => centerOffsetFieldsSpec({ image, centers, offsets: centers, shape }), {
      name: "ShapeError",
      message: /got 15 and 15 for 3 x 5; give shape as \[height, width\]/,
    });
  });
});
